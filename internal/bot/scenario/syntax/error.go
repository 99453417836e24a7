// Package syntax reads the files of the scenario language (.sc) into trees of tags, and CSV
// dictionaries into their entries (scenario language, 2). It knows how the language is
// written, not what it means: states, paths, patterns and scripts are texts here, each with
// the place where it stands.
package syntax

import (
	"fmt"
	"strings"
)

// Position is a place in a file of a bot.
type Position struct {
	File   string // path inside the bot
	Line   int    // from 1; 0 when the file as a whole is meant
	Column int    // from 1, in characters
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is a mistake in a bot.
type Error struct {
	Position
	Source   string // the line itself
	Message  string // what is wrong
	Expected string // what would be right; "" when the message says it all
}

// said is what is wrong and what would be right, without the place.
func (e *Error) said() string {
	if e.Expected == "" {
		return e.Message
	}
	return e.Message + ", expected " + e.Expected
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Position, e.said())
	if e.Source != "" {
		fmt.Fprintf(&b, "\n\t%s", strings.TrimSpace(e.Source))
	}
	return b.String()
}

// Errors are the mistakes of a bot, in order of the files as they are read.
type Errors []*Error

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives errors.As the single mistakes.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}
