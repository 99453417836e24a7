package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/govorun/govorun/internal/bot/scenario/pattern"
	"github.com/govorun/govorun/internal/bot/scenario/script"
)

// world is what a turn has around it: the server's, or that of a test.
type world struct {
	now       func() time.Time
	pick      func(n int) int // a number from 0 to n-1
	test      bool            // testMode()
	fetch     func(ctx context.Context, r script.Request) (*script.Response, error)
	history   func(ctx context.Context, limit int) ([]json.RawMessage, error) // of the chat, as the Chat API shows it; nil: none
	startNode string
	owner     string // of the turn: a session
	virtual   bool   // the clock and chance are not the real ones
	log       func(text string)
	// take gives a VM and leave takes it back; nil means the bot's own.
	take  func(ctx context.Context, h script.Host) (*script.VM, error)
	leave func(vm *script.VM, broken bool)
}

// host is what the scripts of one turn reach of the world. It implements script.Host.
type host struct {
	turn      *turn
	world     world
	timers    []Timer
	cancelled []string
	mails     []Mail
}

func newHost(t *turn, w world) *host { return &host{turn: t, world: w} }

// Timer is something that happens later: an event that a script asked for, or the state that a
// timeout leads to when the client is silent.
type Timer struct {
	ID       string
	Timeout  bool // the client's next message cancels it
	At       time.Time
	Interval time.Duration // of a timeout
	Event    string
	Data     json.RawMessage
	Target   string // path of the state that a timeout leads to
}

func (h *host) log(text string) {
	if h.world.log != nil {
		h.world.log(text)
	}
}

// Log implements script.Host.
func (h *host) Log(text string) { h.log(text) }

// Now implements script.Host.
func (h *host) Now() time.Time { return h.world.now() }

// resolution is how finely chance is cut into numbers.
const resolution = 1 << 30

// Random implements script.Host.
func (h *host) Random() float64 { return float64(h.world.pick(resolution)) / resolution }

// RandomInt implements script.Dice.
func (h *host) RandomInt(n int) int { return h.pick(n) }

// Owner implements script.Owned.
func (h *host) Owner() string { return h.world.owner }

// Virtual implements script.VirtualTime.
func (h *host) Virtual() bool { return h.world.virtual }

func (h *host) pick(n int) int { return h.world.pick(n) }

// Fetch implements script.Host.
func (h *host) Fetch(ctx context.Context, r script.Request) (*script.Response, error) {
	return h.world.fetch(ctx, r)
}

// Call implements script.Host.
func (h *host) Call(service string, args json.RawMessage) (json.RawMessage, error) {
	call, ok := services[service]
	if !ok {
		return nil, nil
	}
	result, err := call(h, args)
	if err != nil || result == nil {
		return nil, err
	}
	return encode(result), nil
}

// services are what scripts call by name.
var services = map[string]func(h *host, args json.RawMessage) (any, error){
	"resolvePath":           (*host).resolvePath,
	"jsapi.startSession":    (*host).startSession,
	"jsapi.stopSession":     (*host).stopSession,
	"jsapi.chatHistory":     (*host).chatHistory,
	"nlp.match":             (*host).nlpMatch,
	"nlp.matchPatterns":     (*host).nlpMatchPatterns,
	"nlp.matchExamples":     (*host).nlpMatchExamples,
	"nlp.fixKeyboardLayout": (*host).nlpFixKeyboard,
	"nlp.tokenize":          (*host).nlpTokenize,
	"nlp.inflect":           (*host).nlpInflect,
	"nlp.conform":           (*host).nlpConform,
	"nlp.parseMorph":        (*host).nlpParseMorph,
	"nlp.checkMyVocabulary": (*host).nlpKnows,
	"mail.send":             (*host).sendMail,
	"pushgate.createEvent":  (*host).createEvent,
	"pushgate.cancelEvent":  (*host).cancelEvent,
	"secrets.get":           (*host).secret,
	"env.get":               (*host).variable,
}

// arguments are those that services have, by name. What is missing or of another kind is the
// zero value.
type arguments struct {
	Base, Path string
	Text       string
	State      string
	Patterns   []string
	Word       string
	Form       json.RawMessage
	Number     float64
	DateTime   json.RawMessage
	Event      string
	EventData  json.RawMessage
	ID         string
	Name       string
	Limit      int
	To         string
	Subject    string
	Body       string
}

func argumentsOf(raw json.RawMessage) arguments {
	var a arguments
	_ = json.Unmarshal(raw, &a) // a field of another kind leaves the rest
	return a
}

// resolvePath is where a path leads from a state; the path itself when nowhere.
func (h *host) resolvePath(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	in := h.turn.bot.root.resolve(a.Base)
	if in == nil {
		in = h.turn.current
	}
	if s := in.resolve(a.Path); s != nil {
		return s.path, nil
	}
	return nil, nil
}

// startSession begins a session with this query.
func (h *host) startSession(json.RawMessage) (any, error) {
	h.turn.restarted = true
	return nil, nil
}

// stopSession ends the session with this answer.
func (h *host) stopSession(json.RawMessage) (any, error) {
	h.turn.ends = true
	return nil, nil
}

