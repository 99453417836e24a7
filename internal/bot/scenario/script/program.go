package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

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
	code string // as the bot has it
	base int    // line 1 of the piece is line base+1 of the program
	size int    // lines
	byte []byte // the bytecode
	// places says where the lines of code that was made of others come from; nil for its own.
	places []Place
}

// firstLine is where the bot's code starts; what is made at run time by eval stays below.
const firstLine = 100_000

// place finds where a line of the program stands and its text; no file when it is none of a unit.
func (p *program) place(line int) (Place, string) {
	for _, u := range p.units {
		if line > u.base && line <= u.base+u.size {
			return u.place(line - u.base), u.line(u.own(line - u.base))
		}
	}
	return Place{}, ""
}

func (u *unit) place(line int) Place {
	if u.places == nil {
		return Place{u.name, line}
	}
	if line > len(u.places) {
		return Place{File: u.name}
	}
	return u.places[line-1]
}

// own is the nearest line that the bot's author wrote: a block's code stands between two that Blocks
// made.
func (u *unit) own(n int) int {
	switch {
	case u.places == nil:
		return n
	case assignment.MatchString(u.line(n)):
		return n + 1
	case n == u.size || assignment.MatchString(u.line(n+1)):
		return n - 1
	}
	return n
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
	defer js.Close()
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
		return &unit{name: u.Name, code: rewrite(strings.TrimPrefix(u.Code, "\ufeff")), places: u.places}, nil
	}
}

// compile compiles a unit; when it cannot, it looks for the pieces that are to blame.
func (p *program) compile(js *quickjs.VM, u *unit) Errors {
	var err error
	if u.byte, err = compileAt(js, u.code, u.base); err == nil {
		return nil
	}
	var errs Errors
	for _, piece := range pieces(u.code) {
		if _, err := compileAt(js, piece.code, u.base+piece.line); err != nil {
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

func compileAt(js *quickjs.VM, code string, base int) ([]byte, error) {
	return js.Compile(strings.Repeat("\n", base)+code, quickjs.EvalGlobal)
}

// piece is a part of a unit that can be compiled by itself.
type piece struct {
	line int // lines before it
	code string
}

// assignment begins a block.
var assignment = regexp.MustCompile(`\$\$\.blocks\[\d+\] *=`)

// pieces cuts a unit at its blocks.
func pieces(code string) []piece {
	var result []piece
	from, line := 0, 0
	for _, at := range assignment.FindAllStringIndex(code, -1) {
		if at[0] > from {
			result = append(result, piece{line, strings.TrimSuffix(code[from:at[0]], "\n")})
			line += strings.Count(code[from:at[0]], "\n")
			from = at[0]
		}
	}
	return append(result, piece{line, code[from:]})
}
