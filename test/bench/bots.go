package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing/fstest"
	"text/tabwriter"
	"time"

	"github.com/govorun/govorun/bots"
	sc "github.com/govorun/govorun/internal/bot/scenario"
	"github.com/govorun/govorun/internal/bot/scenario/morph"
	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/chat"
)

// onlyBots is the name under which the bots are measured alone.
const onlyBots = "bots"

// comparedFigure is what is measured: the figure of each round, beside that of its floor in the same
// round.
type comparedFigure struct {
	label, unit string
	floor, own  []float64
	goal        float64 // of the figure itself, at most; 0: none
	atLeast     bool    // the goal is a lower bound
}

// figures are those by label, in order of their first appearance.
type figures []*comparedFigure

func (f *figures) add(label, unit string, floor, own, goal float64) {
	f.of(label, unit, floor, own).goal = goal
}

// addRate adds a figure that is to be as high as can be.
func (f *figures) addRate(label string, floor, own, goal float64) {
	c := f.of(label, "/s", floor, own)
	c.goal, c.atLeast = goal, true
}

func (f *figures) of(label, unit string, floor, own float64) *comparedFigure {
	i := slices.IndexFunc(*f, func(b *comparedFigure) bool { return b.label == label })
	if i < 0 {
		i = len(*f)
		*f = append(*f, &comparedFigure{label: label, unit: unit})
	}
	(*f)[i].own = append((*f)[i].own, own)
	if floor > 0 {
		(*f)[i].floor = append((*f)[i].floor, floor)
	}
	return (*f)[i]
}

