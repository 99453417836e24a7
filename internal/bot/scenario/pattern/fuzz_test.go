package pattern_test

import (
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
)

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{
		"* (привет|hi) *", "{a * b}", "[$x] $regexp<\\d+>", "$repeat<a|b>:v", "слово* *мид*", "~яблоко ~(a|b)", "$city::c @street @duckling.time",
		"$morph<С им>", "{a $weight<2> [b]}", "$regexp<(?<=a)b>", "кое-что don't a.b@c +", `(да):{"a":1} (нет):"x"`, "\\(a\\*", "$entity<Cities>::x",
		"$repeat<$color> * $AnyText", "|a|/b", "$regex</start>", "a:1 b::2", "{[*a*] [b] (c|)} *",
	} {
		f.Add(seed, "привет a b 12, кое-что don't в Питере")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		l := library(t)
		p, err := l.Compile(source)
		if err != nil {
			if err.Offset < 0 || err.Offset > len(source) {
				t.Fatalf("offset %d of %d", err.Offset, len(source))
			}
			return
		}
		if errs := l.Link(); errs != nil {
			for _, err := range errs {
				if err.Err.Offset < 0 || err.Err.Offset > len(source) {
					t.Fatalf("offset %d of %d", err.Err.Offset, len(source))
				}
			}
			return
		}
		phrase := heard(text)
		m, ok := p.Match(phrase)
		if late, err := l.CompileLate(source); err != nil {
			t.Fatalf("%q compiles early and not late: %v", source, err)
		} else if second, fits := late.Match(heard(text)); fits != ok || ok && second.Score() != m.Score() {
			t.Fatalf("%q on %q: %v %v with the index, %v %v without", source, text, ok, m.Score(), fits, second.Score())
		}
		if !ok {
			return
		}
		if s := m.Score(); s > 1.0001 && !strings.Contains(source, "weight") && !strings.Contains(source, "$heavy") {
			t.Fatalf("%q on %q scores %v", source, text, s)
		}
		checkTree(t, m.Tree())
		if phrase.Steps() > 2*pattern.MaxSteps {
			t.Fatalf("%q on %q took %d steps", source, text, phrase.Steps())
		}
	})
}

// checkTree: kids stand in order and take some of their parent's text.
func checkTree(t *testing.T, n *pattern.Node) {
	rest := n.Text
	for _, kid := range n.Kids {
		i := strings.Index(rest, kid.Text)
		if kid.Text == "" || i < 0 || len(kid.Words) == 0 {
			t.Fatalf("%s took %q of %q", kid.Tag, kid.Text, n.Text)
		}
		rest = rest[i+len(kid.Text):]
		checkTree(t, kid)
	}
}
