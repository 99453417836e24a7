package xmltest_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// TestFilesAsTheyAre: what real files have that XML forbids, or readers forget.
func TestFilesAsTheyAre(t *testing.T) {
	t.Parallel()
	const one = `<test><test-case id="x"><q>hi</q><a>Hello, dear friend!</a></test-case></test>`
	tests := []struct{ name, xml string }{
		{"plain", one},
		{"a byte order mark", "\ufeff" + one},
		{"a declaration", `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + one},
		{"a declaration behind an empty line", "\n" + `<?xml version="1.1"?>` + one},
		{"UTF-16", "\xff\xfe" + utf16(one)},
		{"a doctype", `<!DOCTYPE test>` + one},
		{"line ends of Windows", strings.ReplaceAll(one, "><", ">\r\n<")},
		{"comments everywhere", "<!-- a -- b --->" + strings.ReplaceAll(one, "><", "><!-- -- <q> --><") + "<!---->"},
		{"several roots", `<test></test>` + one},
		{"no root", `<test-case><q>hi</q><a/></test-case>`},
		{"remarks between tags", strings.ReplaceAll(one, "</q>", "</q> // says hi")},
		{"text between tags", strings.ReplaceAll(one, "</q>", "</q> hello")},
		{"an ampersand alone", `<test><test-case><q>x & y</q><a>What?</a></test-case></test>`},
		{"an unknown attribute", strings.ReplaceAll(one, "<a>", `<a colour="red">`)},
		{"tags in other cases", `<test><test-case><Q>hi</Q><A/></test-case></test>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			results := play(t, xmltest.Options{}, tt.xml)
			if len(results) != 1 {
				t.Fatalf("%d cases, want 1", len(results))
			}
			expect(t, results[0], "")
		})
	}
	t.Run("windows-1251", func(t *testing.T) {
		t.Parallel()
		f := xmltest.Read("x.xml", []byte("<?xml version='1.0' encoding='windows-1251'?><test><test-case id='\xcf\xf0\xe8\xe2\xe5\xf2'/></test>"))
		if f.Cases[0].ID != "Привет" {
			t.Errorf("read %q", f.Cases[0].ID)
		}
	})
}

func utf16(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

// TestBrokenFiles: what cannot be read is one failed case that names the place; what stands
// before it, and beside it, is run.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	const one = "<test-case><q>hi</q><a/></test-case>\n"
	tests := []struct {
		name, xml, wrong string
		passed           int
	}{
		{"never closed", "<test>\n" + one + "<test-case>\n<q>", "test/x.xml:4: not well-formed: <q> is never closed", 1},
		{"another is closed", "<test>\n<test-case><q>hi</a></q></test-case></test>", "test/x.xml:2: not well-formed: </a> where <q> of line 2", 0},
		{"closes nothing", one + "</test>", "test/x.xml:2: not well-formed: </test> closes nothing", 1},
		{"no tag", "<test>\n1 < 2</test>", "test/x.xml:2: not well-formed", 0},
		{"invalid UTF-8", "<test>\n\n\xff</test>", "test/x.xml:3: not well-formed: invalid UTF-8", 0},
		{"an unknown encoding", "<?xml version='1.0' encoding='klingon'?><test/>", `unknown encoding "klingon"`, 0},
		{"a step outside of cases", "<test>\n" + one + "\n<q>hi</q></test>", "test/x.xml:4: <q> outside of a <test-case>", 1},
		{"a mock that is none", "<test>\n<mockData/>" + one + "</test>", "test/x.xml:2: <mockData> needs", 1},
		{"an unknown tag", "<test>" + one + "<test-case><q>hi</q>\n<b/></test-case>" + one + "</test>", "test/x.xml:3: unknown tag <b>, expected one of a, context", 2},
		{"too deep", strings.Repeat("<test>", 1000), "more than 100 tags", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			passed := 0
			var failed []*xmltest.Result
			for _, r := range play(t, xmltest.Options{}, tt.xml) {
				if r.Status == xmltest.Passed {
					passed++
					continue
				}
				failed = append(failed, r)
			}
			if passed != tt.passed || len(failed) != 1 {
				t.Fatalf("%d passed and %d failed, want %d and 1", passed, len(failed), tt.passed)
			}
			expect(t, failed[0], tt.wrong)
		})
	}
}

