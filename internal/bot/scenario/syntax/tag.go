package syntax

import "strings"

// Tag is a node of the syntax tree: a tag line with its parameters and what is nested in it.
type Tag struct {
	Name   string     // "q!", "script", "InputText", "@InputText", …, as the language spells it
	Pos    Position   // of its first sign
	Line   string     // its line, as it is in the file
	Value  Value      // behind the colon, without parameters and comments; quotes are kept
	Params []Param    // in the order of the file
	Kids   []*Tag     // nested tags
	Items  []Value    // of buttons, inlineButtons and patterns: the nested lines
	Code   []CodeLine // of script, scriptEs6 and init
}

// Param is k = v behind || or on a line of its own. Its value has no quotes around it. A
// name without a value has the value "true".
type Param struct {
	Name  string
	Value Value
}

// CodeLine is a line of a script with its indentation, so that columns are those of the
// file. A comment of the scenario language (#) is not in it.
type CodeLine struct {
	Line int // of the file, from 1
	Text string
}

// Lookup is the value of a parameter. The case of letters in its name does not matter.
func (t *Tag) Lookup(name string) (Value, bool) {
	for _, p := range t.Params {
		if p.Name == name {
			return p.Value, true
		}
	}
	for _, p := range t.Params {
		if strings.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return Value{}, false
}

// Param is the text of a parameter; "" when it is not given.
func (t *Tag) Param(name string) string {
	v, _ := t.Lookup(name)
	return v.Text
}

// Has reports whether a parameter is given, be it without a value.
func (t *Tag) Has(name string) bool {
	_, ok := t.Lookup(name)
	return ok
}

// Flag reports whether a parameter is given as true.
func (t *Tag) Flag(name string) bool { return strings.EqualFold(t.Param(name), "true") }
