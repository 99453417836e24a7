package syntax_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/syntax"
)

// rows writes entries one a line: id;synonym,synonym;value.
func rows(entries []syntax.DictEntry) string {
	lines := make([]string, len(entries))
	for i, e := range entries {
		var synonyms []string
		for _, s := range e.Synonyms {
			synonyms = append(synonyms, s.Text)
		}
		lines[i] = e.ID + ";" + strings.Join(synonyms, ",") + ";" + string(e.Value)
	}
	return strings.Join(lines, "\n")
}

// TestDictionary reads rows as authors and spreadsheets write them.
func TestDictionary(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, source, want string }{
		{"plain", "149;Кузьма;{\"name\": \"Кузьма\", \"sex\": \"male\"}\n153;Константин, Костя;{\"name\":\"Константин\"}", "149;Кузьма;{\"name\":\"Кузьма\",\"sex\":\"male\"}\n153;Константин,Костя;{\"name\":\"Константин\"}"},
		{"mark, line ends, empty lines", "\uFEFF1;a;{}\r\n\r\n  \r\n# no\r\n// no\r\n2 ; b ;\r3;c", "1;a;{}\n2;b;\n3;c;"},
		{"lax JSON", "1;a;{name: 'A;b', n: 1, list: ['x', y,], o: {t: True,},}", `1;a;{"name":"A;b","n":1,"list":["x","y"],"o":{"t":true}}`},
		{"quoted fields", "1;\"a, b\";\"{\"\"name\"\": \"\"A; \\\"\"x\\\"\"\"\"}\"\n\"2\";\"c\",\"d e\";{\"a\":\"b\"}\n3;\"e;f\";5", "1;a,b;{\"name\":\"A; \\\"x\\\"\"}\n2;c,d e;{\"a\":\"b\"}\n3;e;f;5"},
		{"patterns", "1;(a|b, c) [d, e],$regexp<x{1,2}>, ~слово *;{}\n2;:( , :);{}", "1;(a|b, c) [d, e],$regexp<x{1,2}>,~слово *;{}\n2;:( , :);{}"},
		{"other values", "1;a;Moscow\n2;b;12.5\n3;c;\"a \"\"b\"\"\"\n4;d;null;\n5;e;007\n6;f;x;y", "1;a;\"Moscow\"\n2;b;12.5\n3;c;\"a \\\"b\\\"\"\n4;d;null\n5;e;7\n6;f;\"x;y\""},
		{"missing fields", "1\n2;\n;x;{}\n3;;{\"a\":1}\n4;,a,,b,", "1;1;\n2;;\n;x;{}\n3;;{\"a\":1}\n4;a,b;"},
		{"value over lines", "1;a;{\n  name: \"A\",\n\n  list: [1,\n 2]\n};\n2;b;{\"x\":\"}\"}", "1;a;{\"name\":\"A\",\"list\":[1,2]}\n2;b;{\"x\":\"}\"}"},
		{"quoted value over lines", "1;a;\"{\n\"\"name\"\": \"\"A\"\"\n}\"\n2;b", "1;a;{\"name\":\"A\"}\n2;b;"},
		{"commas", "1,Москва,{\"name\": \"M\"}\n2,b,", "1;Москва;{\"name\":\"M\"}\n2;b;"},
		{"tabs", "1\ta, b\t{}", "1;a,b;{}"},
		{"apostrophe", "1;a;{name: O'Hara}\n2;b;{name: \"it's\"}", "1;a;{\"name\":\"O'Hara\"}\n2;b;{\"name\":\"it's\"}"},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			entries, errs := syntax.ParseDictionary("f.csv", tc.source)
			if got := rows(entries); len(errs) > 0 || got != tc.want {
				t.Errorf("%v\n got %s\nwant %s", errs, got, tc.want)
			}
		})
	}
}