// TestFind: which files are tests.
func TestFind(t *testing.T) {
	t.Parallel()
	names := []string{"test/a.xml", "test/B.XML", "test/deep/c.xml", "test/deep/er/d.xml", "test/notes.txt", "src/e.xml"}
	tests := []struct{ name, config, want string }{
		{"all", "name: x", "test/B.XML test/a.xml test/deep/c.xml test/deep/er/d.xml"},
		{"no chatbot.yaml", "", "test/B.XML test/a.xml test/deep/c.xml test/deep/er/d.xml"},
		{"one", "tests: {include: [a.xml]}", "test/a.xml"},
		{"not a list", "tests: {include: a.xml}", "test/a.xml"},
		{"relative to the bot", "tests: {include: ['test/a.xml', './test/deep/*.xml']}", "test/a.xml test/deep/c.xml"},
		{"one level", "tests: {include: ['*.xml']}", "test/a.xml"},
		{"all levels", "tests: {include: ['**/*.xml']}", "test/a.xml test/deep/c.xml test/deep/er/d.xml"},
		{"a directory", "tests: {include: [deep/]}", "test/deep/c.xml test/deep/er/d.xml"},
		{"exclude", "tests: {exclude: ['**/d.xml', B.XML]}", "test/a.xml test/deep/c.xml"},
		{"exclude of included", "tests: {include: ['deep/**'], exclude: ['deep/er/**']}", "test/deep/c.xml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bot := fstest.MapFS{}
			for _, name := range names {
				bot[name] = &fstest.MapFile{Data: []byte("<test/>")}
			}
			if tt.config != "" {
				bot["chatbot.yaml"] = &fstest.MapFile{Data: []byte(tt.config)}
			}
			files, err := xmltest.Find(bot)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, f := range files {
				found = append(found, f.Name)
			}
			if got := strings.Join(found, " "); got != tt.want {
				t.Errorf("found %s, want %s", got, tt.want)
			}
		})
	}
	for config, wrong := range map[string]string{"tests: {include: ['[']}": `"[" is no pattern`, "tests: [": "chatbot.yaml"} {
		if _, err := xmltest.Find(fstest.MapFS{"chatbot.yaml": {Data: []byte(config)}}); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: error %v, want one with %s", config, err, wrong)
		}
	}
	if files, err := xmltest.Find(fstest.MapFS{}); err != nil || len(files) != 0 {
		t.Errorf("no tests at all: %v, %v", files, err)
	}
}

// TestNotes: what is ignored is told.
func TestNotes(t *testing.T) {
	t.Parallel()
	f := xmltest.Read("x.xml", []byte("<test>\n<test-case>\n\n  lost\n<q mood=\"good\">hi</q></test-case></test>"))
	var got []string
	for _, n := range f.Notes {
		got = append(got, n.String())
	}
	want := "x.xml:4: text between tags is ignored: \"lost\"\nx.xml:5: <q> does not know the attribute \"mood\"; it is ignored"
	if strings.Join(got, "\n") != want {
		t.Errorf("noted\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// FuzzRead: no file makes the reader fail or lose a case without a word, and every case that
// it makes can be run and printed.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "<test/>", "<test><test-case id='x'><q>hi</q><a state='/Hello'>x</a></test-case></test>",
		"<test><mockData><query>http://e.com/${a}?b=${c}</query><parameters><a>1</a></parameters><body field='x'>{}</body><response/></mockData></test>",
		"\ufeff<!-- -- --><test-case><responseData field='a[0]'>{a: 1,}</responseData><random>1,2</random></test-case>",
		"<?xml version='1.0' encoding='koi8-r'?><test><test-case><dateTime>2020-01-01</dateTime><context var='client'>{}</context>",
		"<test><test-case><event x='1'>e</event><request>{}</request><timeout/><newSession><data>{}</data></newSession></test-case></test>",
		"<![CDATA[<!--]]>-->", "\xff\xfe<\x00", "<a>&nbsp;&bad;&#0;</a>",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file := xmltest.Read("x.xml", content)
		for _, c := range file.Cases {
			if c.Line < 1 || c.ID == "" {
				t.Errorf("a case without a place or a name: %+v", c)
			}
		}
		results := xmltest.Run(t.Context(), []*xmltest.File{file}, xmltest.Options{Parallel: 1, New: func(s xmltest.Setup) (xmltest.Conversation, error) {
			return &fake{setup: s, react: func(f *fake, ask xmltest.Ask) xmltest.Answer {
				if ask.Query == "panic" {
					return xmltest.Answer{}
				}
				return demo(f, xmltest.Ask{Query: "hi"})
			}}, nil
		}})
		var out bytes.Buffer
		for _, r := range results {
			if strings.HasPrefix(r.Reason, "panic") {
				t.Fatal(r.Reason)
			}
			xmltest.Print(&out, r, xmltest.Style{Verbose: true, Color: true, Width: 40})
		}
		if err := xmltest.WriteJUnit(&out, "fuzz", results); err != nil {
			t.Error(err)
		}
	})
}
