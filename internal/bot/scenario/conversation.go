package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/script"
)

// Conversation is one client talking to a bot without a server: in tests and in a terminal. It
// belongs to one goroutine.
type Conversation struct {
	bot     *Bot
	o       ConversationOptions
	memory  memory
	client  json.RawMessage
	started bool
	offset  time.Duration // of the virtual clock
	now     time.Time     // when the clock was set; zero while it goes with the real one
	chance  *rand.Rand
	numbers []int // what chance is to give next; nil when nothing was set
	set     bool  // numbers were set: when they are used up chance gives 0
	pending []Timer
	lines   []string   // logged in this turn
	vm      *script.VM // of this conversation alone, kept from turn to turn
}

// ConversationOptions say what a conversation has around it.
type ConversationOptions struct {
	Seed  uint64                                                                // of chance
	Test  bool                                                                  // testMode() is true
	Fetch func(ctx context.Context, r script.Request) (*script.Response, error) // for $http; nil means the bot's
}

// Request is what the client says, or an event that happens.
type Request struct {
	Query, Event string
	Target       string                     // path of the state to run without matching
	Fields       map[string]json.RawMessage // further fields of $request: data, rawRequest, questionId …
}

// Reply is a reply of the Chat API (Chat API, 5).
type Reply struct {
	Type, Text, State string
	Raw               json.RawMessage
}

// Answer is what the bot did.
type Answer struct {
	Replies    []Reply
	Class      string   // the first activated state, "" for none
	States     []string // activated, in order
	Context    string   // path the dialogue is in afterwards
	Confidence float64
	Response   json.RawMessage // $response
	Log        []string
	NewSession bool // the bot began the session anew
	EndSession bool
	Start      *Start // how a script began it with $reactions.newSession; nil when none did
	Mails      []Mail
	Err        error // the scenario failed; the replies are then those up to there and what the bot says about it
}

// Start is what a script wants a new session to begin with.
type Start struct {
	Message string
	Session json.RawMessage // its $session
	Data    json.RawMessage // its $request.data
}

// Mail is a mail that a script would have sent.
type Mail struct{ Recipient, Subject, Body string }

// Converse begins a conversation.
func (b *Bot) Converse(o ConversationOptions) *Conversation {
	return &Conversation{bot: b, o: o, chance: rand.New(rand.NewPCG(o.Seed, o.Seed))}
}

// Time is what scripts take for the present.
func (c *Conversation) Time() time.Time {
	if c.now.IsZero() {
		return time.Now().Add(c.offset)
	}
	return c.now
}

// SetTime stops the clock at a moment.
func (c *Conversation) SetTime(at time.Time) { c.now = at }

// Advance lets time pass.
func (c *Conversation) Advance(d time.Duration) {
	if c.now.IsZero() {
		c.offset += d
	} else {
		c.now = c.now.Add(d)
	}
}

// SetRandom says what chance gives next; then it gives 0.
func (c *Conversation) SetRandom(numbers []int) { c.numbers, c.set = slices.Clone(numbers), true }

func (c *Conversation) pick(n int) int {
	switch {
	case len(c.numbers) > 0:
		k := c.numbers[0]
		c.numbers = c.numbers[1:]
		return max(0, min(k, n-1))
	case c.set:
		return 0
	}
	return c.chance.IntN(n)
}

// Context is the path of the state the dialogue is in.
func (c *Conversation) Context() string { return c.bot.root.nearest(c.memory.Context).path }

// SetContext puts the dialogue into a state.
func (c *Conversation) SetContext(path string) error {
	s := c.bot.root.resolve("/" + strings.TrimLeft(path, "/"))
	if s == nil {
		return fmt.Errorf("there is no state %q", path)
	}
	c.memory.Context, c.memory.Buttons, c.started = s.path, nil, true
	return nil
}

// Session is $session.
func (c *Conversation) Session() json.RawMessage { return orObject(c.memory.Session) }

// SetSession makes $session something else.
func (c *Conversation) SetSession(v json.RawMessage) { c.memory.Session = v }

// Client is $client.
func (c *Conversation) Client() json.RawMessage { return orObject(c.client) }

// SetClient makes $client something else.
func (c *Conversation) SetClient(v json.RawMessage) { c.client = v }

// NewSession forgets the session; what is known of the client stays.
func (c *Conversation) NewSession() { c.memory, c.started, c.pending = memory{}, false, nil }

// Pending are the timeouts and events that wait, the next one first.
func (c *Conversation) Pending() []Timer { return slices.Clone(c.pending) }

