package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

const (
	envPrefix = "GOVORUN_"
	// envFile names the configuration file in the environment.
	envFile = envPrefix + "CONFIG"
)

// envOfClients are variables of the commands that call a server. They may be set where one is
// started, too.
var envOfClients = []string{envPrefix + "SERVER", envPrefix + "KEY"}

// Sources are where the values come from, weakest first.
type Sources struct {
	File    string            // path of a YAML file; "" reads the one named by GOVORUN_CONFIG, if any
	Environ []string          // "NAME=value", as of os.Environ
	Flags   map[string]string // by name of key
}

// Loaded is a configuration and where each value came from.
type Loaded struct {
	Config
	keys   []Key
	origin map[string]string // by name of key; the default when missing
}

// Load reads the configuration. An error names every key that is unknown or has a bad value.
func Load(s Sources) (*Loaded, error) {
	l := &Loaded{origin: map[string]string{}}
	l.keys = keys(&l.Config)
	for i := range l.keys {
		if k := &l.keys[i]; !k.value.set(k.Default) {
			return nil, fmt.Errorf("configuration: default %q of %s: expected %s", k.Default, k.Name, k.Expects)
		}
	}
	values, err := l.readFile(s)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	fromEnv, err := l.readEnviron(s.Environ)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	values = append(values, fromEnv...)
	for name, text := range s.Flags {
		values = append(values, given{name: name, text: text, origin: "flag --" + (&Key{Name: name}).Flag(), known: l.find(name) != nil})
	}
	var problems []error
	for _, v := range values {
		if err := l.apply(v); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("configuration: %w", errors.Join(problems...))
	}
	return l, nil
}

// given is a value somebody has set.
type given struct {
	name   string // of the key, or what was written when it is none
	text   string
	origin string
	known  bool
}

func (l *Loaded) apply(g given) error {
	if in := l.section(g.name); len(in) > 0 {
		return fmt.Errorf("%s (%s): is a section, expected one of its keys: %s", g.name, g.origin, strings.Join(in, ", "))
	}
	if !g.known {
		return fmt.Errorf("unknown key %s (%s); did you mean %s?", g.name, g.origin, l.nearest(g.name))
	}
	k := l.find(g.name)
	if !k.value.set(g.text) {
		shown := fmt.Sprintf("%q", g.text)
		if k.Secret {
			shown = "the value"
		}
		return fmt.Errorf("%s (%s): %s is not valid, expected %s", k.Name, g.origin, shown, k.Expects)
	}
	l.origin[k.Name] = g.origin
	return nil
}

func (l *Loaded) readFile(s Sources) ([]given, error) {
	path := s.File
	if path == "" {
		for _, e := range s.Environ {
			if v, ok := strings.CutPrefix(e, envFile+"="); ok {
				path = v
			}
		}
	}
	if path == "" {
		return nil, nil
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return l.given(k, func(*Key) string { return "file " + path })
}

func (l *Loaded) readEnviron(environ []string) ([]given, error) {
	k := koanf.New(".")
	names := env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, text string) (string, any) {
			if name == envFile || slices.Contains(envOfClients, name) {
				return "", nil
			}
			for i := range l.keys {
				if l.keys[i].Env() == name {
					return l.keys[i].Name, text
				}
			}
			return name, text
		},
	}
	if err := k.Load(env.Provider(".", names), nil); err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	return l.given(k, func(key *Key) string {
		if key == nil {
			return "environment"
		}
		return "environment " + key.Env()
	})
}

// given lists what one source sets, in the order of names.
func (l *Loaded) given(k *koanf.Koanf, origin func(*Key) string) ([]given, error) {
	var list []given
	for _, name := range k.Keys() {
		raw := k.Get(name)
		key := l.find(name)
		if section, ok := raw.(map[string]any); raw == nil || ok && len(section) == 0 {
			if key != nil || len(l.section(name)) > 0 {
				continue // "log:" with nothing below: as if it were not there
			}
		}
		list = append(list, given{name: name, text: plain(raw), origin: origin(key), known: key != nil})
	}
	return list, nil
}

// plain is a value of YAML as one would write it in the environment.
func plain(raw any) string {
	items, ok := raw.([]any)
	if !ok {
		return fmt.Sprint(raw)
	}
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = fmt.Sprint(item)
	}
	return strings.Join(words, ",")
}

func (l *Loaded) find(name string) *Key {
	i := slices.IndexFunc(l.keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return &l.keys[i]
}

// section lists the keys in a section, none if there is no such section.
func (l *Loaded) section(name string) []string {
	var in []string
	for i := range l.keys {
		if strings.HasPrefix(l.keys[i].Name, name+".") {
			in = append(in, l.keys[i].Name)
		}
	}
	return in
}

// nearest is the known key, in the form the caller used, that takes the fewest edits to reach.
func (l *Loaded) nearest(name string) string {
	var best string
	least := -1
	for i := range l.keys {
		known := l.keys[i].Name
		if strings.HasPrefix(name, envPrefix) {
			known = l.keys[i].Env()
		}
		if d := edits(name, known); least < 0 || d < least {
			best, least = known, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
