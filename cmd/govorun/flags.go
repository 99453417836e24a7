package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/govorun/govorun/internal/config"
)

// settings are the flags by which a command is configured: --config, and one for every key
// of the configuration.
type settings struct {
	File string `name:"config" placeholder:"FILE" help:"Configuration file (YAML)."`

	kong.Plugins // one flag for each key, see init
}

// init makes the flags from the list of keys, so that a new key has its flag at once. Every
// flag is a *string, nil when it was not given: the configuration judges the values.
func (s *settings) init() {
	var fields []reflect.StructField
	for i, k := range config.Keys() {
		placeholder := strings.ToUpper(k.Name[strings.LastIndexByte(k.Name, '.')+1:])
		if k.Default != "" {
			placeholder = k.Default
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Key%d", i),
			Type: reflect.TypeFor[*string](),
			Tag:  reflect.StructTag(fmt.Sprintf(`name:%q placeholder:%q help:%q`, k.Flag(), placeholder, k.Doc)),
		})
	}
	s.Plugins = kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}
}

// load reads the configuration from its file, the environment and the flags.
func (s *settings) load(w *world) (*config.Loaded, error) {
	flags := map[string]string{}
	given := reflect.ValueOf(s.Plugins[0]).Elem()
	for i, k := range config.Keys() {
		if text, ok := given.Field(i).Interface().(*string); ok && text != nil {
			flags[k.Name] = *text
		}
	}
	c, err := config.Load(config.Sources{File: s.File, Environ: w.Environ, Flags: flags})
	if err != nil {
		return nil, &usageError{err}
	}
	return c, nil
}
