package syntax

import "strings"

// endOfButton is where the face of a button ends: at the arrow, or at the comma behind a
// face that says where it ends.
func endOfButton(text string) int {
	if text == "" {
		return 0
	}
	switch {
	case text[0] == '"' || text[0] == '\'':
		for i := 1; i < len(text); i++ {
			if text[i] != text[0] || text[i-1] == '\\' {
				continue
			}
			rest := strings.TrimLeft(text[i+1:min(len(text), i+64)], space)
			if rest == "" || rest[0] == ',' || strings.HasPrefix(rest, "->") {
				return i + 1
			}
		}
	case text[0] == '{' && !strings.HasPrefix(text, "{{"):
		var js javaScript
		size := 0
		for l := range strings.SplitAfterSeq(text, "\n") {
			if js.line(strings.TrimSuffix(l, "\n")); js.end > 0 {
				return size + js.end
			}
			size += len(l)
		}
	}
	if at := strings.Index(text, "->"); at >= 0 {
		return at
	}
	return len(text)
}

// splitButtons cuts an item into several when it is a list, with or without brackets.
func splitButtons(v Value) []Value {
	if strings.HasPrefix(v.Text, "[") {
		v = v.Slice(0, len(strings.TrimRight(v.Text, space+",")))
		if strings.HasSuffix(v.Text, "]") {
			v = v.Slice(1, len(v.Text)-1)
		}
	}
	var items []Value
	for v.Text != "" {
		end := endOfButton(v.Text)
		if at := strings.IndexByte(v.Text[end:], ','); at >= 0 && faces(v.Text[end+at+1:]) {
			items = append(items, v.Slice(0, end+at))
			v = v.Slice(end+at+1, len(v.Text))
			continue
		}
		items = append(items, v)
		break
	}
	return items
}

// faces reports whether a text begins with a button that says where it ends.
func faces(text string) bool {
	text = strings.TrimLeft(text, space)
	return text != "" && strings.IndexByte("\"'{[", text[0]) >= 0
}
