package loadtest

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Latency are quantiles in milliseconds.
type Latency struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// Load is what one phase of the load measured. Times run from when a message was due in the open
// loop, from when it was sent in the closed one.
type Load struct {
	Rate    float64 `json:"rate"`    // messages per second that were due; 0 for the closed loop
	Seconds float64 `json:"seconds"` // of the load

	Sent      int64 `json:"sent"`
	Accepted  int64 `json:"accepted"`
	Delivered int64 `json:"delivered"`
	Answered  int64 `json:"answered"`
	Refused   int64 `json:"refused"` // 429 and 503
	Failed    int64 `json:"failed"`  // any other status, or no answer
	Unsent    int64 `json:"unsent"`  // due, but too many were in flight until the end

	AcceptedPerSecond  float64 `json:"acceptedPerSecond"`
	DeliveredPerSecond float64 `json:"deliveredPerSecond"`

	Ack      Latency `json:"ack"`      // until the response
	Delivery Latency `json:"delivery"` // until the message was on the socket
	Answer   Latency `json:"answer"`   // until the bot's message was on the socket
	SocketIO Latency `json:"socketIO"` // until it was on the Socket.IO connection
	Late     Latency `json:"late"`     // how late the generator itself sent
	Other    Latency `json:"other"`    // responses to what else is in the mix

	ServerCPU    float64 `json:"serverCPU"`    // of all nodes, seconds per 1,000 accepted messages
	GeneratorCPU float64 `json:"generatorCPU"` // the same of this process
	Memory       int64   `json:"memory"`       // of all nodes at the end, bytes

	Meters map[string]float64 `json:"meters,omitempty"` // how much each grew per accepted message

	FirstFailure string `json:"firstFailure,omitempty"`
}

// Report is what a run saw.
type Report struct {
	Load         *Load     `json:"load,omitempty"`
	Idle         *Idle     `json:"idle,omitempty"`
	Overload     *Overload `json:"overload,omitempty"`
	Faults       Faults    `json:"faults"`
	Reconnects   int64     `json:"reconnects"`   // sockets that broke and came back
	DrainSeconds float64   `json:"drainSeconds"` // waited after the load for what was to come
}

// FaultError says that the server broke its promises.
type FaultError struct{ Faults }

func (e *FaultError) Error() string {
	return fmt.Sprintf("promises broken: lost %d, duplicated %d, reordered %d, unanswered %d",
		e.Lost, e.Duplicated, e.Reordered, e.Unanswered)
}

// Err is a *FaultError when promises were broken.
func (r *Report) Err() error {
	if r.Faults != (Faults{}) {
		return &FaultError{r.Faults}
	}
	return nil
}

func (r *recorder) report(rate float64, before, after usage) *Load {
	l := &Load{
		Rate: rate, Seconds: r.end.Sub(r.start).Seconds(),
		Sent: r.offered.Load(), Accepted: r.accepted.Load(), Delivered: r.delivered.Load(),
		Answered: r.answer.count.Load(), Refused: r.refused.Load(), Failed: r.failed.Load(), Unsent: r.unsent.Load(),
		Ack: r.ack.latency(), Delivery: r.delivery.latency(), Answer: r.answer.latency(), SocketIO: r.socketIO.latency(),
		Late: r.late.latency(), Other: r.other.latency(), Memory: after.memory,
	}
	l.AcceptedPerSecond = perSecond(l.Accepted, r.lastAck.Load())
	l.DeliveredPerSecond = perSecond(l.Delivered, r.lastDelivery.Load())
	if l.Accepted > 0 {
		l.ServerCPU = (after.servers - before.servers).Seconds() / float64(l.Accepted) * 1000
		l.GeneratorCPU = (after.generator - before.generator).Seconds() / float64(l.Accepted) * 1000
		l.Meters = make(map[string]float64, len(after.meters))
		for name, value := range after.meters {
			l.Meters[name] = (value - before.meters[name]) / float64(l.Accepted)
		}
	}
	if err := r.firstFailure.Load(); err != nil {
		l.FirstFailure = (*err).Error()
	}
	return l
}

