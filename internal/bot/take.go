package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

var errTimeout = errors.New("the bot took too long")

// panicError is a bot's panic.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("the bot panicked: %v", e.value) }

// typingDelay is how long a bot thinks before the client is told that it is typing. One that is
// quicker is said to be typing if it has something to say: an indicator is followed by a message.
const typingDelay = 300 * time.Millisecond

// answer is what came of asking a bot.
type answer struct {
	result *chat.TurnResult
	err    error
}

func (a answer) speaks() bool {
	return a.err == nil && slices.ContainsFunc(a.result.Outputs, func(o chat.Output) bool {
		say, ok := o.(chat.Say)
		return ok && !say.Message.Silent()
	})
}

// take has the bot react and commits what it wants. A bot that fails ends in the message the
// chat has for that, so that the client is never left without an answer.
func (r *Runner) take(t *chat.Turn) (more bool, err error) {
	start := time.Now()
	outcome := "done"
	b, err := r.findBot(t)
	if err != nil {
		return false, err
	}
	<-r.hands // others may work while the bot thinks
	result, err := r.react(t, b)
	r.hands <- struct{}{}
	if err != nil {
		outcome = r.failed(t, err)
		more, err = r.commit(func(ctx context.Context) (bool, error) { return r.Service.FailTurn(ctx, t) })
	} else {
		more, err = r.commit(func(ctx context.Context) (bool, error) { return r.Service.CommitTurn(ctx, t, result) })
		if code := chat.CodeOf(err); err != nil && (code == chat.CodeInvalid || code == chat.CodeNotFound || code == chat.CodeInternal) {
			outcome = r.failed(t, err) // what the bot wants cannot be done
			more, err = r.commit(func(ctx context.Context) (bool, error) { return r.Service.FailTurn(ctx, t) })
		}
	}
	switch {
	case err == nil:
	case chat.CodeOf(err) == chat.CodeConflict:
		outcome = "conflict"
	default:
		outcome = "not_committed"
	}
	r.count(outcome, time.Since(start))
	return more, err
}

func (r *Runner) count(outcome string, d time.Duration) {
	if r.Metrics.Turns != nil {
		r.Metrics.Turns.WithLabelValues(outcome).Inc()
	}
	if r.Metrics.Seconds != nil {
		r.Metrics.Seconds.Observe(d.Seconds())
	}
}

// failed logs why a turn failed and names the outcome.
func (r *Runner) failed(t *chat.Turn, err error) string {
	log := r.Log.With("bot", t.Session.Owner.ID, "session", t.Session.Key, "turn", t.Cause.Sequence, "attempt", t.Attempt, "error", err)
	var p *panicError
	switch {
	case errors.Is(err, errTimeout):
		log.Error("bot: a turn timed out")
		return "timeout"
	case errors.As(err, &p):
		log.Error("bot: a turn panicked", "stack", string(p.stack))
		return "panic"
	case t.Attempt > chat.MaxTurnAttempts:
		log.Error("bot: a turn was given up")
		return "gave_up"
	default:
		log.Error("bot: a turn failed")
		return "failed"
	}
}

// findBot finds who takes a turn, nil when there is no such bot.
func (r *Runner) findBot(t *chat.Turn) (Bot, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	b, err := r.Bots.FindBot(ctx, t.Session.Owner.ID)
	if err != nil {
		return nil, fmt.Errorf("find the bot of a turn: %w", err)
	}
	return b, nil
}

// react calls the bot, and stops waiting when its time is over.
func (r *Runner) react(t *chat.Turn, b Bot) (*chat.TurnResult, error) {
	if t.Attempt > chat.MaxTurnAttempts {
		return nil, fmt.Errorf("begun %d times and never finished", t.Attempt-1)
	}
	if b == nil {
		return nil, fmt.Errorf("there is no bot %s here", t.Session.Owner.ID)
	}
	typing := time.AfterFunc(typingDelay, func() { r.Service.BotTyping(t.Session.Ref()) })
	ctx, cancel := context.WithTimeout(context.Background(), r.Timeout)
	defer cancel()
	answers := make(chan answer, 1)
	r.running.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				answers <- answer{err: &panicError{v, debug.Stack()}}
			}
		}()
		result, err := b.React(ctx, t)
		if err == nil && result == nil {
			err = errors.New("the bot returned nothing")
		}
		answers <- answer{result, err}
	})
	select {
	case a := <-answers:
		if early := typing.Stop(); early && a.speaks() {
			r.Service.BotTyping(t.Session.Ref())
		}
		if a.err != nil && errors.Is(a.err, context.DeadlineExceeded) && ctx.Err() != nil {
			return nil, errTimeout
		}
		return a.result, a.err
	case <-ctx.Done():
		return nil, errTimeout
	}
}

// commit tries until storage takes it: an overload or a full disk passes, and the answer is
// there already.
func (r *Runner) commit(try func(context.Context) (bool, error)) (more bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	for wait := retryFirst; ; wait *= 2 {
		more, err = try(ctx)
		if chat.CodeOf(err) != chat.CodeUnavailable || err == nil {
			return more, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return false, err
		}
	}
}
