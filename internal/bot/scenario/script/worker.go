package script

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// worker is the goroutine in which all of a machine's JavaScript runs. The engine ends scripts that
// take too long, but it looks at the clock only between instructions, and an instruction may work
// long; so who waits for the worker stops waiting after a while, and the worker frees the machine by
// itself when it comes back.
type worker struct {
	tasks   chan func() error
	results chan error // holds one, so that a worker that nobody waits for does not block
	stopped chan struct{}
	timer   *time.Timer
	away    atomic.Int64 // ns that the host took

	gate    sync.Mutex // for the three below
	inHost  bool
	lost    bool // nobody waits any more
	holds   bool // a slot of the engine
	corrupt bool // by the worker: the engine itself failed; its memory cannot be freed
}

// patience is how much longer than the turn's time is waited for a script.
const patience = time.Second

// again is when a script is interrupted once more: a call that just begins takes the first one away.
const again = 20 * time.Millisecond

// start starts the worker; close or abandon end it.
func (v *VM) start() {
	v.tasks = make(chan func() error)
	v.results = make(chan error, 1)
	v.stopped = make(chan struct{})
	v.timer = time.NewTimer(time.Hour)
	go v.serveTasks()
}

func (v *VM) serveTasks() {
	debug.SetPanicOnFault(true) // a fault in the engine ends its machine only
	defer close(v.stopped)
	for task := range v.tasks {
		v.results <- v.safely(task)
	}
	if !v.corrupt {
		v.free()
	}
	v.gate.Lock()
	returns := v.lost && v.holds
	v.gate.Unlock()
	if returns {
		<-v.engine.slots
	}
}

func (v *VM) safely(task func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			v.corrupt = true
			err = fmt.Errorf("%w: %v", errEngine, p)
			v.broken = err
		}
	}()
	return task()
}

// perform runs a task on the worker and waits for it, at most a little longer than the turn's time.
// When the context ends, so does the script.
func (v *VM) perform(ctx context.Context, task func() error) error {
	if v.isLost() {
		return ErrTimeout
	}
	if v.broken != nil {
		return v.broken
	}
	started, limit := time.Now(), v.left+patience
	v.away.Store(0)
	v.timer.Reset(limit)
	v.tasks <- task
	ended, cancelled := ctx.Done(), false
	for {
		select {
		case err := <-v.results:
			return err
		case <-ended:
			ended, cancelled = nil, true
			v.js.Interrupt()
			v.timer.Reset(again)
		case <-v.timer.C:
			spent := time.Since(started) - time.Duration(v.away.Load())
			if spent >= limit && v.abandon() {
				return ErrTimeout
			}
			wait := max(limit-spent, patience/4)
			if cancelled {
				v.js.Interrupt()
				wait = again
			}
			v.timer.Reset(wait)
		}
	}
}

// abandon leaves a machine to its worker, unless that is in the host, which returns in its time.
func (v *VM) abandon() bool {
	v.gate.Lock()
	defer v.gate.Unlock()
	if v.inHost {
		return false
	}
	v.lost = true
	close(v.tasks)
	return true
}

func (v *VM) isLost() bool {
	v.gate.Lock()
	defer v.gate.Unlock()
	return v.lost
}

// hold says whether the machine has a slot of the engine.
func (v *VM) hold(has bool) {
	v.gate.Lock()
	v.holds = has
	v.gate.Unlock()
}

// outside notes that the worker goes to the host or comes back; false when it must not go.
func (v *VM) outside(goes bool) bool {
	v.gate.Lock()
	defer v.gate.Unlock()
	if v.lost {
		return false
	}
	v.inHost = goes
	return true
}

// close ends the worker and frees the machine. A lost one does it by itself.
func (v *VM) close() {
	if v.isLost() {
		return
	}
	close(v.tasks)
	<-v.stopped
}
