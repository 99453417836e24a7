package loadtest

import (
	"syscall"
	"time"
)

// nap sleeps in the kernel: the runtime's own timers wake an idle program up to 1 ms late, which
// would be added to every latency. Call it from a locked thread.
func nap(d time.Duration) {
	const coarse = 5 * time.Millisecond
	if d > 2*coarse {
		<-time.After(d - coarse)
		return
	}
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // the caller looks at the clock again
}
