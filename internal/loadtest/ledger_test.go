package loadtest

import (
	"testing"
	"time"
)

// account plays what happened to a session: three messages sent, and what the test says of them.
type account struct {
	*ledger
	run *recorder
	now time.Time
}

// newAccount has three messages sent; with a bot none, for a client waits for each answer.
func newAccount(answers bool) account {
	perMessage := 0
	if answers {
		perMessage = 1
	}
	a := account{ledger: new(ledger), run: newRecorder(perMessage, time.Minute), now: time.Now()}
	for range 3 {
		if !answers {
			a.next()
		}
	}
	return a
}

func (a account) next() {
	a.run.sending(0)
	a.send(a.now, a.run)
}

func (a account) ack(counter int, sequence int64) { a.acknowledge(counter, sequence, a.now) }

func (a account) echo(sequence int64, counter int) {
	a.deliver(echoStream, event{sequence: sequence, counter: counter}, a.now)
}

func (a account) bot(sequence int64) {
	a.deliver(echoStream, event{sequence: sequence}, a.now)
	a.deliver(widgetStream, event{sequence: sequence}, a.now)
}

func TestLedgerFindsFaults(t *testing.T) {
	t.Parallel()
	all := func(a account) {
		for i := 1; i <= 3; i++ {
			a.ack(i, int64(i))
			a.echo(int64(i), i)
		}
	}
	good := []event{{1, 1}, {2, 2}, {3, 3}}
	for name, c := range map[string]struct {
		answers bool
		play    func(account)
		history []event
		want    Faults
	}{
		"all is well":               {play: all, history: good},
		"delivered before the ack":  {play: func(a account) { a.echo(1, 1); a.ack(1, 1); a.refuse(2); a.refuse(3) }, history: good[:1]},
		"sequences with gaps":       {play: func(a account) { a.ack(1, 2); a.echo(2, 1); a.ack(2, 7); a.echo(7, 2); a.refuse(3) }, history: []event{{2, 1}, {7, 2}}},
		"server says no sequence":   {play: func(a account) { a.ack(1, 0); a.echo(1, 1); a.refuse(2); a.refuse(3) }, history: good[:1]},
		"refused, and delivered":    {play: func(a account) { a.refuse(1); a.echo(1, 1); a.refuse(2); a.refuse(3) }, history: good[:1]},
		"lost on the socket":        {play: func(a account) { all1(a); a.ack(2, 2); a.ack(3, 3); a.echo(3, 3) }, history: good, want: Faults{Lost: 1}},
		"lost in the history":       {play: all, history: []event{{1, 1}, {3, 3}}, want: Faults{Lost: 1}},
		"lost everywhere":           {play: func(a account) { all1(a); a.ack(2, 2); a.refuse(3) }, history: good[:1], want: Faults{Lost: 1}},
		"the last one lost":         {play: func(a account) { all1(a); a.ack(2, 2); a.echo(2, 2); a.ack(3, 3) }, history: good, want: Faults{Lost: 1}},
		"twice on the socket":       {play: func(a account) { all(a); a.echo(2, 2) }, history: good, want: Faults{Duplicated: 1}},
		"twice under two numbers":   {play: func(a account) { all(a); a.echo(4, 2) }, history: good, want: Faults{Duplicated: 1}},
		"twice in the history":      {play: all, history: []event{{1, 1}, {2, 2}, {3, 3}, {4, 2}}, want: Faults{Duplicated: 1}},
		"a number twice, history":   {play: all, history: []event{{1, 1}, {2, 2}, {2, 2}, {3, 3}}, want: Faults{Duplicated: 1}},
		"nobody sent it":            {play: func(a account) { all(a); a.echo(4, 9) }, history: good, want: Faults{Duplicated: 1}},
		"swapped on the socket":     {play: func(a account) { all1(a); a.ack(2, 2); a.ack(3, 3); a.echo(3, 3); a.echo(2, 2) }, history: good, want: Faults{Reordered: 1}},
		"swapped with the numbers":  {play: func(a account) { all1(a); a.ack(2, 3); a.ack(3, 2); a.echo(2, 3); a.echo(3, 2) }, history: []event{{1, 1}, {2, 3}, {3, 2}}, want: Faults{Reordered: 2}},
		"swapped in the history":    {play: all, history: []event{{1, 1}, {3, 3}, {2, 2}}, want: Faults{Reordered: 1}},
		"another number in the ack": {play: func(a account) { a.ack(1, 9); a.echo(1, 1); a.refuse(2); a.refuse(3) }, history: good[:1], want: Faults{Reordered: 1}},
		"another number, history":   {play: func(a account) { a.ack(1, 1); a.echo(1, 1); a.refuse(2); a.refuse(3) }, history: []event{{5, 1}}, want: Faults{Reordered: 1}},
		"answered": {answers: true, play: func(a account) {
			a.bot(1) // a greeting answers nothing
			for i := 1; i <= 3; i++ {
				a.next()
				a.echo(int64(2*i), i)
				a.ack(i, int64(2*i))
				a.bot(int64(2*i + 1))
			}
		}, history: []event{{1, 0}, {2, 1}, {3, 0}, {4, 2}, {5, 0}, {6, 3}, {7, 0}}},
		"never answered": {answers: true, play: func(a account) {
			a.next()
			all1(a)
			a.bot(2)
			a.next()
			a.bot(3) // the bot goes on about the first message, before the place of the second is known
			a.ack(2, 4)
			a.echo(4, 2)
		}, history: []event{{1, 1}, {2, 0}, {3, 0}, {4, 2}}, want: Faults{Unanswered: 1}},
		"answered before the ack": {answers: true, play: func(a account) {
			a.next()
			a.deliver(widgetStream, event{sequence: 2}, a.now)
			all1(a)
		}, history: []event{{1, 1}, {2, 0}}},
		"an answer lost on the socket": {play: all, history: []event{{1, 1}, {2, 2}, {3, 3}, {4, 0}}, want: Faults{Lost: 1}},
		"an answer twice":              {play: func(a account) { all(a); a.bot(4); a.deliver(widgetStream, event{sequence: 4}, a.now) }, history: append(good[:3:3], event{4, 0}), want: Faults{Duplicated: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(c.answers)
			c.play(a)
			if got := a.close(c.history); got != c.want {
				t.Errorf("faults %+v, want %+v", got, c.want)
			}
		})
	}
}

