package syntax_test

import (
	"fmt"
	"strings"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// dump writes tags one a line, indented as they are nested, with - before items and the
// number of its line before code.
func dump(tags []*syntax.Tag) string {
	var b strings.Builder
	for _, t := range tags {
		dumpTag(&b, t, "")
	}
	return b.String()
}

func dumpTag(b *strings.Builder, t *syntax.Tag, indent string) {
	fmt.Fprintf(b, "%s%s", indent, t.Name)
	if t.Value.Text != "" {
		fmt.Fprintf(b, " %q", t.Value.Text)
	}
	for _, p := range t.Params {
		fmt.Fprintf(b, " %s=%q", p.Name, p.Value.Text)
	}
	b.WriteByte('\n')
	for _, item := range t.Items {
		fmt.Fprintf(b, "%s    - %s\n", indent, strings.ReplaceAll(item.Text, "\n", "⏎"))
	}
	for _, c := range t.Code {
		fmt.Fprintf(b, "%s    %d|%s\n", indent, c.Line, c.Text)
	}
	for _, kid := range t.Kids {
		dumpTag(b, kid, indent+"    ")
	}
}
