package loadtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

func options(url string) loadtest.Options {
	return loadtest.Options{
		URL: url, Chat: "c", Sessions: 4, Sockets: 3, InFlight: 2,
		Duration: 100 * time.Millisecond, Drain: 5 * time.Second,
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	mix, err := loadtest.ParseMix("send=6,start=1,history=1,typing=1")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bot bool
		set func(*loadtest.Options)
	}{
		"closed loop":   {},
		"open loop":     {set: func(o *loadtest.Options) { o.Rate = 500 }},
		"warm up":       {set: func(o *loadtest.Options) { o.WarmUp = 20 * time.Millisecond }},
		"mix":           {set: func(o *loadtest.Options) { o.Mix = mix }},
		"a socket each": {set: func(o *loadtest.Options) { o.Sockets = 0 }},
		"bot":           {bot: true, set: func(o *loadtest.Options) { o.Rate = 200 }},
		"Socket.IO":     {bot: true, set: func(o *loadtest.Options) { o.Rate, o.SocketIO = 200, true }},
		"idle over Socket.IO": {bot: true, set: func(o *loadtest.Options) {
			o.Idle, o.SocketIO, o.PIDs = 10, true, []int{os.Getpid()}
		}},
		"idle connections": {set: func(o *loadtest.Options) { o.Idle = 10; o.PIDs = []int{os.Getpid()} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(newStub(t, "", c.bot))
			if c.bot {
				o.Bot = loadtest.DefaultBot
			}
			if c.set != nil {
				c.set(&o)
			}
			r, err := loadtest.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			l := r.Load
			if l.Sent == 0 || l.Accepted != l.Sent || l.Delivered != l.Sent || l.Refused+l.Failed != 0 {
				t.Errorf("load %+v", l)
			}
			if l.Ack.Count != l.Sent || l.Delivery.Count != l.Sent || l.Ack.P50 <= 0 || l.Ack.P50 > l.Ack.P99 || l.Ack.P99 > l.Ack.Max {
				t.Errorf("latencies %+v, %+v", l.Ack, l.Delivery)
			}
			if due := int64(o.Rate * o.Duration.Seconds()); due > 0 && l.Sent+l.Unsent != due {
				t.Errorf("%d sent and %d not, of %d due", l.Sent, l.Unsent, due)
			}
			if want := l.Sent; c.bot && l.Answered != want || !c.bot && l.Answered != 0 {
				t.Errorf("%d answers to %d messages", l.Answered, want)
			}
			if want := l.Answered; o.SocketIO && l.SocketIO.Count != want || !o.SocketIO && l.SocketIO.Count != 0 {
				t.Errorf("%d answers over Socket.IO, %d over Centrifugo", l.SocketIO.Count, want)
			}
			if o.Idle > 0 && (r.Idle.Connections != 10 || r.Idle.MemoryAfter == 0) {
				t.Errorf("idle %+v", r.Idle)
			}
		})
	}
}

func TestRunSpreadsOverNodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ nodes, sockets int }{
		"two nodes": {2, 0}, "three nodes": {3, 0}, "shared sockets": {2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := new(stub)
			o := options(newStubNode(t, s))
			for range c.nodes - 1 {
				o.Others = append(o.Others, newStubNode(t, s))
			}
			o.Sessions, o.Sockets, o.Rate = 12, c.sockets, 500
			r, err := loadtest.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Load.Delivered != r.Load.Sent {
				t.Errorf("load %+v", r.Load)
			}
			used := make(map[string]bool)
			for id, sent := range s.sent {
				for host := range sent {
					used[host] = true
				}
				if held := s.held[id]; len(sent) != 1 || len(held) != 1 || maps.Equal(sent, held) {
					t.Errorf("session %s: messages to %v, sockets to %v", id, sent, held)
				}
			}
			if len(used) != c.nodes {
				t.Errorf("messages went to %v", used)
			}
		})
	}
}

