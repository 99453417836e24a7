package script

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"modernc.org/quickjs"
)

// What ends a machine. The turn's data is lost; take another one.
var (
	ErrTimeout = errors.New("the scripts of the turn took too long")
	ErrMemory  = errors.New("the scripts of the turn took too much memory")
	ErrOutput  = errors.New("the data of the turn is too large")
	errEngine  = errors.New("the JavaScript engine failed")
	errClosed  = errors.New("the bot's scripts are closed")
	errLoading = errors.New("no calls are made while a bot loads")
)

// Error is a mistake in a bot's JavaScript, found when it was read or when it ran.
type Error struct {
	Message string // with the error's name: "ReferenceError: 'x' is not defined"
	Stack   string // lines "at function (file:line:column)", the innermost first
	File    string // "" when the place is not known
	Line    int    // from 1; 0 when the file as a whole is meant
	Column  int    // from 1; 0 when it is not known
	Source  string // the line itself, for mistakes found when it was read
}

func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Line > 0 && e.Column > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	case e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		fmt.Fprintf(&b, "%s: ", e.File)
	}
	b.WriteString(e.Message)
	if e.Source != "" {
		fmt.Fprintf(&b, "\n\t%s", strings.TrimSpace(e.Source))
	}
	return b.String()
}

// Errors are the mistakes of a bot's JavaScript, in the order of its units.
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

// frame is a place in a stack trace: "at f (<eval>:12:3)". Everything is compiled under one
// file name; which file a line is of, its number tells.
var frame = regexp.MustCompile(`(?m)^\s*at (.*?)\s*\(?<eval>:(\d+)(?::(\d+))?\)?\s*$`)

// locate turns an error of the engine into one of the bot.
func (p *program) locate(e *quickjs.Error) *Error {
	result := &Error{Message: e.Error()}
	if e.LineNumber > 0 {
		if at, source := p.place(e.LineNumber); at.file != "" {
			result.File, result.Line, result.Column, result.Source = at.file, at.line, e.ColumnNumber, source
			return result
		}
	}
	var stack []string
	for _, m := range frame.FindAllStringSubmatch(e.Stack, -1) {
		number, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		at, _ := p.place(number)
		if at.file == "" {
			continue // the prelude's, which says nothing to the bot's author
		}
		stack = append(stack, fmt.Sprintf("at %s (%s:%d:%d)", m[1], at.file, at.line, column))
		if result.File == "" {
			result.File, result.Line, result.Column = at.file, at.line, column
		}
	}
	result.Stack = strings.Join(stack, "\n")
	return result
}