// measureBots measures what bots take without storage and network, and prints it. The floor of a
// turn is the same state read from JSON and written again; that of the matching is to try every pattern.
func measureBots(ctx context.Context, o options, w io.Writer) error {
	var f figures
	demo, err := fs.Sub(bots.Demo, "demo")
	if err != nil {
		return err
	}
	turns, rounds := 2000, max(o.Rounds, 1)
	if o.Quick {
		turns = 100
	}
	for range rounds {
		for _, step := range []func() error{
			func() error { return f.turns(ctx, "demo, plain", demo, turns, "расскажи шутку") },
			func() error { return f.turns(ctx, "demo, script", demo, turns, "меня зовут Ёжик") },
			func() error {
				return f.turns(ctx, "1,000 states, script", generated(1000), turns, "расскажи про тему 500 сейчас")
			},
			func() error { return f.matching(turns / 10) },
			func() error { return f.memory(demo) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
	}
	return f.print(w, "Bots, without storage and network; medians (ranges) of the rounds")
}

// generated is a bot of so many states, each with a pattern, a condition and a script.
func generated(states int) fs.FS {
	var b strings.Builder
	b.WriteString("theme: /\n")
	for n := range states {
		fmt.Fprintf(&b, "    state: T%d\n        q!: * (тем*|вопрос*) %d *\n        script:\n            $session.seen = ($session.seen || 0) + 1;\n            $temp.topic = \"тема \" + %d;\n"+
			"        if: $session.seen > 1\n            a: Снова {{$temp.topic}}\n        else:\n            a: Вот {{$temp.topic}}\n        buttons:\n            \"Дальше\" -> /T%d\n", n, n, n, (n+1)%states)
	}
	return fstest.MapFS{
		"chatbot.yaml": {Data: []byte("name: generated\nentryPoint: main.sc\n")},
		"src/main.sc":  {Data: []byte(b.String())},
	}
}

// turns measures loading a bot and what its turns take.
func (f *figures) turns(ctx context.Context, label string, files fs.FS, turns int, said string) error {
	began := time.Now()
	b, err := sc.Load(files, sc.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }() // it never fails
	f.add("load: "+label, "ms", 0, µs(time.Since(began))/1000, 0)
	turn := chat.Turn{
		ID: "turn", Details: &chat.SessionDetails{}, Client: &chat.Client{ID: "client"}, Session: &chat.Session{ID: "session"}, Now: time.Now(),
		Cause: chat.Event{ID: "cause", Payload: &chat.Message{AuthorType: chat.AuthorClient, Body: said}},
	}
	var took, floor []float64
	sum := time.Duration(0)
	for n := range turns + turns/10 {
		began := time.Now()
		result, err := b.React(ctx, &turn)
		spent := time.Since(began)
		if err != nil {
			return fmt.Errorf("%s: %w", label, err)
		}
		if len(result.Outputs) == 0 {
			return fmt.Errorf("%s: the bot answers nothing to %q", label, said)
		}
		if result.SessionState != nil {
			turn.State.Session = result.SessionState
		}
		bare := bareTurn(turn.State.Session)
		if n >= turns/10 { // what comes first warms up
			took, floor, sum = append(took, µs(spent)), append(floor, µs(bare)), sum+spent
		}
	}
	goal50, goal99 := 0.0, 0.0
	if strings.HasPrefix(label, "demo") {
		goal50, goal99 = 500, 3000
	}
	f.add("turn p50: "+label, "µs", quantile(floor, 0.5), quantile(took, 0.5), goal50)
	f.add("turn p99: "+label, "µs", quantile(floor, 0.99), quantile(took, 0.99), goal99)
	f.add("turns, one after another: "+label, "/s", 0, float64(len(took))/sum.Seconds(), 0)
	return nil
}

// bareTurn is what the state of a turn takes to be read and written.
func bareTurn(state json.RawMessage) time.Duration {
	began := time.Now()
	var v map[string]any
	if json.Unmarshal(state, &v) == nil {
		_, _ = json.Marshal(v) // it was JSON
	}
	return time.Since(began)
}

// matching measures the search among many patterns beside trying each of them.
func (f *figures) matching(times int) error {
	for _, n := range []int{100, 1000, 10_000} {
		library := pattern.NewLibrary(pattern.Options{Words: morph.New()})
		all := make([]*pattern.Pattern, n)
		for i := range all {
			p, err := library.Compile(fmt.Sprintf("* (слово%d|word%d) [очень] * ~вопрос *", i, i))
			if err != nil {
				return err
			}
			all[i] = p
		}
		if errs := library.Link(); errs != nil {
			return errs[0]
		}
		set, text := library.NewSet(all), fmt.Sprintf("скажи слово%d про мои вопросы", n/2)
		var own, each []float64
		for range times {
			began := time.Now()
			if len(set.Match(pattern.NewPhrase(text), nil)) != 1 {
				return fmt.Errorf("%d patterns: %q is not found", n, text)
			}
			own = append(own, µs(time.Since(began)))
		}
		for range max(3, times*100/n) {
			began, phrase := time.Now(), pattern.NewPhrase(text)
			for _, p := range all {
				p.Match(phrase)
			}
			each = append(each, µs(time.Since(began)))
		}
		f.add(fmt.Sprintf("matching among %d patterns", n), "µs", quantile(each, 0.5), quantile(own, 0.5), 0)
	}
	return nil
}

// memory measures what an idle bot holds. The engine's memory is not the Go heap's: what the system
// gave the process is counted.
func (f *figures) memory(files fs.FS) error {
	const count = 100
	before, err := inUse()
	if err != nil {
		return err
	}
	loaded := make([]*sc.Bot, count)
	for i := range loaded {
		b, err := sc.Load(files, sc.Options{})
		if err != nil {
			return err
		}
		loaded[i] = b
	}
	after, err := inUse()
	if err != nil {
		return err
	}
	f.add("memory per idle bot, 100 loaded", "KB", 0, (after-before)/count/1024, 0)
	for _, b := range loaded {
		_ = b.Close() // it never fails
	}
	return nil
}

func µs(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// print prints a line for each figure: medians and ranges, and the ratio of each round to the floor.
func (f figures) print(w io.Writer, title string) error {
	fmt.Fprintln(w, title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tunit\tfloor\tgovorun\tratio\tgoal\t")
	for _, b := range f {
		ratio := "–"
		if len(b.floor) == len(b.own) {
			ratios := slices.Clone(b.own)
			for i := range ratios {
				ratios[i] /= b.floor[i]
			}
			ratio = spread(ratios)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", b.label, b.unit, spread(b.floor), spread(b.own), ratio, row{goal: b.goal, atLeast: b.atLeast}.verdict(median(b.own)))
	}
	return t.Flush()
}

// inUse is how many bytes of memory the process has from the system.
func inUse() (float64, error) {
	debug.FreeOSMemory()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var all, resident int
	if _, err := fmt.Sscan(string(data), &all, &resident); err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	return float64(resident * os.Getpagesize()), nil
}
