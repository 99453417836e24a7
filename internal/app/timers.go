package app

import (
	"context"

	"github.com/govorun/govorun/internal/bot"
	"github.com/govorun/govorun/internal/chat"
)

// startTimers fires the timers of bots.
func (a *App) startTimers(service *chat.Service, alarm *bot.Alarm) {
	timers := bot.NewTimers(bot.TimersOptions{
		Service: service,
		Alarm:   alarm,
		Log:     a.params.Log,
		Metrics: bot.TimerMetrics{Fired: a.metrics.timersFired, Lag: a.metrics.timerLag},
	})
	a.onClose(early(timers.Close))
}

// timerChore counts the timers that wait, on the eldest node.
func (a *App) timerChore(s *chat.Service, n *node) chore {
	return chore{countEvery, "count timers", n.asEldest(func(ctx context.Context) error {
		waiting, err := s.CountTimers(ctx)
		if err == nil {
			a.metrics.timersPending.Set(float64(waiting))
		}
		return err
	})}
}
