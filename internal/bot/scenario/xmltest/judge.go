package xmltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Turn is what the client did, what the bot answered and what was expected.
type Turn struct {
	Line    int    // of the step
	Asked   string // what the client did
	Rows    []Row
	Class   string
	States  []string
	Context string
	Log     []string
	Err     string // why the bot failed; "" when it did not

	answer  Answer
	waiting []Timer
}

// Row is one thing that was expected beside what came.
type Row struct {
	Line      int    // of the step that expects; 0 when nothing does
	Want, Got string // "" when there is none
	Wrong     string // why they do not fit; "" when they do
}

// fail adds what has no counterpart in the answer.
func (t *Turn) fail(line int, wrong string) {
	t.Rows = append(t.Rows, Row{Line: line, Wrong: wrong})
}

// failed reports whether the answer was not as expected.
func (t *Turn) failed() bool {
	return t.Err != "" || slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Wrong != "" })
}

// judge compares the last answer with what was expected of it.
func (p *player) judge() error {
	if p.turn == nil {
		return nil
	}
	t, checks := p.turn, p.checks
	p.checks = nil
	var replies []*Step
	data := false
	for _, s := range checks {
		if s.Kind == Reply {
			replies = append(replies, s)
		}
		data = data || s.Kind == ResponseData
	}
	if len(replies) > 0 || !data { // see the package's comment
		t.compare(replies)
	}
	for _, s := range checks {
		switch s.Kind {
		case ResponseData:
			t.checkData(s)
		case TimeoutReply:
			t.checkTimeout(s)
		case NewSession:
			t.checkSession(s)
		case Mail:
			t.checkMail(s)
		}
	}
	if t.failed() {
		return errTurn
	}
	return nil
}

// compare finds which reply is meant by which <a>, in order. When there is no way in which
// everything fits, they are shown one beside the other.
func (t *Turn) compare(want []*Step) {
	if pairs, ok := t.align(want); ok {
		t.pair(want, pairs)
		return
	}
	i := 0
	for _, r := range t.answer.Replies {
		switch {
		case r.optional():
			t.Rows = append(t.Rows, Row{Got: r.show()})
		case i < len(want):
			t.Rows = append(t.Rows, Row{want[i].Line, want[i].show(), r.show(), t.wrong(want[i], r)})
			i++
		default:
			t.Rows = append(t.Rows, Row{Got: r.show(), Wrong: "no <a> expects this reply"})
		}
	}
	for ; i < len(want); i++ {
		wrong := "the bot did not say it"
		if t.silent(want[i]) {
			wrong = ""
		}
		t.Rows = append(t.Rows, Row{Line: want[i].Line, Want: want[i].show(), Wrong: wrong})
	}
	if !t.failed() { // one of them fits alone, but not all together
		t.fail(t.Line, "the replies do not come in this order")
	}
}

// pair shows each <a> beside what it was aligned with.
func (t *Turn) pair(want []*Step, pairs []int) {
	got := t.answer.Replies
	next := 0
	for i, s := range want {
		if pairs[i] < 0 {
			t.Rows = append(t.Rows, Row{Line: s.Line, Want: s.show(), Got: "(went through)"})
			continue
		}
		for ; next < pairs[i]; next++ {
			t.Rows = append(t.Rows, Row{Got: got[next].show()})
		}
		t.Rows = append(t.Rows, Row{Line: s.Line, Want: s.show(), Got: got[next].show()})
		next++
	}
	for ; next < len(got); next++ {
		t.Rows = append(t.Rows, Row{Got: got[next].show()})
	}
}

// What a way of pairing costs: a text is what an <a> means first.
const (
	costOther  = 1
	costSilent = 1000
	impossible = 1 << 40
)

// align pairs each <a> with the index of a reply, or with -1 for a state that was gone
// through. It is the cheapest of all ways, by dynamic programming.
func (t *Turn) align(want []*Step) (pairs []int, ok bool) {
	got := t.answer.Replies
	cost := make([][]int, len(want)+1) // of pairing want[i:] with got[j:]
	for i := range cost {
		cost[i] = make([]int, len(got)+1)
	}
	for i := len(want); i >= 0; i-- {
		for j := len(got); j >= 0; j-- {
			if i == len(want) && j == len(got) {
				continue
			}
			cost[i][j], _, _ = t.choose(want, cost, i, j)
		}
	}
	if cost[0][0] >= impossible {
		return nil, false
	}
	for i, j := 0, 0; i < len(want); {
		_, di, dj := t.choose(want, cost, i, j)
		switch {
		case di == 1 && dj == 1:
			pairs = append(pairs, j)
		case di == 1:
			pairs = append(pairs, -1)
		}
		i, j = i+di, j+dj
	}
	return pairs, true
}

