package xmltest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// defaultTimeout is how long a case may take, of the real time.
const defaultTimeout = 30 * time.Second

// Status is how a case ended.
type Status string

// The ways in which a case ends.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Result is what came of a case.
type Result struct {
	Case     *Case
	Status   Status
	Reason   string // why it was skipped, or failed beside its turns
	Turns    []*Turn
	Unplayed int // steps that were not reached
	Duration time.Duration
}

// Options are how cases are run. New is needed, the rest is not.
type Options struct {
	New         func(Setup) (Conversation, error)
	Filter      *regexp.Regexp // runs the cases whose "file:id" it finds; nil: all
	Seed        uint64         // 0: numbers that no <random> gives are 0
	Parallel    int            // how many at once; 0: GOMAXPROCS
	Timeout     time.Duration  // of a case; 0: 30 s
	Integration bool           // cases with integration="true" are run, and call the real services
	Done        func(*Result)  // is told of each case, in their order, from one goroutine
}

// Run plays the cases of the files, several at once, and returns their results in the order
// of the files. When ctx ends, the cases that are left fail.
func Run(ctx context.Context, files []*File, o Options) []*Result {
	cases := chosen(files, o)
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	results := make([]*Result, len(cases))
	ready := make([]chan struct{}, len(cases))
	for i := range ready {
		ready[i] = make(chan struct{})
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(o.Parallel, len(cases)) {
		wg.Go(func() {
			for i := range next {
				results[i] = run(ctx, cases[i], o)
				close(ready[i])
			}
		})
	}
	wg.Go(func() {
		defer close(next)
		for i := range cases {
			next <- i
		}
	})
	for i := range cases {
		<-ready[i]
		if o.Done != nil {
			o.Done(results[i])
		}
	}
	wg.Wait()
	return results
}

// chosen are the cases that are to be run.
func chosen(files []*File, o Options) []*Case {
	var cases []*Case
	for _, f := range files {
		for _, c := range f.Cases {
			if o.Filter == nil || o.Filter.MatchString(c.File+":"+c.ID) {
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// run plays one case. Whatever goes wrong in it is its own failure.
func run(ctx context.Context, c *Case, o Options) *Result {
	began := time.Now()
	r := &Result{Case: c, Status: Passed}
	defer func() { r.Duration = time.Since(began) }()
	switch {
	case c.Skip != "":
		r.Status, r.Reason = Skipped, c.Skip
		return r
	case c.Integration && !o.Integration:
		r.Status, r.Reason = Skipped, `integration="true" calls the real services, which is not allowed`
		return r
	case len(c.Broken) > 0:
		r.Status = Failed
		r.Unplayed = len(c.Steps)
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	p := &player{result: r}
	if err := p.guarded(ctx, o); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("the case took longer than %v: %w", o.Timeout, err)
		}
		r.Status, r.Reason = Failed, err.Error()
	}
	return r
}

// guarded plays the case; a panic in it is an error.
func (p *player) guarded(ctx context.Context, o Options) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	setup := Setup{Seed: o.Seed}
	if !p.result.Case.Integration {
		setup.Fetch = p.mocks.fetch
	}
	p.bot, err = o.New(setup)
	if err != nil {
		return fmt.Errorf("begin a conversation: %w", err)
	}
	defer p.bot.Close()
	if o.Seed == 0 {
		p.bot.SetRandom(nil)
	}
	return p.play(ctx)
}
