package syntax

import (
	"slices"
	"strings"
)

// body says what a tag has behind its colon and what may be nested in it.
type body uint8

const (
	bodyValue   body = iota // a value that may go on in deeper lines
	bodyText                // the same for people to read: || and # are mostly text
	bodyPattern             // the same for the matcher: a # may be a word
	bodyTags                // a value on the line, and tags
	bodyChoice              // a condition in JavaScript, and tags
	bodyItems               // lines that are items
	bodyCode                // lines of a script
	bodyParams              // lines of parameters, one each: an action
	bodySkip                // a block of JSON that the visual editor left; it is not read
)

// kind is what the reader knows of a tag.
type kind struct {
	name   string // as the language spells it
	body   body
	params []string // names that are parameters without || too
	alone  bool     // the tag may stand without a colon
}

// knows reports whether a name is one of the tag's own parameters.
func (k *kind) knows(name string) bool {
	return slices.ContainsFunc(k.params, func(p string) bool { return strings.EqualFold(p, name) })
}

// wordy reports whether a value may have || that begins no parameters.
func (k *kind) wordy() bool { return k.body == bodyText || k.body == bodyPattern }

// TagNames is what a person may write where a tag is expected, for messages.
const TagNames = "one of: state, q!, q, event!, event, a, buttons, image, random, go!, go"

// vocabulary is the language's tags by their names in small letters (scenario language, 2).
var vocabulary = func() map[string]*kind {
	trigger := []string{"fromState", "toState", "onlyThisState"}
	known := make(map[string]*kind)
	add := func(k kind, names ...string) {
		for _, name := range names {
			one := k
			one.name = name
			known[strings.ToLower(name)] = &one
		}
	}
	add(kind{body: bodyValue, params: []string{
		"name", "var", "module", "injector", "type", "from", "rootTheme", "provide"}}, "require")
	add(kind{body: bodyItems, alone: true}, "patterns", "buttons", "inlineButtons")
	add(kind{body: bodyTags, params: []string{"modal"}}, "theme")
	add(kind{body: bodyTags, params: []string{"noContext", "modal", "sessionResult", "sessionResultColor"}}, "state")
	add(kind{body: bodyPattern, params: trigger}, "q", "q!", "e", "e!", "eg", "eg!")
	add(kind{body: bodyValue, params: trigger},
		"event", "event!", "intent", "intent!", "intentGroup", "intentGroup!")
	add(kind{body: bodyText, params: []string{"html", "htmlEnabled", "tts", "ttsEnabled", "markdown", "auto_listening"}}, "a")
	add(kind{body: bodyValue}, "go", "go!", "image", "audio", "video", "file")
	add(kind{body: bodyValue, params: []string{"interval"}}, "timeout")
	add(kind{body: bodyTags, alone: true}, "random", "else")
	add(kind{body: bodyChoice}, "if", "elseif")
	add(kind{body: bodyCode, alone: true}, "init", "script", "scriptEs6")
	add(kind{body: bodyParams, alone: true}, "newSession", "InputText", "InputNumber", "InputPhoneNumber",
		"InputFile", "Confirmation", "HttpRequest", "TransferToOperator", "TransferCallToOperator",
		"EndSession", "Email", "Sms", "GoogleSheets", "TelegramPayment")
	known["elif"] = known["elseif"]
	known["else if"] = known["elseif"]
	return known
}()

// alike are the letters of the Cyrillic keyboard that look like Latin ones: "а: Привет" is
// read as it looks.
var alike = strings.NewReplacer("а", "a", "с", "c", "е", "e", "о", "o", "р", "p", "х", "x", "у", "y", "і", "i",
	"т", "t", "м", "m", "к", "k", "в", "b", "н", "h")

// exactly finds a tag whose name is spelled as the language does.
func (r *reader) exactly(name string) *kind {
	if k := vocabulary[strings.ToLower(name)]; k != nil && (k.name == name || name == "else if") {
		return k
	}
	if slices.Contains(r.custom, name) {
		return &kind{name: name, body: bodyParams, alone: true}
	}
	return nil
}

// roughly finds a tag where nothing but a tag may stand: in other letters too.
func (r *reader) roughly(name string) *kind {
	if k := r.exactly(name); k != nil {
		return k
	}
	if name[0] == '@' {
		return &kind{name: name, body: bodySkip, alone: true}
	}
	lower := strings.ToLower(name)
	if k := vocabulary[lower]; k != nil {
		return k
	}
	return vocabulary[alike.Replace(lower)]
}

// isAction reports whether an unknown name may be that of an action of the bot's own: those
// begin with a capital letter.
func isAction(name string) bool {
	if name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	rest, _ := cutName(name)
	return rest == name
}
