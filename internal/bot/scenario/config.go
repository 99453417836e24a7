package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govorun/govorun/internal/bot/scenario/nlu"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// configFile is where a bot says what it is.
const configFile = "chatbot.yaml"

// defaultLengthLimit is how many characters of a query a bot takes (scenario language, 1).
const defaultLengthLimit = 400

// defaultTimeLimit is how long a turn's scripts may take (scenario language, 1).
const defaultTimeLimit = 10 * time.Second

// config is chatbot.yaml. Keys it does not know are left alone: bots come with many.
type config struct {
	Name       string    `yaml:"name"`
	EntryPoint texts     `yaml:"entryPoint"`
	Language   string    `yaml:"language"`
	Injector   yaml.Node `yaml:"injector"`
	NLP        struct {
		LengthLimit struct {
			Enabled *bool `yaml:"enabled"`
			Symbols int   `yaml:"symbols"`
		} `yaml:"lengthLimit"`
		TimeLimit struct {
			Timeout int `yaml:"timeout"` // in milliseconds
		} `yaml:"timeLimit"`
		IntentNoMatchThresholds struct {
			Phrases *float64 `yaml:"phrases"`
		} `yaml:"intentNoMatchThresholds"`
		ModifyRequestInPreMatch bool  `yaml:"modifyRequestInPreMatch"`
		DepthFirst              *bool `yaml:"considerContextDepthInStateSelectionV2"`
	} `yaml:"nlp"`
	Caila struct {
		NoMatchThreshold *float64 `yaml:"noMatchThreshold"`
	} `yaml:"caila"`
	Messages struct {
		OnError struct {
			DefaultMessage  string           `yaml:"defaultMessage"`
			DefaultMessages texts            `yaml:"defaultMessages"`
			Locales         map[string]texts `yaml:"locales"`
		} `yaml:"onError"`
	} `yaml:"messages"`
	ScriptsPreLoad struct {
		Local texts `yaml:"local"`
	} `yaml:"scriptsPreLoad"`
	CustomTags texts `yaml:"customTags"`
}

// depthFirst reports whether a trigger of a deeper context wins before one that fits better.
func (c *config) depthFirst() bool { return c.NLP.DepthFirst == nil || *c.NLP.DepthFirst }

// intentThreshold is the confidence from which an intent counts.
func (c *config) intentThreshold() float64 {
	for _, t := range []*float64{c.NLP.IntentNoMatchThresholds.Phrases, c.Caila.NoMatchThreshold} {
		if t != nil {
			return *t
		}
	}
	return nlu.DefaultThreshold
}

// lengthLimit is how many characters of a query are matched.
func (c *config) lengthLimit() int {
	switch l := c.NLP.LengthLimit; {
	case l.Enabled != nil && !*l.Enabled:
		return math.MaxInt
	case l.Symbols > 0:
		return l.Symbols
	}
	return defaultLengthLimit
}

func (c *config) timeLimit() time.Duration {
	if ms := c.NLP.TimeLimit.Timeout; ms > 0 {
		return min(time.Duration(ms)*time.Millisecond, defaultTimeLimit)
	}
	return defaultTimeLimit
}

// preloaded are scripts of the bot's own that are loaded first. The library's are there anyway.
func (c *config) preloaded() []string {
	return slices.DeleteFunc(slices.Clone(c.ScriptsPreLoad.Local), func(name string) bool { return strings.HasPrefix(name, "/js") })
}

// texts is one text or a list of them.
type texts []string

func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// parseConfig reads chatbot.yaml. A bot does not fail for a setting that is of a wrong kind, which
// is as if it was not there, but for one without which nothing is known of it.
func parseConfig(content []byte, errs, warnings *Errors) config {
	var c config
	text := strings.TrimPrefix(string(content), "\uFEFF")
	var root yaml.Node
	err := yaml.Unmarshal([]byte(text), &root)
	if err != nil && yaml.Unmarshal([]byte(strings.ReplaceAll(text, "\t", "    ")), &root) != nil {
		*errs = append(*errs, yamlError(text, err))
		return c
	}
	simplify(&root)
	var wrong *yaml.TypeError
	if err := root.Decode(&c); errors.As(err, &wrong) {
		for _, message := range wrong.Errors {
			*warnings = append(*warnings, yamlError(text, errors.New(message)))
		}
	}
	switch entry := field(&root, "entryPoint"); {
	case len(c.EntryPoint) > 0:
	case entry == nil || entry.ShortTag() == "!!null":
		c.EntryPoint = texts{"main.sc"}
	default:
		*errs = append(*errs, &Error{Position: Position{File: configFile, Line: entry.Line, Column: entry.Column}, Source: lineOf(text, entry.Line),
			Message: "entryPoint is no file", Expected: "the name of a file, or a list of them"})
	}
	if l := c.Language; l != "" && l != "ru" && l != "en" {
		*warnings = append(*warnings, &Error{Position: Position{File: configFile}, Message: fmt.Sprintf("unknown language %q", l), Expected: "ru or en"})
	}
	return c
}

// simplify takes the quotes off values, which people put around numbers too, and leaves of
// several fields of one name the last.
func simplify(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		n.Style, n.Tag = 0, ""
	}
	if n.Kind == yaml.MappingNode {
		kept := n.Content[:0]
		for i := 0; i+1 < len(n.Content); i += 2 {
			if name := n.Content[i].Value; name == "<<" || fieldAt(n.Content[i+2:], name) < 0 {
				kept = append(kept, n.Content[i], n.Content[i+1])
			}
		}
		n.Content = kept
	}
	for i, kid := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 && n.Content[i-1].Value != "injector" { // what is for scripts stays as it is
			simplify(kid)
		}
	}
}

func fieldAt(pairs []*yaml.Node, name string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value == name {
			return i
		}
	}
	return -1
}

// field is the value of a field of a document; nil when there is none.
func field(root *yaml.Node, name string) *yaml.Node {
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	if at := fieldAt(root.Content[0].Content, name); at >= 0 {
		return root.Content[0].Content[at+1]
	}
	return nil
}

// injected is what scripts are told by chatbot.yaml; nil when it is no object.
func (c *config) injected() map[string]any {
	var fields map[string]any
	content, err := yaml.Marshal(&c.Injector)
	if err != nil {
		return nil
	}
	if value, errs := syntax.ParseData(configFile, string(content)); len(errs) == 0 {
		_ = json.Unmarshal(value, &fields)
	}
	return fields
}

// onError is what the bot says when it fails, if it says so itself.
func (c *config) onError(language string) []string {
	if m := c.Messages.OnError.Locales[language]; len(m) > 0 {
		return m
	}
	if m := c.Messages.OnError.DefaultMessages; len(m) > 0 {
		return m
	}
	if m := c.Messages.OnError.DefaultMessage; m != "" {
		return []string{m}
	}
	return nil
}

// yamlError gives an error of the YAML reader its line.
func yamlError(content string, err error) *Error {
	e := &Error{Position: Position{File: configFile}, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := regexp.MustCompile(`line (\d+): (?s:(.*))`).FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
		if lines := strings.Split(content, "\n"); e.Line >= 1 && e.Line <= len(lines) {
			e.Source = strings.TrimRight(lines[e.Line-1], "\r")
			e.Column = len(e.Source) - len(strings.TrimLeft(e.Source, " \t")) + 1
		}
	}
	return e
}