// choose finds the cheapest way on from want[i:] and got[j:]: how many of each it takes.
func (t *Turn) choose(want []*Step, cost [][]int, i, j int) (best, di, dj int) {
	got := t.answer.Replies
	best = impossible
	try := func(price, takeWant, takeGot int) {
		if total := price + cost[i+takeWant][j+takeGot]; total < best {
			best, di, dj = total, takeWant, takeGot
		}
	}
	if i < len(want) && j < len(got) && t.wrong(want[i], got[j]) == "" {
		price := 0
		if got[j].optional() {
			price = costOther
		}
		try(price, 1, 1)
	}
	if j < len(got) && got[j].optional() {
		try(0, 0, 1)
	}
	if i < len(want) && t.silent(want[i]) {
		try(costSilent, 1, 0)
	}
	return best, di, dj
}

// optional reports whether a reply needs no <a>: it is no text, or nobody sees it.
func (r Said) optional() bool { return r.Type != "text" || collapse(r.Text) == "" }

// wrong says why a reply is not what an <a> means; "" when it is.
func (t *Turn) wrong(s *Step, r Said) string {
	switch contains := collapse(s.Attr["contains"]); {
	case !s.has("contains") || strings.EqualFold(contains, "false"):
		if s.Text != "" && collapse(r.Text) != s.Text {
			return "another text"
		}
	case strings.EqualFold(contains, "true"):
		if !strings.Contains(collapse(r.Text), s.Text) {
			return "the text is not in it"
		}
	case !strings.Contains(collapse(r.Text), contains):
		return fmt.Sprintf("%q is not in it", contains)
	case s.Text != "" && collapse(r.Text) != s.Text:
		return "another text"
	}
	if s.has("state") && s.Attr["state"] != "" && !samePath(s.Attr["state"], r.State) {
		return "said in " + orNowhere(r.State)
	}
	return t.wrongClass(s)
}

func (t *Turn) wrongClass(s *Step) string {
	if s.has("class") && s.Attr["class"] != "" && !samePath(s.Attr["class"], t.Class) {
		return "the first state was " + orNowhere(t.Class)
	}
	return ""
}

// silent reports whether an <a> may stand for a state that was gone through without a word.
func (t *Turn) silent(s *Step) bool {
	if s.Text != "" || s.has("contains") || t.wrongClass(s) != "" {
		return false
	}
	path := s.Attr["state"]
	if path == "" {
		path = s.Attr["class"]
	}
	return path != "" &&
		slices.ContainsFunc(t.States, func(state string) bool { return samePath(state, path) }) &&
		!slices.ContainsFunc(t.answer.Replies, func(r Said) bool { return samePath(r.State, path) && !r.optional() })
}

func orNowhere(path string) string {
	if path == "" {
		return "no state"
	}
	return path
}

// show is an <a> as a line of the dialogue.
func (s *Step) show() string {
	text := s.Text
	var more []string
	for _, name := range []string{"state", "class", "contains"} {
		if s.has(name) {
			more = append(more, name+"="+s.Attr[name])
		}
	}
	switch {
	case len(more) > 0:
		text = strings.TrimSpace(text + " (" + strings.Join(more, ", ") + ")")
	case text == "":
		text = "(any reply)"
	}
	return text
}

// show is a reply as a line of the dialogue.
func (r Said) show() string {
	text := collapse(r.Text)
	if r.Type != "text" {
		text = strings.TrimSpace("[" + r.Type + "] " + text + " " + r.gist())
	}
	if r.State != "" {
		text += " (" + r.State + ")"
	}
	return text
}

// gist is what is to be known of a reply that is no text.
func (r Said) gist() string {
	var f struct {
		Buttons                               []struct{ Text string }
		ImageURL, AudioURL, VideoURL, FileURL string
		Interval                              json.Number
		TargetState                           string
	}
	if json.Unmarshal(r.Raw, &f) != nil {
		return shorten(string(r.Raw), 200)
	}
	switch r.Type {
	case "buttons", "inlineButtons":
		texts := make([]string, len(f.Buttons))
		for i, b := range f.Buttons {
			texts[i] = b.Text
		}
		return strings.Join(texts, ", ")
	case "image", "audio", "video", "file":
		return f.ImageURL + f.AudioURL + f.VideoURL + f.FileURL
	case timeoutKind:
		return fmt.Sprintf("%s s → %s", f.Interval, f.TargetState)
	default:
		return shorten(string(r.Raw), 200)
	}
}

// shorten cuts a text to a number of characters.
func shorten(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}

