// Package check finds what is suspicious in a bot that can be loaded: targets that do not
// exist, states that nothing leads to, named patterns that nothing uses, global variables
// that change while the bot runs. It reads syntax trees and JavaScript; it neither compiles
// nor runs anything, and mistakes of the language are not its to report.
//
// What cannot be known is not reported: a path that a script puts together may lead anywhere.
package check

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Kind is what is suspicious.
type Kind string

// The kinds of problems.
const (
	UnknownTarget Kind = "unknown target"
	Unreachable   Kind = "unreachable state"
	UnusedPattern Kind = "unused pattern"
	ChangedGlobal Kind = "changed global"
)

// Problem is something suspicious in a bot.
type Problem struct {
	Kind    Kind
	File    string
	Line    int    // from 1; 0 when the file as a whole is meant
	Column  int    // from 1, in characters
	Source  string // the line itself
	Message string
}

func (p Problem) compare(q Problem) int {
	return cmp.Or(strings.Compare(p.File, q.File), p.Line-q.Line, p.Column-q.Column, strings.Compare(p.Message, q.Message))
}

// String is the problem with its place, and below it the line with a mark under the column.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message) + Caret(p.Source, p.Column)
}

// Caret shows a line with a mark under a column, in characters from 1, each on a line of its
// own after a line feed; "" for an empty line.
func Caret(line string, column int) string {
	trimmed := strings.TrimLeft(line, " \t\ufeff")
	if trimmed == "" {
		return ""
	}
	runes := []rune(trimmed)
	at := max(0, min(column-1-(len([]rune(line))-len(runes)), len(runes)))
	var columns runewidth.Condition
	blank := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(runes[:at]))
	if !strings.Contains(blank, "\t") {
		blank = strings.Repeat(" ", columns.StringWidth(string(runes[:at])))
	}
	return "\n\t" + strings.TrimRight(trimmed, " \t\r\n") + "\n\t" + blank + "^"
}