// sendMail notes a mail: none is sent.
func (h *host) sendMail(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	h.mails = append(h.mails, Mail{a.To, a.Subject, a.Body})
	return nil, nil
}

func (h *host) chatHistory(raw json.RawMessage) (any, error) {
	if h.world.history == nil {
		return nil, nil
	}
	return h.world.history(h.turn.ctx, argumentsOf(raw).Limit)
}

// nlpMatch finds where a text would lead from a state (scenario language, 3).
func (h *host) nlpMatch(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	from := h.turn.bot.root.resolve(a.State)
	if from == nil {
		return nil, notFound(a.State)
	}
	phrase, _ := h.turn.phraseOf(a.Text)
	m := matching{bot: h.turn.bot, from: from, phrase: phrase}
	found := m.byPatterns()
	if len(found) == 0 {
		return nil, nil
	}
	r := h.turn.nluResult(&found[0])
	tree, _ := treeValue(found[0].match.Tree())
	r["targetState"], r["parseTree"] = found[0].target.path, tree
	return r, nil
}

// nlpMatchPatterns finds which of some patterns fits a text best.
func (h *host) nlpMatchPatterns(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	phrase, _ := h.turn.phraseOf(a.Text)
	var best *pattern.Match
	for _, source := range a.Patterns {
		p, err := h.turn.bot.library.CompileLate(source)
		if err != nil {
			return nil, err
		}
		if m, ok := p.Match(phrase); ok && (best == nil || m.Better(*best)) {
			best = &m
		}
	}
	if best == nil {
		return nil, nil
	}
	source := best.Pattern().Source()
	tree, _ := treeValue(best.Tree())
	return map[string]any{"patternId": source, "pattern": source, "effectivePattern": source, "score": best.Score(), "weight": 1, "parseTree": tree}, nil
}

func (h *host) nlpTokenize(raw json.RawMessage) (any, error) {
	return pattern.NewPhrase(argumentsOf(raw).Text).List(), nil
}

// nlpInflect puts a word, or each word of a text, into a form: a grammeme or a list of them.
func (h *host) nlpInflect(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	var forms []string
	if json.Unmarshal(a.Form, &forms) != nil {
		var one string
		if json.Unmarshal(a.Form, &one) != nil {
			return nil, nil //nolint:nilerr // a form that is none has no inflection
		}
		forms = strings.FieldsFunc(one, func(r rune) bool { return r == ' ' || r == ',' })
	}
	return eachWord(a.Word, func(word string) string {
		if inflected, ok := words.Inflect(word, forms...); ok {
			return inflected
		}
		return word
	}), nil
}

// nlpConform has a noun agree with a number: 5, "яблоко" is "яблок".
func (h *host) nlpConform(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	return eachWord(a.Word, func(word string) string { return words.Agree(word, a.Number) }), nil
}

func eachWord(text string, of func(word string) string) string {
	list := strings.Fields(text)
	for i := range list {
		list[i] = of(list[i])
	}
	return strings.Join(list, " ")
}

func (h *host) nlpParseMorph(raw json.RawMessage) (any, error) {
	readings := words.Parse(argumentsOf(raw).Word)
	if len(readings) == 0 {
		return nil, nil
	}
	return map[string]any{"score": readings[0].Score, "normalForm": readings[0].Lemma, "tags": readings[0].Grammemes}, nil
}

// nlpKnows reports whether a word is one that the bot's patterns look for.
func (h *host) nlpKnows(raw json.RawMessage) (any, error) {
	return h.turn.bot.library.Knows(argumentsOf(raw).Word), nil
}

// createEvent has an event happen later.
func (h *host) createEvent(raw json.RawMessage) (any, error) {
	a := argumentsOf(raw)
	if a.Event == "" {
		return nil, errors.New("$pushgate.createEvent: expected the name of an event as the second argument")
	}
	at, err := parseMoment(a.DateTime, h.Now())
	if err != nil {
		return nil, err
	}
	t := Timer{ID: uuid.NewString(), At: at, Event: a.Event, Data: a.EventData}
	h.timers = append(h.timers, t)
	return map[string]any{"id": t.ID, "event": t.Event, "dateTime": at.UTC().Format(time.RFC3339)}, nil
}

// moments are the forms in which scripts give a time; without a zone it is UTC.
var moments = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04",
	"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
}

// parseMoment reads the time of an event; one that is not given is now.
func parseMoment(raw json.RawMessage, now time.Time) (time.Time, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil || text == "" {
		return now, nil //nolint:nilerr // a time that is no text is none
	}
	for _, layout := range moments {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("$pushgate.createEvent: wrong time %q, expected as in 2026-12-31T10:00:00", text)
}

func (h *host) cancelEvent(raw json.RawMessage) (any, error) {
	id := argumentsOf(raw).ID
	if id == "" {
		return false, nil
	}
	h.cancelled = append(h.cancelled, id)
	return true, nil
}

func (h *host) secret(raw json.RawMessage) (any, error) {
	return look(h.turn.bot.options.Secrets, argumentsOf(raw).Name), nil
}

func (h *host) variable(raw json.RawMessage) (any, error) {
	return look(h.turn.bot.options.Variables, argumentsOf(raw).Name), nil
}

func look(in map[string]string, name string) any {
	if v, ok := in[name]; ok {
		return v
	}
	return nil
}
