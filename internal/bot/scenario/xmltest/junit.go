package xmltest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements of JUnit's XML, as the tools that read it agree on.
type (
	junitSuites struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Name     string        `xml:"name,attr"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Skipped  int           `xml:"skipped,attr"`
		Time     string        `xml:"time,attr"` // seconds
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
		seconds  float64
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		File      string        `xml:"file,attr"`
		Line      int           `xml:"line,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitFailure `xml:"failure"`
		Skipped   *junitSkipped `xml:"skipped"`
		Output    string        `xml:"system-out,omitempty"` // the log of the scripts
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

// WriteJUnit writes results in the form that build servers read. name is the bot's.
func WriteJUnit(w io.Writer, name string, results []*Result) error {
	counts := Count(results)
	all := junitSuites{Name: name, Tests: len(results), Failures: counts.Failed, Skipped: counts.Skipped}
	total := 0.0
	for _, r := range results {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != r.Case.File {
			all.Suites = append(all.Suites, &junitSuite{Name: r.Case.File})
		}
		all.Suites[len(all.Suites)-1].add(r)
		total += r.Duration.Seconds()
	}
	all.Time = seconds(total)
	for _, s := range all.Suites {
		s.Time = seconds(s.seconds)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	out := xml.NewEncoder(w)
	out.Indent("", "  ")
	if err := out.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r *Result) {
	s.Tests++
	s.seconds += r.Duration.Seconds()
	c := junitCase{Name: r.Case.ID, ClassName: r.Case.File, File: r.Case.File, Line: r.Case.Line, Time: seconds(r.Duration.Seconds())}
	switch r.Status {
	case Failed:
		s.Failures++
		var text strings.Builder
		Print(&text, r, Style{})
		c.Failure = &junitFailure{Message: r.summary(), Text: text.String()}
	case Skipped:
		s.Skipped++
		c.Skipped = &junitSkipped{r.Reason}
	}
	var log []string
	for _, t := range r.Turns {
		log = append(log, t.Log...)
	}
	c.Output = strings.Join(log, "\n")
	s.Cases = append(s.Cases, c)
}

func seconds(n float64) string { return fmt.Sprintf("%.3f", n) }

// summary is a failure in one line.
func (r *Result) summary() string {
	if len(r.Case.Broken) > 0 {
		return r.Case.Broken[0].String()
	}
	for _, t := range r.Turns {
		for _, row := range t.Rows {
			if row.Wrong != "" {
				line := row.Line
				if line == 0 {
					line = t.Line
				}
				return fmt.Sprintf("%s:%d: %s", r.Case.File, line, row.Wrong)
			}
		}
		if t.Err != "" {
			return fmt.Sprintf("%s:%d: %s", r.Case.File, t.Line, t.Err)
		}
	}
	first, _, _ := strings.Cut(r.Reason, "\n")
	return first
}

// WriteJSON writes a result as one line of JSON.
func WriteJSON(w io.Writer, r *Result) error {
	type row struct {
		Line  int    `json:"line,omitempty"`
		Want  string `json:"expected"`
		Got   string `json:"actual"`
		Wrong string `json:"wrong,omitempty"`
	}
	type turn struct {
		Line    int      `json:"line"`
		Asked   string   `json:"asked"`
		Rows    []row    `json:"rows"`
		Class   string   `json:"class"`
		States  []string `json:"states"`
		Context string   `json:"context"`
		Log     []string `json:"log,omitempty"`
		Err     string   `json:"error,omitempty"`
	}
	out := struct {
		File    string  `json:"file"`
		Line    int     `json:"line"`
		ID      string  `json:"id"`
		Status  Status  `json:"status"`
		Reason  string  `json:"reason,omitempty"`
		Seconds float64 `json:"seconds"`
		Turns   []turn  `json:"turns"`
	}{r.Case.File, r.Case.Line, r.Case.ID, r.Status, r.Reason, r.Duration.Seconds(), []turn{}}
	if r.Status == Failed {
		out.Reason = r.summary()
	}
	for _, t := range r.Turns {
		rows := []row{}
		for _, x := range t.Rows {
			rows = append(rows, row(x))
		}
		out.Turns = append(out.Turns, turn{t.Line, t.Asked, rows, t.Class, t.States, t.Context, t.Log, t.Err})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}
