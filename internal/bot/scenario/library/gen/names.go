package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed names-ru.tsv
var russianNames string

//go:embed names-en.tsv
var englishNames string

// person is what scripts get of a given name.
type person struct {
	Name string `json:"name"`
	Sex  string `json:"sex"`
}

// names are the rows of the given names in a table: the name, m or f, and other forms of it. The
// first that is called so is meant: Саша is Александр.
func names(table string) []byte {
	var b strings.Builder
	b.WriteString("# Made by gen of its own tables. Do not edit.\n")
	number := 0
	for line := range strings.Lines(table) {
		fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if line[0] == '#' || len(fields) < 3 {
			continue
		}
		all := []string{fields[0]}
		for other := range strings.SplitSeq(fields[2], ", ") {
			if other != "" {
				all = append(all, other)
			}
		}
		var list []string
		for _, name := range all {
			list = append(list, synonyms(name)...)
		}
		value, err := json.Marshal(person{fields[0], map[string]string{"m": "male", "f": "female"}[fields[1]]})
		if err != nil {
			panic(err) // two texts
		}
		number++
		fmt.Fprintf(&b, "%d;%s;%s\n", number, strings.Join(unique(list), ","), value)
	}
	return []byte(b.String())
}
