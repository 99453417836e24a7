package xmltest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

const (
	configFile = "chatbot.yaml"
	testDir    = "test" // where a bot keeps its tests
)

// selection is the part of chatbot.yaml that says which tests are run: Ant's patterns,
// relative to test/ (scenario language, 1). We also take them relative to the bot.
type selection struct {
	Tests struct {
		Include patterns `yaml:"include"`
		Exclude patterns `yaml:"exclude"`
	} `yaml:"tests"`
}

// patterns is one pattern or a list of them.
type patterns []string

func (p *patterns) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*p = patterns{n.Value}
		return nil
	}
	return n.Decode((*[]string)(p))
}

// Find reads the tests of a bot: those that chatbot.yaml chooses, else all below test/. The
// error is about the bot's directory or its chatbot.yaml; bad tests are cases that fail.
func Find(bot fs.FS) ([]*File, error) {
	var chosen selection
	content, err := fs.ReadFile(bot, configFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(string(content), "\uFEFF")), &chosen); err != nil {
			return nil, fmt.Errorf("%s: %s", configFile, strings.TrimPrefix(err.Error(), "yaml: "))
		}
	}
	include, exclude := chosen.Tests.Include, chosen.Tests.Exclude
	for _, pattern := range append(slices.Clone(include), exclude...) {
		if !doublestar.ValidatePattern(ant(pattern)) {
			return nil, fmt.Errorf("%s: tests: %q is no pattern, expected one as **/*.xml", configFile, pattern)
		}
	}
	var files []*File
	err = fs.WalkDir(bot, testDir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == testDir {
			return nil // a bot without tests
		}
		if err != nil || d.IsDir() || !strings.EqualFold(path.Ext(name), ".xml") {
			return err
		}
		if len(include) > 0 && !include.match(name) || exclude.match(name) {
			return nil
		}
		content, err := fs.ReadFile(bot, name)
		if err != nil {
			return err
		}
		files = append(files, Read(name, content))
		return nil
	})
	return files, err
}

func (p patterns) match(name string) bool {
	return slices.ContainsFunc(p, func(pattern string) bool {
		pattern = ant(pattern)
		return doublestar.MatchUnvalidated(pattern, strings.TrimPrefix(name, testDir+"/")) || doublestar.MatchUnvalidated(pattern, name)
	})
}

// ant makes a pattern of Ant's one of doublestar's: a directory at its end means all in it.
func ant(pattern string) string {
	pattern = strings.TrimPrefix(strings.TrimPrefix(strings.ReplaceAll(strings.TrimSpace(pattern), `\`, "/"), "./"), "/")
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	return pattern
}
