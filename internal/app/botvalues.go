package app

import (
	"fmt"
	"maps"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/govorun/govorun/internal/bot/scenario"
)

// botValues are what scripts get of $secrets and $env, by the id or the name of a bot; those of
// "*" are for every bot.
type botValues map[string]struct {
	Secrets   map[string]string `yaml:"secrets"`
	Variables map[string]string `yaml:"variables"`
}

// readBotValues reads the file of the key bot.values; none when there is no such file named.
func readBotValues(name string) (botValues, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("bot.values: %w", err)
	}
	defer func() { _ = file.Close() }()
	var v botValues
	d := yaml.NewDecoder(file)
	d.KnownFields(true)
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("bot.values: %s: %w; expected the names of bots, each with secrets and variables, objects of texts", name, err)
	}
	return v, nil
}

// of adds the values of a bot to what it works with.
func (v botValues) of(id, name string, o scenario.Options) scenario.Options {
	o.Secrets, o.Variables = make(map[string]string), make(map[string]string)
	for _, key := range []string{"*", name, id} {
		maps.Copy(o.Secrets, v[key].Secrets)
		maps.Copy(o.Variables, v[key].Variables)
	}
	return o
}