func TestDictionaryErrors(t *testing.T) {
	t.Parallel()
	entries, errs := syntax.ParseDictionary("f.csv", "1;a;{\"x\" 1}\n2;b;{}\n3;c;  {\"x\": [1, 2\n4;d;\"{\"\"x\"\" y}\"\n")
	want := "f.csv:1:10: unexpected text \"1}\", expected a colon and a value\n\t1;a;{\"x\" 1}\n" +
		"f.csv:3:13: the bracket is not closed, expected \"]\"\n\t3;c;  {\"x\": [1, 2\n" +
		"f.csv:4:13: unexpected text \"y}\", expected a colon and a value\n\t4;d;\"{\"\"x\"\" y}\""
	if errs.Error() != want {
		t.Errorf("\n got %s\nwant %s", errs, want)
	}
	if got := rows(entries); got != "1;a;\n2;b;{}\n3;c;\n4;d;" {
		t.Errorf("rows\n%s", got)
	}
	if pos, line := entries[1].Synonyms[0].At(0); pos.String() != "f.csv:2:3" || line != "2;b;{}" {
		t.Errorf("a synonym at %v on %q", pos, line)
	}
}

// TestParseLax reads JSON as people write it.
func TestParseLax(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`{"a": [1, -2.5e3, true, null, "x"]}`:              `{"a":[1,-2.5e3,true,null,"x"]}`,
		`{a: 'b', $c_1: "d", 'e f': g h, 5: .5}`:           `{"a":"b","$c_1":"d","e f":"g h","5":0.5}`,
		"[1,,2,\n3\n4,]":                                   `[1,2,3,4]`,
		"// a\n{/* b */ a: 1, // c, }\n b: 2}":             `{"a":1,"b":2}`,
		`{"a": "say "hi" to 'me'", 'b': 'it\'s "ok"'}`:     `{"a":"say \"hi\" to 'me'","b":"it's \"ok\""}`,
		"{\"a\": \"line\nline\", \"b\": \"x\\\ny\"}":       `{"a":"line\nline","b":"xy"}`,
		`"\u0416 \uD83D\uDE00 \n \/ \x \ud83d"`:            "\"Ж 😀 \\n / x \uFFFD\"",
		`{"a": <b>, "c": "</b>&"}`:                         `{"a":"<b>","c":"</b>&"}`,
		`{a = 1; b = 2}`:                                   `{"a":"1; b = 2"}`,
		"  5 ":                                             `5`,
		`Привет`:                                           `"Привет"`,
		`{"a": undefined, "b": True, "c": +7, "d": 0x1F}`:  `{"a":null,"b":true,"c":7,"d":"0x1F"}`,
		"{\"a\": `x`, b: {}, c: []}":                       `{"a":"x","b":{},"c":[]}`,
		`{"url": "{{ $session.a["b"] }}", "x": {{ $y }} }`: ``,
	} {
		got, err := syntax.ParseLax(source)
		if want == "" {
			if err == nil {
				t.Errorf("%s\n got %s, want an error", source, got)
			}
			continue
		}
		if err != nil || string(got) != want || !json.Valid(got) {
			t.Errorf("%s\n got %s %v\nwant %s", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		"":                          "the value is missing, expected an object, a list, a text or a number",
		"{a: 1} b":                  `unexpected text "b" behind the value, expected nothing more`,
		"{a: \"b":                   `the text is not closed, expected "\""`,
		"{a}":                       `unexpected text "}", expected a colon and a value`,
		"{: 1}":                     `unexpected text ": 1}", expected the name of a field`,
		"[1, }":                     `unexpected text "}", expected an object, a list, a text or a number`,
		strings.Repeat("[", 10_000): "the value is nested too deep",
	} {
		if got, err := syntax.ParseLax(source); err == nil || err.Error() != want {
			t.Errorf("%.20s: got %s %v, want %s", source, got, err, want)
		}
	}
}

func TestParseObject(t *testing.T) {
	t.Parallel()
	fields, err := syntax.ParseObject(`{z: 1, a: {b: "c"}}`)
	if err != nil || len(fields) != 2 || fields[0].Name != "z" || string(fields[1].Value) != `{"b":"c"}` {
		t.Errorf("%v %s", err, fields)
	}
	for _, source := range []string{"[1]", "5", "{", ""} {
		if _, err := syntax.ParseObject(source); err == nil {
			t.Errorf("%q is an object", source)
		}
	}
}

// TestData reads files of data.
func TestData(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ file, source, want string }{
		{"a.yaml", "botAnswers:\n  a1: 'Число: {{ $x }}'\n  list:\n    - 1\n    - yes\n    - true\n    - ~\n    - 2.50\n    - 2020-01-02\n    - \"5\"\n  1: x\n", `{"botAnswers":{"a1":"Число: {{ $x }}","list":[1,"yes",true,null,2.5,"2020-01-02","5"],"1":"x"}}`},
		{"a.yml", "\uFEFFz: &x {b: 1, c: 2}\r\na: *x\r\nd:\r\n  <<: *x\r\n  c: 3\r\n  e: |\r\n    a\r\n    b\r\n", `{"z":{"b":1,"c":2},"a":{"b":1,"c":2},"d":{"b":1,"c":3,"e":"a\nb\n"}}`},
		{"empty.yaml", "", `null`},
		{"text.yaml", "- .inf\n- 0x10\n- a: b\n  a: c", `[".inf",16,{"a":"c"}]`},
		{"a.json", "\uFEFF{\"b\": 1, \"a\": [\"x\",], // y\n}", `{"b":1,"a":["x"]}`},
	} {
		got, errs := syntax.ParseData(tc.file, tc.source)
		if len(errs) > 0 || string(got) != tc.want {
			t.Errorf("%s: %v\n got %s\nwant %s", tc.source, errs, got, tc.want)
		}
	}
	for _, tc := range []struct{ file, source, want string }{
		{"a.json", "{\n  \"a\": \n}", "a.json:3:1: unexpected text \"}\", expected an object, a list, a text or a number\n\t}"},
		{"a.json", "", "a.json:1:1: the value is missing, expected an object, a list, a text or a number"},
		{"a.yaml", "a:\n  b: *c\n", "a.yaml:1:1: unknown anchor 'c' referenced\n\ta:"},
		{"a.yaml", "a: b\n  c: d\n\te: f", "a.yaml:2:3: mapping values are not allowed in this context\n\tc: d"},
		{"bomb.yaml", bomb(), "bomb.yaml:"},
		{"cycle.yaml", "a: &a\n  b: *a\n", "cycle.yaml:"},
	} {
		if _, errs := syntax.ParseData(tc.file, tc.source); !strings.HasPrefix(errs.Error(), tc.want) || len(errs) != 1 {
			t.Errorf("%s\n got %s\nwant %s", tc.source, errs, tc.want)
		}
	}
}

