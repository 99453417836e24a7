package syntax

import (
	"encoding/json"
	"strings"
)

// DictEntry is a row of a dictionary: id;synonym,synonym;{json} (scenario language, 2).
type DictEntry struct {
	ID       string
	Synonyms []Value         // patterns
	Value    json.RawMessage // nil when the row has none
}

// ParseDictionary reads a CSV dictionary. A field may be in quotes, as spreadsheets write
// them, and the value may go over several lines.
func ParseDictionary(file, content string) ([]DictEntry, Errors) {
	d := &dictionary{all: fileValue(file, normal(content)), separator: ";"}
	text := d.all.Text
	if !strings.Contains(text, ";") {
		if d.separator = ","; strings.Contains(text, "\t") {
			d.separator = "\t"
		}
	}
	var entries []DictEntry
	for from := 0; from < len(text); {
		line := strings.TrimLeft(text[from:from+lineEnd(text[from:])], space)
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "//") {
			from += lineEnd(text[from:]) + 1
			continue
		}
		var e DictEntry
		e, from = d.row(from)
		entries = append(entries, e)
	}
	return entries, d.errs
}

// maxValueLines is over how many lines one value of a dictionary may go.
const maxValueLines = 200

// dictionary reads the rows of a file.
type dictionary struct {
	all       Value
	separator string
	errs      Errors
}

// row reads the row that begins at an offset, which is not an empty line.
func (d *dictionary) row(from int) (e DictEntry, next int) {
	id, at, more := d.field(from)
	e.ID = id.Text
	synonyms := id
	if more {
		synonyms, at, more = d.field(at)
	}
	e.Synonyms = splitSynonyms(synonyms)
	if !more {
		return e, at
	}
	var err *Error
	if e.Value, at, err = d.value(at); err != nil {
		d.errs = append(d.errs, err)
	}
	return e, at
}

// field reads a field. It returns where the next one begins, or the next row when it was the
// last of its own.
func (d *dictionary) field(from int) (v Value, next int, more bool) {
	if v, end, ok := d.quoted(from); ok {
		return v, end + 1, end < len(d.all.Text) && d.all.Text[end] != '\n'
	}
	end := from + lineEnd(d.all.Text[from:])
	if at := strings.Index(d.all.Text[from:end], d.separator); at >= 0 {
		return d.all.Slice(from, from+at), from + at + 1, true
	}
	return d.all.Slice(from, end), end + 1, false
}

// quoted reads a field in quotes, in which a quote is written twice. It returns where the
// separator or the end of the line behind it is.
func (d *dictionary) quoted(from int) (v Value, end int, ok bool) {
	text := d.all.Text
	from += len(text[from:]) - len(strings.TrimLeft(text[from:], " \t"))
	if from == len(text) || text[from] != '"' {
		return v, 0, false
	}
	var b valueBuilder
	piece := from + 1
	for i := piece; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if strings.HasPrefix(text[i:], `""`) {
			b.add("", d.all.cut(piece, i+1))
			i++
			piece = i + 1
			continue
		}
		end := i + 1 + len(text[i+1:]) - len(strings.TrimLeft(text[i+1:], " "))
		if end < len(text) && text[end] != '\n' && !strings.HasPrefix(text[end:], d.separator) {
			return v, 0, false
		}
		b.add("", d.all.cut(piece, i))
		return b.value(), end, true
	}
	return v, 0, false
}

// value reads the last field: JSON, or a text.
func (d *dictionary) value(from int) (data json.RawMessage, next int, err *Error) {
	v, next, ok := d.quoted(from)
	if ok {
		next += lineEnd(d.all.Text[next:])
		v = v.Slice(0, len(v.Text))
	} else {
		next = from + lineEnd(d.all.Text[from:])
		v = d.all.Slice(from, next)
	}
	v = v.Slice(0, len(strings.TrimRight(v.Text, space+d.separator)))
	if v.Text == "" {
		return nil, next + 1, nil
	}
	if v.Text[0] != '{' && v.Text[0] != '[' {
		return json.RawMessage(bareJSON(v.Text)), next + 1, nil
	}
	if data, err = parseJSON(v); err == nil || ok {
		return data, next + 1, err
	}
	if longer, end := d.block(from); end > 0 {
		if data, more := parseJSON(longer); more == nil {
			return data, end + lineEnd(d.all.Text[end:]) + 1, nil
		}
	}
	return nil, next + 1, err
}

// block is JSON from its opening bracket to the one that closes it; 0 when there is none.
func (d *dictionary) block(from int) (v Value, end int) {
	var js javaScript
	at := from
	for range maxValueLines {
		if at >= len(d.all.Text) {
			break
		}
		size := lineEnd(d.all.Text[at:])
		js.line(d.all.Text[at : at+size])
		if js.end > 0 {
			return d.all.Slice(from, at+js.end), at + js.end
		}
		at += size + 1
	}
	return Value{}, 0
}

// splitSynonyms cuts a field at its commas, but for those inside the brackets of a pattern.
func splitSynonyms(v Value) []Value {
	var synonyms []Value
	depth, from := 0, 0
	add := func(to int) {
		if s := v.Slice(from, to).Unquote(); s.Text != "" {
			synonyms = append(synonyms, s)
		}
		from = to + 1
	}
	brackets := balanced(v.Text)
	for i := 0; i < len(v.Text); i++ {
		switch c := v.Text[i]; {
		case c == ',' && depth == 0:
			add(i)
		case !brackets:
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		}
	}
	if from < len(v.Text) {
		add(len(v.Text))
	}
	return synonyms
}

// balanced reports whether every bracket has its other half.
func balanced(text string) bool {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}
