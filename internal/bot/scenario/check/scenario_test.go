package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/check"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// bot reads a bot of one file.
func bot(t *testing.T, main string) check.Bot {
	t.Helper()
	tags, errs := syntax.Parse("main.sc", main)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return check.Bot{Files: []check.File{{Name: "main.sc", Tags: tags}}}
}

// TestScenario: what is found in scenarios, as "line:column kind word", and what is not.
func TestScenario(t *testing.T) {
	t.Parallel()
	const target, lost, unused, global = check.UnknownTarget, check.Unreachable, check.UnusedPattern, check.ChangedGlobal
	tests := []struct {
		name, main string
		want       []string
	}{
		{"targets of go! and go", `
theme: /
    state: A
        q!: a
        go!: /Nowhere
    state: B
        q!: b
        go: ./C
        state: C
            a: c
            go!: ..
    state: D
        q!: d
        go!: b
`, []string{at(5, 14, target, `"/Nowhere"`), at(14, 14, target, `"b"`)}},
		{"a target in other letters", `
state: Start
    q!: x
    go!: /start
`, []string{at(4, 10, target, "there is /Start")}},
		{"bare paths", `
theme: /Shop
    state: A
        q!: a
        state: B
            q: b
            go!: C
            go!: D
            go!: B
            go!: A/B
        state: C
            a: c
    state: D
        a: d
`, nil},
		{"buttons", `
state: A
    q!: a
    buttons:
        "To B -> there" -> ./B
        "Nowhere" -> /None
        "Words"
        {text: "C", transition: "/C"}
    state: B
        a: b
state: C
    a: c
`, []string{at(6, 22, target, "/None")}},
		{"parameters", `
state: A
    q!: a || toState = "/B"
    q: b
    q: c || fromState = /B, toState = ./None
    InputText:
        prompt = What?
        varName = x
        then = /C
state: B
    a: b
state: C
    a: c
`, []string{at(5, 40-1, target, "./None")}},
		{"timeouts", `
state: A
    q!: a
    timeout: /Late || interval = "5 min"
    timeout: /Later || interval = 5
state: Late
    a: late
`, []string{at(5, 14, target, "/Later")}},
		{"states that nothing leads to", `
state: A
    q!: a
    a: a
state: Lost
    a: nobody hears this
    state: Kid
        q: kid
        a: kid
state: Holder
    state: Kid
        event: e
        a: kid
state: OnlyToState
    q!: x || toState = /A
    a: x
`, []string{at(5, 1, lost, "/Lost"), at(14, 1, lost, "/OnlyToState")}},
		{"strings of scripts lead to states", `
state: A
    q!: a
    script:
        $reactions.transition("/B");
        $temp.targetState = './In';
        var path = cond ? "C" : "/None";
    if: $session.next === "/D"
        a: {{ $session.x || "/E" }}
    state: In
        a: in
state: B
    a: b
state: C
    a: c
state: D
    a: d
state: E
    a: e
`, nil},
		{"paths that are put together", `
state: A
    q!: a
    go!: /Quest/{{$session.step}}
    script:
        $reactions.transition("/Tour/" + n);
        $reactions.transition(` + "`/Way/${n}`" + `);
theme: /Quest
    state: One
        a: 1
        state: Deep
            a: 1
theme: /Tour
    state: One
        a: 1
theme: /Way
    state: One
        a: 1
`, nil},
		{"names that scripts know", `
state: A
    q!: a
    script:
        $reactions.transition(["", "B"].join("/"));
state: B
    a: b
state: Lost
    a: c
`, []string{at(8, 1, lost, "/Lost")}},
		{"states of the same name elsewhere", `
theme: /X
    state: A
        q!: a
        go!: ../B
    state: B
        a: b
theme: /Y
    state: B
        a: b
`, []string{at(9, 5, lost, "/Y/B")}},
		{"patterns that nothing uses", `
patterns:
    $used = (a|b)
    $inOther = c
    $other = ($inOther|d)
    $unused = (x|$unused)
    $alias = y
    $inScript = z
    $converted = $used || converter = $converters.f
state: A
    q!: * $used [$other] $alias::Name *
    a: a
    script: $nlp.matchPatterns("x", ["$inScript"]);
`, []string{at(6, 5, unused, "$unused"), at(9, 5, unused, "$converted")}},
		{"global variables", `
init:
    var counter = 0;
    counter = 1;
state: A
    q!: a
    script:
        counter++;
    a: a
`, []string{at(8, 9, global, "counter")}},
		{"states without names", `
state:
    q!: a
    go!: /2
state:
    a: x
`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			problems := check.Scenario(bot(t, tt.main))
			for i := range max(len(problems), len(tt.want)) {
				switch {
				case i >= len(tt.want):
					t.Errorf("found %s", problems[i])
				case i >= len(problems):
					t.Errorf("did not find %s", tt.want[i])
				default:
					p := problems[i]
					place, word, _ := strings.Cut(tt.want[i], "\x00")
					if got := fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Kind); got != place || !strings.Contains(p.Message, word) {
						t.Errorf("found %s, want %s %s:\n%s", got, place, word, p)
					}
				}
			}
		})
	}
}

func at(line, column int, kind check.Kind, word string) string {
	return fmt.Sprintf("%d:%d %s\x00%s", line, column, kind, word)
}

// TestLibrary: what the library has is not the bot's to repair.
func TestLibrary(t *testing.T) {
	t.Parallel()
	b := bot(t, "patterns:\n    $x = y\nstate: A\n    a: x\n    go!: /None\n")
	b.Files[0].Library = true
	if problems := check.Scenario(b); len(problems) > 0 {
		t.Errorf("found %v", problems)
	}
}

// TestRootTheme: a file that is required into a theme has its states there.
func TestRootTheme(t *testing.T) {
	t.Parallel()
	b := bot(t, "state: A\n    q!: a\n    go!: /Base/B\nstate: B\n    a: b\n")
	b.Files[0].Theme = "/Base"
	if problems := check.Scenario(b); len(problems) > 0 {
		t.Errorf("found %v", problems)
	}
}

// TestData: a state that data names may be where a script goes.
func TestData(t *testing.T) {
	t.Parallel()
	b := bot(t, "state: A\n    q!: a\n    script: $reactions.transition(menu[0].target);\nstate: Soup\n    a: b\nstate: Lost\n    a: c\n")
	b.Data = []string{"- target: /Soup"}
	problems := check.Scenario(b)
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "/Lost") {
		t.Errorf("found %v", problems)
	}
}