// bomb is a small YAML file that says a very large value.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		name, of := string(rune('a'+i)), "*a0"
		if i > 1 {
			of = "*" + string(rune('a'+i-1))
		}
		b.WriteString(name + ": &" + name + " [" + strings.Repeat(of+", ", 9) + "]\n")
	}
	return b.String()
}

func FuzzDictionary(f *testing.F) {
	for _, seed := range []string{
		"1;a,b;{\"x\": 'y', z: [1,]}\n2;\"c \"\"d\"\"\";\"{\"\"e\"\": 1}\"\n", "\uFEFF1\ta\tb\r\n2,(c,d),{\n}", "1;a;{\n\"b\": `\\u0041\n`}\n;;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		entries, errs := syntax.ParseDictionary("f.csv", source)
		lines := strings.Count(strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n"), "\n") + 1
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines || e.Column < 1 {
				t.Fatalf("place of %v", e)
			}
		}
		for _, e := range entries {
			if e.Value != nil && !json.Valid(e.Value) {
				t.Fatalf("value %s", e.Value)
			}
			for _, s := range e.Synonyms {
				if pos, _ := s.At(0); pos.Line < 1 || pos.Line > lines || s.Text == "" {
					t.Fatalf("synonym %q at %v", s.Text, pos)
				}
			}
		}
	})
}
