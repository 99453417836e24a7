package config

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// masked stands for a secret that is set.
const masked = "********"

// WriteYAML writes the effective configuration, each value with where it came from. It can be
// read again as a file, except for secrets, which are masked.
func (l *Loaded) WriteYAML(w io.Writer) error {
	var b strings.Builder
	section := ""
	for i := range l.keys {
		k := &l.keys[i]
		name, indent := k.Name, ""
		if in, rest, ok := strings.Cut(k.Name, "."); ok {
			if in != section {
				fmt.Fprintf(&b, "%s:\n", in)
				section = in
			}
			name, indent = rest, "  "
		}
		shown := k.value.show()
		if k.Secret && shown != "" {
			shown = masked
		}
		text, err := json.Marshal(shown) // JSON scalars and lists are YAML
		if err != nil {
			return fmt.Errorf("write %s: %w", k.Name, err)
		}
		origin := l.origin[k.Name]
		if origin == "" {
			origin = "default"
		}
		fmt.Fprintf(&b, "%s%s: %s # %s\n", indent, name, text, origin)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteDoc writes the reference of all keys as Markdown.
func WriteDoc(w io.Writer) error {
	var b strings.Builder
	b.WriteString(docHead)
	for _, k := range Keys() {
		def := "`" + k.Default + "`"
		if k.Default == "" {
			def = "empty"
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n\n", k.Name, k.Doc)
		fmt.Fprintf(&b, "- Takes: %s\n- Default: %s\n- Environment: `%s`\n- Flag: `--%s`\n", k.Expects, def, k.Env(), k.Flag())
		if k.Secret {
			b.WriteString("- Secret: `govorun config` masks it; prefer the environment to a flag, which other users of the machine can see\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

const docHead = `# Configuration

<!-- Generated from internal/config/keys.go by "make generate". -->

Govorun starts with no configuration. What can be set is set in a YAML file, in the
environment, or by a flag of ` + "`govorun serve`" + `; of a key set more than once, the flag
counts above the environment, and the environment above the file.

- The file is named by ` + "`--config FILE`" + ` or ` + "`GOVORUN_CONFIG`" + `. A dot in a key is a section there:

  ` + "```yaml" + `
  listen: 0.0.0.0:8080
  log:
    format: json
  ` + "```" + `

- In the environment a key is written in capitals after ` + "`GOVORUN_`" + `, with ` + "`_`" + ` for a dot; as a flag, with ` + "`-`" + ` for dots and underscores.
- An unknown key, in the file or in a variable that begins with ` + "`GOVORUN_`" + `, is an error, and so is a value that is not expected. The server then does not start.
- ` + "`govorun config`" + ` takes the same flags as ` + "`govorun serve`" + ` and prints what would be in force and where each value comes from.

## Keys
`