// all1 is the first message, without fault.
func all1(a account) {
	a.ack(1, 1)
	a.echo(1, 1)
}

func TestLedgerKnowsWhatIsStillToCome(t *testing.T) {
	t.Parallel()
	a := newAccount(true)
	for i, step := range []struct {
		do   func()
		left int64
	}{
		{func() {}, 0},
		{a.next, 2},
		{func() { a.ack(1, 1) }, 2},
		{func() { a.echo(1, 1) }, 1},
		{func() { a.bot(2) }, 0},
		{a.next, 2},
		{func() { a.refuse(2) }, 0},
		{a.next, 2},
		{func() { a.echo(3, 3) }, 2},
		{func() { a.bot(4) }, 1},
		{func() { a.ack(3, 3) }, 0},
	} {
		step.do()
		if got := a.run.outstanding.Load(); got != step.left {
			t.Fatalf("step %d: %d outstanding, want %d", i, got, step.left)
		}
	}
}

func TestLedgerReservesOneMessageAtATime(t *testing.T) {
	t.Parallel()
	a := newAccount(true)
	if !a.reserve() || a.reserve() {
		t.Fatal("want one reservation")
	}
	a.next()
	all1(a)
	if a.reserve() {
		t.Fatal("reserved while the answer is to come")
	}
	a.bot(2)
	if !a.reserve() {
		t.Fatal("not reserved though the answer is there")
	}
	a.next()
	a.refuse(2)
	if !a.reserve() {
		t.Fatal("not reserved though the message was refused")
	}
}
