package script

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 5, 7, 0, 5, 9, 46e6, time.FixedZone("", 3*3600))
	for pattern, want := range map[string]string{
		"dd.MM.yyyy HH:mm:ss.SSS":  "07.05.2024 00:05:09.046",
		"d/M/yy h:m a":             "7/5/24 12:5 AM",
		"yyyy-MM-dd'T'HH:mm:ssXXX": "2024-05-07T00:05:09+03:00",
		"X XX Z":                   "+03 +0300 +0300",
		"EEEE, d MMMM":             "Tuesday, 7 May",
		"EEE MMM":                  "Tue May",
		"k K u D w":                "24 0 2 128 19",
		"'в' HH 'o''clock' ''":     "в 00 o'clock '",
		"":                         "",
		"дата: dd":                 "дата: 07",
		"'не закрыто":              "не закрыто",
	} {
		if got, err := format(at, pattern); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", pattern, got, err, want)
		}
	}
	for _, bad := range []string{"J", strings.Repeat("y", maxFormat+1)} {
		if got, err := format(at, bad); err == nil {
			t.Errorf("%.20s: %q", bad, got)
		}
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string]int{"Europe/Moscow": 3, "GMT+3": 3, "UTC-05:00": -5, "+0300": 3, "UTC": 0, "GMT": 0, "MSK": 3, "Asia/Yekaterinburg": 5, " gmt +3 ": 3} { //nolint:gocritic // the white space is the test
		loc, err := zone(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, got := at.In(loc).Zone(); got != want*3600 {
			t.Errorf("%s: %d s", name, got)
		}
	}
	for _, bad := range []string{"", "Local", "Europe/Мухосранск", "../../etc/passwd", "GMT+99", "3"} {
		if _, err := zone(bad); err == nil {
			t.Errorf("%q is a zone", bad)
		}
	}
}

func TestParseXML(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`<test><a>1</a><a>2</a></test>`:                 `{"test":{"a":[1,2]}}`,
		`<?xml version="1.0"?><a b="x" c="2">t<d/></a>`: `{"a":{"b":"x","c":2,"d":"","content":"t"}}`,
		`<a><![CDATA[<b>]]></a>`:                        `{"a":"\u003cb\u003e"}`,
		`<s:a xmlns:s="u"><s:b>true</s:b></s:a>`:        `{"s:a":{"xmlns:s":"u","s:b":true}}`,
		`<a>007</a>`:                                    `{"a":"007"}`,
		`<a> 1.50 </a>`:                                 `{"a":1.50}`,
		`<ValCurs><V ID="R1"><N>70,5</N></V></ValCurs>`: `{"ValCurs":{"V":{"ID":"R1","N":"70,5"}}}`,
		``:                       `{}`,
		`text`:                   `{}`,
		"<a>\xff&amp;&nbsp;</a>": ``,
	} {
		got, err := parseXML(text)
		if want == "" {
			continue // no promise but to come back
		}
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, bad := range []string{`<a>`, `</a>`, `<a></b>`, `<a`, strings.Repeat("<a>", 300), strings.Repeat(" ", maxXML+1)} {
		if got, err := parseXML(bad); err == nil {
			t.Errorf("%.20s: %s", bad, got)
		}
	}
}

func FuzzParseXML(f *testing.F) {
	for _, text := range []string{`<a b="1">x<c/></a>`, `<a>`, `<?xml version="1.0" encoding="windows-1251"?><я>1</я>`, "<a>\xff</a>", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := parseXML(text); err == nil && !json.Valid(got) {
			t.Errorf("%q: %q", text, got)
		}
	})
}

func FuzzFormat(f *testing.F) {
	for _, p := range []string{"dd.MM.yyyy", "'a''b", "EEEE MMMM", "XXX", "я🙂"} {
		f.Add(p)
	}
	at := time.Date(2024, 5, 7, 0, 5, 9, 46e6, time.UTC)
	f.Fuzz(func(_ *testing.T, pattern string) { _, _ = format(at, pattern); _, _ = zone(pattern) })
}
