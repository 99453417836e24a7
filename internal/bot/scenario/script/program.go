package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"modernc.org/quickjs"
)

// program is the compiled code of a bot, from which machines are made.
type program struct {
	units   []*unit
	missing Errors // packages that modules import and that are not there
}

// unit is a compiled piece. The engine knows one file name only, so each piece is compiled as if it
// stood below the others, and a line number tells file and line.
type unit struct {
	name string
	code string   // as the bot has it
	base int      // line 1 of the piece is line base+1 of the program
	size int      // lines
	byte [][]byte // the bytecode of its segments
	// places says where the lines of code that was made of others come from; nil for its own.
	places []spot
}

// spot is a line of a file of the bot.
type spot struct {
	file string
	line int // from 1
}

// firstLine is where the bot's code starts; what is made at run time by eval stays below.
const firstLine = 100_000

// place finds where a line of the program stands and its text; no file when it is none of a unit.
func (p *program) place(line int) (spot, string) {
	for _, u := range p.units {
		if line > u.base && line <= u.base+u.size {
			return u.place(line - u.base), u.line(line - u.base)
		}
	}
	return spot{}, ""
}

func (u *unit) place(line int) spot {
	if u.places == nil {
		return spot{u.name, line}
	}
	if line > len(u.places) {
		return spot{file: u.name}
	}
	return u.places[line-1]
}

func (u *unit) line(n int) string {
	for line := range strings.Lines(u.code) {
		if n--; n == 0 {
			return line
		}
	}
	return ""
}

// compile makes a program of units. The error is Errors, with every mistake that was found.
func compile(units []Unit, o Options) (*program, error) {
	js, err := quickjs.NewVM()
	if err != nil {
		return nil, fmt.Errorf("start JavaScript: %w", err)
	}
	defer js.Close() //nolint:errcheck // it frees memory, which does not fail
	p := &program{}
	modules, missing, errs := bundle(units, o.Files)
	p.missing = missing
	base := firstLine
	for i := -1; i < len(units); i++ {
		u := modules
		if i >= 0 {
			var err Errors
			if u, err = prepare(&units[i]); err != nil {
				errs = append(errs, err...)
				continue
			}
		}
		if u == nil {
			continue
		}
		u.base, u.size = base, strings.Count(u.code, "\n")+1
		base += u.size
		p.units = append(p.units, u)
		if mistakes := p.compile(js, u); mistakes != nil {
			errs = append(errs, mistakes...)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return p, nil
}

// prepare makes of a unit the code that is compiled.
func prepare(u *Unit) (*unit, Errors) {
	switch {
	case u.Global != "":
		if !json.Valid(u.Value) {
			return nil, Errors{{File: u.Name, Message: fmt.Sprintf("the value of the variable %s is not JSON", u.Global)}}
		}
		name, _ := json.Marshal(u.Global)
		value, _ := json.Marshal(string(u.Value))
		return &unit{name: u.Name, code: fmt.Sprintf("$$.global(%s, %s);", name, value)}, nil
	case u.Module != "":
		name, _ := json.Marshal(u.Module)
		file, _ := json.Marshal(u.Name)
		return &unit{name: u.Name, code: fmt.Sprintf("$$.module(%s, %s);", name, file)}, nil
	default:
		return &unit{name: u.Name, code: rewrite(strings.TrimPrefix(u.Code, "\ufeff"))}, nil
	}
}

// compile compiles a unit, each of its segments by itself; when that cannot be, it looks for the
// pieces that are to blame.
func (p *program) compile(js *quickjs.VM, u *unit) Errors {
	_, err := compileAt(js, piece{code: u.code}, u.base)
	if err == nil {
		for _, s := range segments(u.code) {
			var code []byte
			if code, err = compileAt(js, s, u.base); err != nil {
				break
			}
			u.byte = append(u.byte, code)
		}
		if err != nil { // the whole is right, so the cut was wrong
			code, err := compileAt(js, piece{code: u.code}, u.base)
			if err != nil {
				return Errors{p.syntaxError(err, u)}
			}
			u.byte = [][]byte{code}
		}
		return nil
	}
	var errs Errors
	for _, piece := range pieces(u.code) {
		piece.code = strings.TrimSuffix(piece.code, "\n")
		if _, err := compileAt(js, piece, u.base); err != nil {
			errs = append(errs, p.syntaxError(err, u))
		}
	}
	if len(errs) == 0 {
		errs = Errors{p.syntaxError(err, u)}
	}
	return errs
}

func (p *program) syntaxError(err error, u *unit) *Error {
	var e *quickjs.Error
	if errors.As(err, &e) {
		if located := p.locate(e); located.File != "" {
			return located
		}
	}
	return &Error{File: u.name, Message: err.Error()}
}

func compileAt(js *quickjs.VM, p piece, base int) ([]byte, error) {
	return js.Compile(strings.Repeat("\n", base+p.line)+strings.Repeat(" ", p.column)+p.code, quickjs.EvalGlobal)
}

// piece is a part of a unit that can be compiled by itself.
type piece struct {
	line   int // lines before it
	column int // characters before it in its line
	code   string
}

// assignment begins a block.
var assignment = regexp.MustCompile(`\$\$\.blocks\[\d+\] *=`)

// pieces cuts a unit at its blocks.
func pieces(code string) []piece {
	var at []int
	for _, a := range assignment.FindAllStringIndex(code, -1) {
		at = append(at, a[0])
	}
	return cut(code, at)
}

// segments cuts a unit between its blocks and other code, so that code that fails when it runs does
// not keep the blocks from being there.
func segments(code string) []piece {
	if !assignment.MatchString(code) {
		return []piece{{code: code}}
	}
	var at []int
	from, pure := 0, false
	for _, p := range pieces(code) {
		end := blockEnd(p.code)
		if starts := end > 0; starts && !pure {
			at = append(at, from)
		}
		pure = end == len(p.code)
		if end > 0 && !pure {
			at = append(at, from+end)
		}
		from += len(p.code)
	}
	return cut(code, at)
}

// blockEnd is where the block ends that a piece begins with: at the end of the piece when nothing
// follows; 0 when it begins with none.
func blockEnd(code string) int {
	if at := assignment.FindStringIndex(code); at == nil || at[0] != 0 {
		return 0
	}
	depth, end := 0, 0
	for _, t := range scan(code) {
		switch text := spelled(code, t); {
		case t.kind == space, text == ";" && end > 0:
			if end > 0 {
				end = t.end
			}
		case end > 0:
			return end // something follows
		case text == "{" || text == "(" || text == "[":
			depth++
		case text == "}" || text == ")" || text == "]":
			if depth--; depth == 0 && text == "}" {
				end = t.end
			}
		}
	}
	return len(code)
}

// cut cuts code at offsets, which ascend.
func cut(code string, offsets []int) []piece {
	var result []piece
	from, line, column := 0, 0, 0
	for _, at := range append(offsets, len(code)) {
		if at <= from {
			continue
		}
		part := code[from:at]
		result = append(result, piece{line, column, part})
		if n := strings.Count(part, "\n"); n > 0 {
			line, column = line+n, 0
			part = part[strings.LastIndexByte(part, '\n')+1:]
		}
		column += utf8.RuneCountInString(part)
		from = at
	}
	return result
}