// checkData compares fields of $response; its texts together are the field "answer".
func (t *Turn) checkData(s *Step) {
	row := Row{Line: s.Line, Want: "responseData " + strings.TrimSpace(s.Attr["field"]+" "+string(encode(s.Data)))}
	response := t.response()
	got, ok := at(response, s.Attr["field"])
	if !ok {
		if inner, isObject := response["data"]; isObject { // $response.data.smartRandom
			got, ok = at(inner, s.Attr["field"])
		}
	}
	switch {
	case !ok:
		row.Got, row.Wrong = string(encode(response)), "$response has no such field"
	case !within(s.Data, got, false):
		row.Got, row.Wrong = string(encode(got)), "other data"
	default:
		row.Got = string(encode(got))
	}
	t.Rows = append(t.Rows, row)
}

// response is $response with what tests see beside it.
func (t *Turn) response() map[string]any {
	object := map[string]any{}
	if value, err := decodeJSON(t.answer.Response); err == nil {
		if fields, ok := value.(map[string]any); ok {
			object = fields
		}
	}
	if _, ok := object["replies"]; !ok {
		replies := []any{}
		for _, r := range t.answer.Replies {
			if value, err := decodeJSON(r.Raw); err == nil {
				replies = append(replies, value)
			}
		}
		object["replies"] = replies
	}
	if _, ok := object["answer"]; !ok {
		var texts []string
		for _, r := range t.answer.Replies {
			if r.Type == "text" && r.Text != "" {
				texts = append(texts, r.Text)
			}
		}
		object["answer"] = strings.Join(texts, "\n\n")
	}
	return object
}

// checkTimeout looks for a timeout that the answer began: among the replies or what waits.
func (t *Turn) checkTimeout(s *Step) {
	type timeout struct {
		Interval    json.Number `json:"interval"`
		TargetState string      `json:"targetState"`
	}
	var began []timeout
	for _, r := range t.answer.Replies {
		var found timeout
		if r.Type == timeoutKind && json.Unmarshal(r.Raw, &found) == nil {
			began = append(began, found)
		}
	}
	for _, w := range t.waiting {
		if w.Kind == timeoutKind {
			began = append(began, timeout{json.Number(strconv.FormatFloat(w.Interval, 'f', -1, 64)), w.Target})
		}
	}
	row := Row{Line: s.Line, Want: s.attributes("timeout"), Wrong: "the bot began no timeout"}
	for _, b := range began {
		row.Got = fmt.Sprintf("timeout interval=%s targetState=%s", b.Interval, b.TargetState)
		row.Wrong = "another timeout"
		interval, target := strings.TrimSpace(s.Attr["interval"]), s.Attr["targetState"]
		if (interval == "" || sameNumber(json.Number(interval), b.Interval)) && (target == "" || samePath(target, b.TargetState)) {
			row.Wrong = ""
			break
		}
	}
	t.Rows = append(t.Rows, row)
}

// checkSession looks whether the answer began a session.
func (t *Turn) checkSession(s *Step) {
	row := Row{Line: s.Line, Want: strings.TrimSpace(s.attributes("new session") + " " + string(encode(s.Data)))}
	if b := t.answer.NewSession; b == nil {
		row.Wrong = "the bot began no new session"
	} else {
		row.Got = strings.TrimSpace(fmt.Sprintf("new session message=%s %s", b.Message, b.Session))
		var session any
		if len(b.Session) > 0 {
			session, _ = decodeJSON(b.Session) // what is no JSON has none of the fields
		}
		switch {
		case s.has("message") && collapse(s.Attr["message"]) != collapse(b.Message):
			row.Wrong = "another message"
		case s.Data != nil && !within(s.Data, session, false):
			row.Wrong = "other data"
		}
	}
	t.Rows = append(t.Rows, row)
}

// checkMail looks for a mail that has all of what is given.
func (t *Turn) checkMail(s *Step) {
	row := Row{Line: s.Line, Want: s.attributes("mail"), Wrong: "the bot sent no mail"}
	for _, l := range t.answer.Mails {
		row.Got = fmt.Sprintf("mail recipient=%s subject=%s body=%s", l.Recipient, l.Subject, l.Body)
		row.Wrong = "another mail"
		fields := map[string]string{"recipient": l.Recipient, "subject": l.Subject, "body": l.Body}
		fits := true
		for name, value := range fields {
			fits = fits && (!s.has(name) || collapse(s.Attr[name]) == collapse(value))
		}
		if fits {
			row.Wrong = ""
			break
		}
	}
	t.Rows = append(t.Rows, row)
}

// attributes shows a step as its name and attributes.
func (s *Step) attributes(name string) string {
	for _, attr := range attributes[s.Kind] {
		if s.has(attr) {
			name += " " + attr + "=" + s.Attr[attr]
		}
	}
	return name
}
