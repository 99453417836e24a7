package script

import (
	"fmt"
	"strings"
)

// Place is a line of a file of the bot.
type Place struct {
	File string
	Line int // from 1
}

// Form is how a block's code is meant.
type Form int

const (
	Statements Form = iota // of script and init
	Expression             // of if and {{ }}; its value is the block's
	Function               // a function: a converter in a pattern
)

// Block is a piece of JavaScript that stands in a file of states.
type Block struct {
	Place         // of its first line
	Column int    // where the first line of Code begins, from 1; 0 is 1
	Code   string // the lines as they are in the file
	Form   Form
	Await  bool // it may use await (scriptEs6)
}

// Blocks makes the unit of blocks that Run and the others call by number, from first on. Mistakes are
// reported where the blocks stand, whatever files those are.
func Blocks(first int, blocks []Block) Unit {
	var b strings.Builder
	u := Unit{}
	line := func(p Place, text string) {
		b.WriteString(text)
		b.WriteByte('\n')
		u.places = append(u.places, p)
	}
	for i, block := range blocks {
		if u.Name == "" {
			u.Name = block.File
		}
		head, tail := wrap(block)
		line(block.Place, fmt.Sprintf("$$.blocks[%d] = %s", first+i, head))
		code := strings.TrimSuffix(strings.Repeat(" ", max(block.Column-1, 0))+block.Code, "\n")
		if block.Form != Statements {
			code = withoutEnd(code)
		}
		at := block.Place
		for text := range strings.SplitSeq(code, "\n") {
			line(at, text)
			at.Line++
		}
		at.Line--
		line(at, tail)
	}
	u.Code = strings.TrimSuffix(b.String(), "\n")
	return u
}

// withoutEnd is code without the semicolon that ends it.
func withoutEnd(code string) string {
	tokens := scan(code)
	for i := len(tokens) - 1; i >= 0; i-- {
		switch t := tokens[i]; {
		case t.kind == space:
		case code[t.start:t.end] == ";":
			code = code[:t.start] + " " + code[t.end:]
		default:
			return code
		}
	}
	return code
}

// wrap is what stands before and behind the code of a block.
func wrap(b Block) (head, tail string) {
	async := ""
	if b.Await && awaits(b.Code) {
		async = "async "
	}
	switch b.Form {
	case Expression:
		if strings.TrimSpace(withoutEnd(b.Code)) == "" {
			return "function () { return", ";};" // ASI makes it undefined
		}
		return async + "function () { return (", ");};"
	case Function:
		return "(", ");"
	default:
		return async + "function () {", "};"
	}
}