// Fire has a timer's moment come.
func (c *Conversation) Fire(ctx context.Context, id string) Answer {
	i := slices.IndexFunc(c.pending, func(t Timer) bool { return t.ID == id })
	if i < 0 {
		return Answer{Err: fmt.Errorf("there is no timer %s", id)}
	}
	t := c.pending[i]
	c.pending = slices.Delete(c.pending, i, i+1)
	if d := t.At.Sub(c.Time()); d > 0 {
		c.Advance(d)
	}
	return c.turn(ctx, timerInput(&t))
}

// timerInput is what a turn begins with when a timer's moment has come.
func timerInput(t *Timer) input {
	if t.Timeout {
		return input{target: t.Target, request: map[string]json.RawMessage{}}
	}
	fields := encode(map[string]any{"eventData": t.Data, "event": t.Event})
	return input{event: t.Event, request: map[string]json.RawMessage{"data": fields, "rawRequest": fields}}
}

// take gives a turn the conversation's VM: no other conversation runs in it.
func (c *Conversation) take(ctx context.Context, h script.Host) (*script.VM, error) {
	if c.vm != nil {
		c.vm.SetHost(h)
		return c.vm, nil
	}
	vm, err := c.bot.engine.TakeFresh(ctx, h)
	c.vm = vm
	return vm, err
}

// leave keeps the VM for the next turn.
func (c *Conversation) leave(_ *script.VM, broken bool) {
	if broken {
		c.Close()
	}
}

// Close frees what the conversation's scripts hold.
func (c *Conversation) Close() {
	if c.vm != nil {
		c.vm.Release()
		c.vm = nil
	}
}

// React has the bot answer.
func (c *Conversation) React(ctx context.Context, r Request) Answer {
	c.pending = slices.DeleteFunc(c.pending, func(t Timer) bool { return t.Timeout })
	in := input{query: r.Query, event: r.Event, target: r.Target, request: r.Fields}
	if utf8.RuneCountInString(r.Query) > c.bot.config.lengthLimit() {
		in.event = eventLengthLimit
	}
	return c.turn(ctx, in)
}

func (c *Conversation) turn(ctx context.Context, in input) Answer {
	in.memory, in.client, in.fresh = c.memory, c.client, !c.started
	c.started, c.lines = true, nil
	fields := requestDefaults()
	fields["channelType"], fields["channelUserId"], fields["questionId"], fields["botId"] = encode("chatapi"), encode("test"), encode("1"), encode(c.bot.config.Name)
	maps.Copy(fields, in.request)
	in.request = fields
	fetch := c.o.Fetch
	if fetch == nil {
		fetch = c.bot.options.Fetch
	}
	o, err := c.bot.react(ctx, in, world{
		now: c.Time, pick: c.pick, test: c.o.Test, fetch: fetch, virtual: true, owner: "conversation", take: c.take, leave: c.leave,
		log: func(text string) { c.lines = append(c.lines, text) },
	})
	if err != nil {
		return c.failed(&in, o, err)
	}
	c.memory = o.memory
	if o.client != nil {
		c.client = o.client
	}
	c.pending = slices.DeleteFunc(append(c.pending, o.timers...), func(t Timer) bool { return slices.Contains(o.cancelled, t.ID) })
	slices.SortStableFunc(c.pending, func(a, b Timer) int { return a.At.Compare(b.At) })
	if o.ends {
		c.NewSession()
	}
	return Answer{
		Replies: repliesOf(o.replies), Class: o.class, States: o.states, Context: o.context, Confidence: o.confidence,
		Response: o.response, Log: c.lines, NewSession: o.begins, EndSession: o.ends,
		Start: o.wanted, Mails: o.mails,
	}
}

// failed is the answer of a turn that failed: what it said and where it came up to there, then
// what the bot says about it. The conversation stays where it was.
func (c *Conversation) failed(in *input, o *output, err error) Answer {
	a := Answer{Context: c.Context(), Log: c.lines, Err: err}
	if o != nil {
		a.Replies, a.Class, a.States, a.Response, a.Mails = repliesOf(o.replies), o.class, o.states, o.response, o.mails
	}
	var dialog *dialogError
	text := c.bot.sorry(in)
	if text == "" && errors.As(err, &dialog) && dialog.message == noTarget {
		a.Err = nil
	}
	if text != "" {
		a.Replies = append(a.Replies, repliesOf([]json.RawMessage{replyObject{}.add("type", "text").add("text", text).json()})...)
	}
	return a
}

func repliesOf(list []json.RawMessage) []Reply {
	replies := make([]Reply, len(list))
	for i, raw := range list {
		_ = json.Unmarshal(raw, &replies[i]) // a reply may be anything
		replies[i].Raw = raw
	}
	return replies
}
