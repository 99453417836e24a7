package scenario

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govorun/govorun/internal/bot/scenario/nlu"
)

// configFile is where a bot says what it is.
const configFile = "chatbot.yaml"

// defaultLengthLimit is how many characters of a query a bot takes (scenario language, 1).
const defaultLengthLimit = 400

// defaultTimeLimit is how long a turn's scripts may take (scenario language, 1).
const defaultTimeLimit = 10 * time.Second

// config is chatbot.yaml. Keys it does not know are left alone: bots come with many.
type config struct {
	Name       string         `yaml:"name"`
	EntryPoint texts          `yaml:"entryPoint"`
	Language   string         `yaml:"language"`
	Injector   map[string]any `yaml:"injector"`
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

// parseConfig reads chatbot.yaml.
func parseConfig(content []byte, errs *Errors) config {
	var c config
	if err := yaml.Unmarshal([]byte(strings.TrimPrefix(string(content), "\uFEFF")), &c); err != nil {
		*errs = append(*errs, yamlError(string(content), err))
	}
	if len(c.EntryPoint) == 0 {
		c.EntryPoint = texts{"main.sc"}
	}
	if l := c.Language; l != "" && l != "ru" && l != "en" {
		*errs = append(*errs, &Error{Position: Position{File: configFile}, Message: fmt.Sprintf("unknown language %q", l), Expected: "ru or en"})
	}
	return c
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
