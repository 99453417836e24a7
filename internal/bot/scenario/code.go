package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/script"
	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// code gathers the JavaScript of a bot's .sc files. Every script, condition and expression
// becomes a function with a number,
//
//	$$.blocks[7]=function(){ … }
//
// and the functions of one file become one unit whose lines are the file's: what goes wrong
// in a script is reported at its line in the scenario.
type code struct {
	files  []*codeFile
	blocks int
}

// noBlock stands for a function that is not there.
const noBlock = -1

// codeFile is what a .sc file has of JavaScript, by line.
type codeFile struct {
	name  string
	lines []codeLine
}

// codeLine is a line of the unit: what ends the functions of the lines before it comes first.
type codeLine struct {
	ends, text strings.Builder
	pieces     []piece
}

// piece is where a text of the scenario stands in a line of the unit.
type piece struct {
	at     int // in the line, in characters
	column int // in the scenario, from 1
}

// put adds a text of the scenario that begins at a column.
func (l *codeLine) put(text string, column int) {
	l.pieces = append(l.pieces, piece{utf8.RuneCountInString(l.text.String()), column})
	l.text.WriteString(text)
}

// columns know where the pieces of each line of a unit stand in the scenario, by file.
type columns map[string][][]piece

// columns are those of all units, once nothing is added any more.
func (c *code) columns() columns {
	all := make(columns, len(c.files))
	for _, f := range c.files {
		lines := make([][]piece, len(f.lines))
		for i := range f.lines {
			lines[i] = f.lines[i].pieces
			for j := range lines[i] {
				lines[i][j].at += utf8.RuneCountInString(f.lines[i].ends.String())
			}
		}
		all[f.name] = lines
	}
	return all
}

// original makes of a column of a unit, from 1, one of the scenario.
func (c columns) original(file string, line, column int) int {
	lines, ok := c[file]
	if !ok || line < 1 || line > len(lines) || column < 1 {
		return column
	}
	found := 1
	for _, p := range lines[line-1] {
		if p.at < column {
			found = p.column + column - 1 - p.at
		}
	}
	return found
}

// place has an error of a script say where it is in the scenario.
func (c columns) place(err error) {
	var e *script.Error
	if errors.As(err, &e) {
		e.Column = c.original(e.File, e.Line, e.Column)
	}
}

func (c *code) file(name string) *codeFile {
	i := slices.IndexFunc(c.files, func(f *codeFile) bool { return f.name == name })
	if i < 0 {
		i = len(c.files)
		c.files = append(c.files, &codeFile{name: name})
	}
	return c.files[i]
}

// line is a line of the file, from 1.
func (f *codeFile) line(n int) *codeLine {
	for len(f.lines) < n {
		f.lines = append(f.lines, codeLine{})
	}
	return &f.lines[n-1]
}

// unit is the file's JavaScript.
func (f *codeFile) unit() script.Unit {
	var b strings.Builder
	for i := range f.lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.lines[i].ends.String())
		b.WriteString(f.lines[i].text.String())
	}
	return script.Unit{Name: f.name, Code: b.String()}
}

// global adds lines that run when the bot is loaded: their functions and variables are global.
func (c *code) global(file string, lines []syntax.CodeLine) {
	f := c.file(file)
	for _, l := range lines {
		f.line(l.Line).put(l.Text, 1)
	}
	if n := len(lines); n > 0 {
		f.line(lines[n-1].Line + 1).ends.WriteString(";")
	}
}

// statements makes a function of a script.
func (c *code) statements(file string, lines []syntax.CodeLine) int {
	if len(lines) == 0 {
		return noBlock
	}
	keyword := "function"
	for _, l := range lines {
		if strings.Contains(l.Text, "await ") || strings.Contains(l.Text, "await(") {
			keyword = "async function"
		}
	}
	f, first := c.file(file), c.open(file, lines[0].Line, keyword+"(){")
	for _, l := range lines {
		f.line(l.Line).put(l.Text, 1)
	}
	f.line(lines[len(lines)-1].Line + 1).ends.WriteString("};")
	return first
}

// expression makes a function that returns the value of a piece of a text.
func (c *code) expression(at Position, text string) int {
	n := c.open(at.File, at.Line, "function(){return (")
	l := c.file(at.File).line(at.Line)
	l.put(oneLine(text), at.Column)
	l.text.WriteString(")};")
	return n
}

// converter makes a function of the name or the text of one, which is looked up when it is called.
func (c *code) converter(v syntax.Value) int {
	return c.lines(v, "function(node,context){var f=(", ");return f(node,context)};")
}

// condition makes a function that returns the value of an expression.
func (c *code) condition(v syntax.Value) int {
	return c.lines(v, "function(){return (", ")};")
}

// lines makes a function around code that fills the lines it stands on: behind each there
// may be a comment, or a semicolon may be missing.
func (c *code) lines(v syntax.Value, head, end string) int {
	v = v.Slice(0, len(strings.TrimRight(v.Text, " \t\n;")))
	at, _ := v.At(0)
	at = placed(at)
	n := c.open(at.File, at.Line, head)
	f, last := c.file(at.File), at.Line
	for _, p := range v.Pieces() {
		last = p.Pos.Line
		f.line(last).put(p.Text, p.Pos.Column)
	}
	f.line(last + 1).ends.WriteString(end)
	return n
}

// open begins a function.
func (c *code) open(file string, line int, head string) int {
	n := c.blocks
	c.blocks++
	fmt.Fprintf(&c.file(file).line(line).text, "$$.blocks[%d]=%s", n, head)
	return n
}

// oneLine takes the line breaks and a semicolon at the end off an expression.
func oneLine(text string) string {
	return strings.TrimRight(strings.NewReplacer("\r", " ", "\n", " ").Replace(text), " \t;")
}