// err is why nothing was accepted; nil when something was.
func (r *recorder) err() error {
	if r.accepted.Load() > 0 {
		return nil
	}
	if err := r.firstFailure.Load(); err != nil {
		return fmt.Errorf("nothing was accepted: %w", *err)
	}
	return fmt.Errorf("nothing was accepted, %d refused", r.refused.Load())
}

func perSecond(n, nanoseconds int64) float64 {
	if nanoseconds == 0 {
		return 0
	}
	return float64(n) / time.Duration(nanoseconds).Seconds()
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	if i := r.Idle; i != nil {
		fmt.Fprintf(&b, "idle        %d connections in %.1f s", i.Connections, i.ConnectSeconds)
		if i.MemoryAfter > 0 {
			fmt.Fprintf(&b, ", %.1f KiB each (server %.1f → %.1f MB)", i.BytesPerConnection/1024,
				float64(i.MemoryBefore)/1e6, float64(i.MemoryAfter)/1e6)
		}
		b.WriteByte('\n')
	}
	if r.Load != nil {
		r.Load.write(&b)
	}
	if o := r.Overload; o != nil {
		for _, phase := range []struct {
			name string
			load *Load
		}{{"maximum", &o.Maximum}, {"normal", &o.Normal}, {"overload", &o.Over}, {"after", &o.After}} {
			fmt.Fprintf(&b, "— %s\n", phase.name)
			phase.load.write(&b)
		}
		if o.RecoverySeconds < 0 {
			fmt.Fprintf(&b, "recovery    never under twice its normal p99 of %.2f ms\n", o.NormalP99)
		} else {
			fmt.Fprintf(&b, "recovery    %.2f s until p99 was under twice its normal %.2f ms\n", o.RecoverySeconds, o.NormalP99)
		}
	}
	if r.Load != nil || r.Overload != nil {
		fmt.Fprintf(&b, "promises    lost %d, duplicated %d, reordered %d, unanswered %d (drained in %.2f s, %d reconnects)\n",
			r.Faults.Lost, r.Faults.Duplicated, r.Faults.Reordered, r.Faults.Unanswered, r.DrainSeconds, r.Reconnects)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Load) write(b *strings.Builder) {
	loop := "closed loop"
	if l.Rate > 0 {
		loop = fmt.Sprintf("%.0f/s due", l.Rate)
	}
	fmt.Fprintf(b, "load        %s, %.1f s: sent %d, accepted %d, refused %d, failed %d, unsent %d\n",
		loop, l.Seconds, l.Sent, l.Accepted, l.Refused, l.Failed, l.Unsent)
	fmt.Fprintf(b, "rate        %.0f accepted/s, %.0f delivered/s\n", l.AcceptedPerSecond, l.DeliveredPerSecond)
	fmt.Fprintf(b, "%-11s %9s %9s %9s %9s\n", "ms", "p50", "p99", "p99.9", "max")
	for _, row := range []struct {
		name string
		of   Latency
	}{{"ack", l.Ack}, {"delivery", l.Delivery}, {"answer", l.Answer}, {"socket.io", l.SocketIO}, {"other", l.Other}, {"sent late", l.Late}} {
		if row.of.Count > 0 {
			fmt.Fprintf(b, "%-11s %9.2f %9.2f %9.2f %9.2f\n", row.name, row.of.P50, row.of.P99, row.of.P999, row.of.Max)
		}
	}
	if l.ServerCPU > 0 {
		fmt.Fprintf(b, "cpu         server %.3f s, generator %.3f s per 1,000 messages; server %.1f MB\n",
			l.ServerCPU, l.GeneratorCPU, float64(l.Memory)/1e6)
	}
	if l.FirstFailure != "" {
		fmt.Fprintf(b, "failure     %s\n", l.FirstFailure)
	}
}
