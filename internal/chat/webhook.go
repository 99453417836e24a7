package chat

import (
	"net"
	"net/url"
	"strings"
)

// Hooks are the webhooks of one session, as its integrator has set them (TWIN, section 2).
type Hooks struct {
	CallbackURL  string   `json:"callbackUrl,omitempty"` // gets what bots say
	CallbackData string   `json:"callbackData,omitempty"`
	EventURL     string   `json:"eventUrl,omitempty"` // gets events
	EventData    string   `json:"eventData,omitempty"`
	Events       []string `json:"events,omitempty"` // names of events; none: all
}

// hooks are the webhooks a session is started with; nil for none.
func (d *SessionDetails) hooks() *Hooks {
	if d.CallbackURL == "" && d.EventCallbackURL == "" {
		return nil
	}
	return &Hooks{d.CallbackURL, d.CallbackData, d.EventCallbackURL, d.EventCallbackData, d.NotifyOnEvents}
}

// checkHooks judges the form of the URLs that a session is started with. Whether an address is public
// shows when it is called: a name may resolve to something else by then.
func (d *SessionDetails) checkHooks() error {
	if err := checkURL("callbackUrl", d.CallbackURL); err != nil {
		return err
	}
	return checkURL("eventCallbackUrl", d.EventCallbackURL)
}

// Receiver names who is behind a webhook's URL: host and port.
func Receiver(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text // it was checked when it was set
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80"}[u.Scheme]
	}
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// updateHooks takes over the webhooks that the caller newly names for a session that goes on.
func (s *Session) updateHooks(d *SessionDetails) {
	if d.CallbackURL != "" {
		s.setCallback(d.CallbackURL, d.CallbackData)
	}
	if d.EventCallbackURL != "" {
		h := s.ownHooks()
		h.EventURL, h.EventData, h.Events = d.EventCallbackURL, d.EventCallbackData, d.NotifyOnEvents
		s.Hooks = &h
	}
}

// setCallback has what bots say from now on go to another URL; "" for none.
func (s *Session) setCallback(to, data string) {
	h := s.ownHooks()
	h.CallbackURL, h.CallbackData = to, data
	if s.Hooks = &h; to == "" && h.EventURL == "" {
		s.Hooks = nil
	}
}

func (s *Session) ownHooks() Hooks {
	if s.Hooks == nil {
		return Hooks{}
	}
	return *s.Hooks
}

// outgoing is what is to leave of the events collected, in their order; in is the session's chat.
func (c *change) outgoing(in *Chat) []Delivery {
	own := c.session.ownHooks()
	events := eventHooks(&own, in)
	var list []Delivery
	for i := range c.events {
		e := &c.events[i]
		for _, h := range events {
			if c.service.notifies(h, e.Payload) {
				list = append(list, c.delivery(DeliveryEvent, h.EventURL, h.EventData, e.Sequence, e.Sequence))
			}
		}
	}
	if d, ok := c.forChannel(in); ok {
		list = append(list, d)
	}
	if own.CallbackURL == "" {
		return list
	}
	for i := range c.events {
		if m := c.events[i].Message(); m != nil && m.AuthorType == AuthorBot && !m.Silent() {
			last := c.events[len(c.events)-1].Sequence
			return append(list, c.delivery(DeliveryCallback, own.CallbackURL, own.CallbackData, c.events[i].Sequence, last))
		}
	}
	return list
}

// forChannel is what the channel's webhook is told of the events: what operators say, and what bots say
// that nobody waits for: in answer to an asynchronous question, after a synchronous one was answered, or
// to nothing that a client did (Chat API, 4, webhook triggers). Answers to what a client did on another
// face are for that face.
func (c *change) forChannel(in *Chat) (d Delivery, ok bool) {
	to := in.Settings.WebhookURL
	if to == "" {
		return d, false
	}
	pushes := c.pushes()
	for i := range c.events {
		m := c.events[i].Message()
		if m == nil || (m.AuthorType != AuthorOperator && (m.AuthorType != AuthorBot || !pushes)) {
			if a, answered := c.events[i].Payload.(*Answered); !answered || !a.Async {
				continue
			}
		}
		return c.delivery(DeliveryAnswer, to, "", c.events[i].Sequence, c.events[len(c.events)-1].Sequence), true
	}
	return d, false
}

// pushes reports whether what bots say in the change is awaited by nobody.
func (c *change) pushes() bool {
	if c.answers == nil {
		return true
	}
	q := question(c.answers.Payload)
	if q == nil {
		return !actOfClient(c.answers.Payload)
	}
	if q.Async {
		return true
	}
	for i := range c.events {
		if _, answered := c.events[i].Payload.(*Answered); answered {
			return false
		}
	}
	return true
}

// actOfClient: a session in which the bot is to speak first was started on another face, too.
func actOfClient(p Payload) bool {
	switch p := p.(type) {
	case *Message:
		return p.AuthorType == AuthorClient
	case *ActionPressed, *SessionStarted:
		return true
	default:
		return false
	}
}

// eventHooks are who is told of events. One URL is told once, as the chat has it: whoever starts a
// session must not silence the chat's webhook, nor choose what is sent along to it.
func eventHooks(own *Hooks, in *Chat) (hooks []Hooks) {
	s := &in.Settings
	if own.EventURL != "" && own.EventURL != s.EventCallbackURL {
		hooks = append(hooks, *own)
	}
	if s.EventCallbackURL != "" {
		hooks = append(hooks, Hooks{EventURL: s.EventCallbackURL, EventData: s.EventCallbackData, Events: s.NotifyOnEvents})
	}
	return hooks
}

// notifies reports whether an event goes to a webhook: one that the client may see, or the session's
// start, and of these those that are named. A name that no event has matches none.
func (s *Service) notifies(h Hooks, p Payload) bool {
	if p.Kind() != KindSessionStarted && !p.In(StreamSession) {
		return false
	}
	if len(h.Events) == 0 {
		return true
	}
	name := s.EventName(p)
	for _, wanted := range h.Events {
		if wanted == name {
			return true
		}
	}
	return false
}

func (c *change) delivery(kind DeliveryKind, to, data string, first, last int64) Delivery {
	return Delivery{
		ID: c.service.NewID(), ClientKey: c.session.ClientKey, Session: c.session.Ref(), ChatID: c.session.ChatID,
		Kind: kind, URL: to, Data: data, First: first, Last: last, State: DeliveryPending, CreatedAt: c.now, Since: c.now,
	}
}

// commitDeliveries writes what is to leave, and returns who is to get it.
func (c *change) commitDeliveries(tx Tx) (receivers []string, err error) {
	in, err := c.service.settingsOf(tx, c.session.ChatID)
	if err != nil {
		return nil, err
	}
	list := c.outgoing(in)
	if len(list) == 0 {
		return nil, nil
	}
	for i := range list {
		receivers = append(receivers, Receiver(list[i].URL))
	}
	return receivers, tx.AppendDeliveries(list)
}

// settingsOf is a chat as it was at most chatCacheTTL ago, so that a message needs no reading of it.
func (s *Service) settingsOf(tx Tx, chatID string) (*Chat, error) {
	if c := s.chats.find(chatID); c != nil {
		return c, nil
	}
	state := s.chats.begin()
	c, err := tx.FindChat(chatID)
	if err != nil {
		return nil, err
	}
	s.chats.put(c, state)
	return c, nil
}
