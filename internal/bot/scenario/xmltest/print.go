package xmltest

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Style is how results are printed.
type Style struct {
	Color   bool
	Width   int  // of the terminal, in columns; 0 means 100
	Verbose bool // cases that passed are printed too
}

// Counts are how many cases ended how.
type Counts struct{ Passed, Failed, Skipped int }

func (c Counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

// Count counts results.
func Count(results []*Result) Counts {
	var c Counts
	for _, r := range results {
		switch r.Status {
		case Passed:
			c.Passed++
		case Failed:
			c.Failed++
		default:
			c.Skipped++
		}
	}
	return c
}

const (
	defaultWidth = 100
	minWidth     = 40
)

// The colours of the terminal.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	faint  = "\x1b[2m"
	reset  = "\x1b[0m"
)

// Print writes what is to be read of a result: of a failure the dialogue, what was expected
// beside what came; of a skipped case why. Of a passed one nothing, unless the style is
// verbose.
func Print(w io.Writer, r *Result, style Style) {
	p := printer{w: w, style: style}
	if p.style.Width <= 0 {
		p.style.Width = defaultWidth
	}
	p.style.Width = max(p.style.Width, minWidth)
	title := fmt.Sprintf("%s:%d: %s", r.Case.File, r.Case.Line, clean(r.Case.ID))
	switch r.Status {
	case Passed:
		if style.Verbose {
			p.line(green, "PASS "+title)
			p.turns(r)
		}
	case Skipped:
		p.line(yellow, "SKIP "+title+": "+r.Reason)
	default:
		p.line(red, "FAIL "+title)
		for _, note := range r.Case.Broken {
			p.line(red, "    "+note.String())
		}
		p.turns(r)
		if r.Reason != "" && r.Reason != errTurn.Error() {
			p.block("    ", red, r.Reason)
		}
		if r.Unplayed > 0 {
			p.line(faint, fmt.Sprintf("    %d more steps were not played", r.Unplayed))
		}
		fmt.Fprintln(w)
	}
}

// printer writes one result.
type printer struct {
	w       io.Writer
	style   Style
	columns runewidth.Condition // the same everywhere, whatever the locale
}

func (p *printer) colored(color, text string) string {
	if !p.style.Color || color == "" || text == "" {
		return text
	}
	return color + text + reset
}

func (p *printer) line(color, text string) { fmt.Fprintln(p.w, p.colored(color, text)) }

// block writes a text of several lines, indented.
func (p *printer) block(indent, color, text string) {
	for line := range strings.Lines(text) {
		p.line(color, indent+clean(strings.TrimRight(line, "\n")))
	}
}

func (p *printer) turns(r *Result) {
	for _, t := range r.Turns {
		fmt.Fprintf(p.w, "    > %s %s\n", clean(collapse(t.Asked)), p.colored(faint, fmt.Sprintf("(%s:%d)", r.Case.File, t.Line)))
		if len(t.Rows) > 0 && t.failed() {
			p.row(Row{Want: "expected", Got: "actual"}, faint, " ")
		}
		for _, row := range t.Rows {
			switch {
			case row.Wrong != "":
				p.row(row, red, "✗")
				where := ""
				if row.Line > 0 {
					where = fmt.Sprintf("%s:%d: ", r.Case.File, row.Line)
				}
				p.line(red, "        "+where+row.Wrong)
			case row.Line > 0:
				p.row(row, "", "✓")
			default:
				p.row(row, "", " ")
			}
		}
		if t.failed() {
			p.facts(t)
		}
	}
}

// facts tells what is to be known of a turn that failed.
func (p *printer) facts(t *Turn) {
	states := strings.Join(t.States, " → ")
	if states == "" {
		states = "none"
	}
	p.block("        ", faint, fmt.Sprintf("states: %s; then in %s", states, orNowhere(t.Context)))
	for _, entry := range t.Log {
		p.block("        ", faint, "log: "+entry)
	}
	if t.Err != "" {
		p.block("        ", red, "error: "+t.Err)
	}
}

// row writes two columns, each wrapped to its half.
func (p *printer) row(row Row, color, sign string) {
	const indent = 6
	half := (p.style.Width - indent - len(" │ ")) / 2
	want, got := p.wrap(clean(row.Want), half), p.wrap(clean(row.Got), half)
	for i := range max(len(want), len(got), 1) {
		left, right := lineOf(want, i), lineOf(got, i)
		if row.Want == "" && i == 0 {
			left = "–"
		}
		if row.Got == "" && i == 0 {
			right = "–"
		}
		line := sign + " " + p.columns.FillRight(left, half) + " │ " + right
		fmt.Fprintln(p.w, "    "+p.colored(color, strings.TrimRight(line, " ")))
		sign = " "
	}
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks a text into lines of so many columns, at spaces where there are some.
func (p *printer) wrap(text string, width int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	flush := func() {
		lines = append(lines, line.String())
		line.Reset()
		used = 0
	}
	for word := range strings.FieldsSeq(text) {
		if used > 0 && used+1+p.columns.StringWidth(word) > width {
			flush()
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		for p.columns.StringWidth(word) > width-used {
			head := p.columns.Truncate(word, width-used, "")
			if head == "" { // not even one character
				break
			}
			line.WriteString(head)
			word = word[len(head):]
			flush()
		}
		line.WriteString(word)
		used += p.columns.StringWidth(word)
	}
	if used > 0 {
		flush()
	}
	return lines
}

// clean takes control characters out of a text, which could command the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' {
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '�'
		}
		return r
	}, text)
}
