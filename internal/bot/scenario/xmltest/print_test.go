package xmltest_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/xmltest"
)

// update writes what is printed now as what is expected.
var update = flag.Bool("update", false, "write the files of testdata anew")

// samples have one of everything that is printed.
const samples = `<test>
	<test-case id="Приветствие">
		<q>two</q>
		<a>One.</a>
		<a state="/Three" class="/Two">Ещё один ответ, и он длинный: настолько, что не помещается в половину терминала</a>
		<a>漢字かな交じり文</a>
	</test-case>
	<test-case id="passes"><q>hi</q><a/></test-case>
	<test-case id="picture">
		<q>picture</q><a>Look!</a>
		<q>fail</q><a>Sorry.</a>
		<q>hi</q><a/>
	</test-case>
	<test-case id="data"><q>shop</q><responseData field="replies[1].buttons">[{"text":"C"}]</responseData></test-case>
	<test-case id="broken"><wait/><q>hi</q></test-case>
	<test-case id="skipped" skip="later"/>
	<test-case id="bell &#x9b;31m">` + "<q>hi \u0085\x7f</q>" + `</test-case>
	<test-case id="network"><q>http GET http://example.com/x</q><a>isOk: true</a></test-case>
</test>`

// TestPrint compares what is printed with testdata, plain and in colour.
func TestPrint(t *testing.T) {
	t.Parallel()
	results := play(t, xmltest.Options{}, samples)
	styles := map[string]xmltest.Style{
		"plain.txt":   {Width: 80},
		"color.txt":   {Width: 80, Color: true},
		"verbose.txt": {Width: 50, Verbose: true},
	}
	for name, style := range styles {
		var b bytes.Buffer
		for _, r := range results {
			xmltest.Print(&b, r, style)
		}
		golden(t, name, b.Bytes())
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = "testdata/" + name
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not\n%s", name, got)
	}
}

// TestJUnit reads what is written as a build server does.
func TestJUnit(t *testing.T) {
	t.Parallel()
	results := play(t, xmltest.Options{}, samples)
	for _, r := range results {
		r.Duration = 1500 * time.Millisecond
	}
	var b bytes.Buffer
	if err := xmltest.WriteJUnit(&b, "Бот", results); err != nil {
		t.Fatal(err)
	}
	golden(t, "junit.xml", b.Bytes())
	var read struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if read.Tests != len(results) || read.Failures != 6 || read.Skipped != 1 || len(read.Suites) != 1 {
		t.Errorf("read %+v", read)
	}
	if m := read.Suites[0].Cases[0].Failure; m == nil || m.Message != "test/x.xml:5: another text" {
		t.Errorf("first failure: %+v", m)
	}
}

// TestJSON: a line for each case.
func TestJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	results := play(t, xmltest.Options{}, samples)
	for _, r := range results {
		if err := xmltest.WriteJSON(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != len(results) {
		t.Fatalf("%d lines for %d cases", len(lines), len(results))
	}
	var first struct {
		File, ID, Status, Reason string
		Turns                    []struct{ Asked string }
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if first.File != "test/x.xml" || first.ID != "Приветствие" || first.Status != "failed" || first.Turns[0].Asked != "two" || first.Reason == "" {
		t.Errorf("read %+v", first)
	}
}