func TestRunReadsMeters(t *testing.T) {
	t.Parallel()
	o := options(newStub(t, "", false))
	reads := 0
	o.Meters = map[string]loadtest.Meter{"bytes": func(context.Context) (float64, error) {
		reads++
		return float64(reads) * 1000, nil
	}}
	r, err := loadtest.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := float64(reads-1) * 1000 / float64(r.Load.Accepted); r.Load.Meters["bytes"] != want || reads < 2 {
		t.Errorf("%v per message, want %v", r.Load.Meters["bytes"], want)
	}
	broken := errors.New("unreadable")
	o.Meters = map[string]loadtest.Meter{"bytes": func(context.Context) (float64, error) { return 0, broken }}
	if _, err := loadtest.Run(t.Context(), o); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestRunFindsBrokenPromises(t *testing.T) {
	t.Parallel()
	for fault, c := range map[string]struct {
		bot   bool
		check func(loadtest.Faults) bool
	}{
		"lose":                 {check: func(f loadtest.Faults) bool { return f.Lost > 0 && f.Duplicated+f.Reordered == 0 }},
		"forget":               {check: func(f loadtest.Faults) bool { return f.Lost > 0 && f.Duplicated+f.Reordered == 0 }},
		"duplicate":            {check: func(f loadtest.Faults) bool { return f.Duplicated > 0 && f.Lost+f.Reordered == 0 }},
		"write twice":          {check: func(f loadtest.Faults) bool { return f.Duplicated > 0 && f.Lost+f.Reordered == 0 }},
		"reorder":              {check: func(f loadtest.Faults) bool { return f.Reordered > 0 && f.Lost+f.Duplicated == 0 }},
		"mute":                 {bot: true, check: func(f loadtest.Faults) bool { return f.Unanswered > 0 && f.Lost+f.Duplicated+f.Reordered == 0 }},
		"socket.io: lose":      {bot: true, check: func(f loadtest.Faults) bool { return f.Lost > 0 && f.Duplicated+f.Reordered == 0 }},
		"socket.io: duplicate": {bot: true, check: func(f loadtest.Faults) bool { return f.Duplicated > 0 && f.Lost+f.Reordered == 0 }},
		"socket.io: make up":   {bot: true, check: func(f loadtest.Faults) bool { return f.Duplicated > 0 }},
		"socket.io: reorder":   {bot: true, check: func(f loadtest.Faults) bool { return f.Reordered > 0 && f.Lost+f.Duplicated == 0 }},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			o := options(newStub(t, fault, c.bot))
			o.Sessions, o.Duration, o.Drain = 2, 200*time.Millisecond, 500*time.Millisecond
			if c.bot {
				o.Bot = loadtest.DefaultBot
			}
			o.SocketIO = strings.HasPrefix(fault, "socket.io")
			r, err := loadtest.Run(t.Context(), o)
			var broken *loadtest.FaultError
			if !errors.As(err, &broken) || r == nil || r.Faults != broken.Faults || !c.check(r.Faults) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestRunCountsWhatIsRefused(t *testing.T) {
	t.Parallel()
	r, err := loadtest.Run(t.Context(), options(newStub(t, "refuse", false)))
	if err != nil {
		t.Fatal(err)
	}
	l := r.Load
	if l.Refused == 0 || l.Accepted+l.Refused != l.Sent || l.Delivered != l.Accepted {
		t.Errorf("load %+v", l)
	}
}

func TestRunRecoversACutSocket(t *testing.T) {
	t.Parallel()
	r, err := loadtest.Run(t.Context(), options(newStub(t, "cut", false)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Reconnects != 1 || r.Load.Delivered != r.Load.Accepted {
		t.Errorf("%d reconnects, load %+v", r.Reconnects, r.Load)
	}
}

func TestRunOverload(t *testing.T) {
	t.Parallel()
	o := options(newStub(t, "", false))
	o.Overload, o.OverloadFor, o.Recovery = 2, 100*time.Millisecond, 100*time.Millisecond
	r, err := loadtest.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if over := r.Overload; over.Maximum.Accepted == 0 || over.Over.Rate < 1.9*over.Maximum.AcceptedPerSecond || over.After.Accepted == 0 {
		t.Errorf("overload %+v", over)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	o := options(newStub(t, "", false))
	o.Duration = time.Hour
	if _, err := loadtest.Run(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestRunRefusesBadOptions(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*loadtest.Options){
		"no url":                 func(o *loadtest.Options) { o.URL = "" },
		"not http either":        func(o *loadtest.Options) { o.Others = []string{"127.0.0.1:1"} },
		"not http":               func(o *loadtest.Options) { o.URL = "ftp://127.0.0.1" },
		"no sessions":            func(o *loadtest.Options) { o.Sessions = 0 },
		"nothing in flight":      func(o *loadtest.Options) { o.InFlight = 0 },
		"overload with a rate":   func(o *loadtest.Options) { o.Overload, o.Rate = 2, 100 },
		"nothing over Socket.IO": func(o *loadtest.Options) { o.SocketIO = true },
		"webhooks of a bot":      func(o *loadtest.Options) { o.Webhooks, o.Bot = true, loadtest.DefaultBot },
		"nobody listens":         func(o *loadtest.Options) { o.URL = "http://127.0.0.1:1" },
	} {
		o := options("http://127.0.0.1:1")
		set(&o)
		if r, err := loadtest.Run(t.Context(), o); err == nil || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

func TestReportText(t *testing.T) {
	t.Parallel()
	r := loadtest.Report{
		Load:     &loadtest.Load{Sent: 10, Accepted: 9, Refused: 1, Ack: loadtest.Latency{Count: 9, P99: 1.25}},
		Idle:     &loadtest.Idle{Connections: 5, MemoryAfter: 2e6, BytesPerConnection: 2048},
		Overload: &loadtest.Overload{RecoverySeconds: 0.5, NormalP99: 3},
		Faults:   loadtest.Faults{Lost: 4},
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"accepted 9", "refused 1", "1.25", "2.0 KiB each", "0.50 s", "lost 4"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestRunIsRefusedOverSocketIO(t *testing.T) {
	t.Parallel()
	o := options(newStub(t, "socket.io: refuse", true))
	o.Bot, o.SocketIO = loadtest.DefaultBot, true
	if _, err := loadtest.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "session not found") {
		t.Errorf("error %v", err)
	}
}
