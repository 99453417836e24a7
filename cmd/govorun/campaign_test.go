package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// inFile writes a file and returns its name.
func inFile(t *testing.T, name, content string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// sent takes the id of a campaign out of what sending it has printed, which must go on like this.
func sent(t *testing.T, printed, rest string) (id string) {
	t.Helper()
	m := regexp.MustCompile("^Campaign ([0-9a-f-]{36}), clients: ").FindStringSubmatch(printed)
	if m == nil || strings.ReplaceAll(printed[len(m[0]):], m[1], "ID") != rest {
		t.Fatalf("%q", printed)
	}
	return m[1]
}

// A chat that is there, and an id of nothing.
const (
	demoChat = "11111111-1111-4111-8111-111111111111"
	nowhere  = "99999999-9999-4999-8999-999999999999"
)

func TestCampaignsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	url := strings.TrimPrefix(o.env[0], "GOVORUN_SERVER=")
	if got := o.do("campaign", "list"); got != "There are none.\n" {
		t.Errorf("%q", got)
	}
	clients := inFile(t, "clients.csv", "\ufeff\"clientId\",discount\r\ncustomer-1,10\r\n customer-2 ,\"2\n0\"\r\ncustomer-1,30\r\n")
	id := sent(t, o.do("campaign", "send", "--chat", demoChat, "--file", clients, "--event", "sale"),
		"2, repeated in the file: 1.\nSENT: 2 sent, 0 failed, 0 canceled.\n")
	r, err := http.Get(url + "/chatapi/DemoChat:0000000000000000000000000000000000000000/client/customer-2/history")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if history, _ := io.ReadAll(r.Body); !strings.Contains(string(history), `"eventData":{"data":{"discount":"2\n0"},"event":"sale"}`) {
		t.Errorf("%s", history)
	}
	if got := squeezed(o.do("campaign", "show", id)); !strings.Contains(got, "id "+id+"\nname clients.csv\nstate SENT\n") {
		t.Errorf("%s", got)
	}
	if got := squeezed(o.do("campaign", "list")); !strings.Contains(got, id+" clients.csv SENT 2 2 0 0 0 ") {
		t.Errorf("%s", got)
	}
	if got := squeezed(o.do("campaign", "recipients", id, "--state", "SENT", "--limit", "1", "--offset", "1")); !strings.Contains(got, "customer-2 SENT - ") ||
		!strings.HasSuffix(got, "These are 1 of 2; --offset and --limit show others.\n") {
		t.Errorf("%s", got)
	}
	o.fail("the campaign is over", "campaign", "cancel", id)
	o.fail("Entity not found", "campaign", "show", "../keys")
	o.fail("state: expected INIT", "campaign", "recipients", id, "--state", "LOST")

	at := time.Now().UTC().Add(24*time.Hour).Format("2006-01-02T15:04:05") + "+00:00"
	later := sent(t, o.do("campaign", "send", "--chat", demoChat, "--file", clients, "--text", "Привет", "--at", at, "--name", "Потом"),
		"2, repeated in the file: 1.\nIt is sent at "+at+"; see govorun campaign show ID.\n")
	if got := squeezed(o.do("campaign", "cancel", later)); !strings.Contains(got, "\nname Потом\nstate CANCELED\n") || !strings.Contains(got, "\ncanceled 2\n") {
		t.Errorf("%s", got)
	}
}

// TestCampaignsThatFail: what the server refuses is said, and by where in the file it is; a campaign that
// reaches nobody is a failure.
func TestCampaignsThatFail(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	clients, object := inFile(t, "clients.csv", "clientId\na\nb\n"), inFile(t, "object.json", `{"type": "text"}`)
	send := []string{"campaign", "send", "--file", clients, "--chat"}
	o.fail("chatId: expected a UUID", append(send, "x", "--event", "e")...)
	o.fail("chatId: no such chat", append(send, nowhere, "--event", "e")...)
	o.fail("botId: no such bot", append(send, demoChat, "--event", "e", "--bot", nowhere)...)
	o.fail("sendingTime: expected a time", append(send, demoChat, "--event", "e", "--at", "soon")...)
	o.fail("replies: expected an array", append(send, demoChat, "--replies", object)...)
	o.fail("priority: expected a number", append(send, demoChat, "--text", "t", "--priority", "1001")...)
	if got := o.do("campaign", "list"); got != "There are none.\n" {
		t.Errorf("%s", got)
	}
	large := inFile(t, "large.csv", "clientId,x\na,1\nb,"+strings.Repeat("x", 17<<10)+"\n")
	o.fail("made and not started, clients 1 to 2 of the file were not added: the server refuses (400): Invalid input parameters: recipients[1].data: expected at most",
		"campaign", "send", "--chat", demoChat, "--file", large, "--event", "e")

	in := o.object("admin", "chats", "create", "--set", "name=a")["id"].(string)
	o.do(append(send, in, "--text", "to people")...) // needs no bot
	code, stdout, stderr := command(t.Context(), o.env, append(send, in, "--event", "e")...)
	id := sent(t, stdout, "2.\nFAILED: 0 sent, 2 failed, 0 canceled.\n")
	if code != 1 || !strings.Contains(stderr, "nobody was reached; govorun campaign recipients "+id+" --state FAILED says why") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if got := squeezed(o.do("campaign", "recipients", id, "--state", "FAILED")); strings.Count(got, " FAILED no bot answers in the client's session ") != 2 {
		t.Errorf("%s", got)
	}
	if got := sent(t, o.do(append(send, demoChat, "--event", "e", "--rate", "500")...), "2.\nSENT: 2 sent, 0 failed, 0 canceled.\n"); got == "" {
		t.Error(got)
	}
}

// TestCampaignIsLeft: whoever stops watching leaves the campaign to the server. It is filled in parts.
func TestCampaignIsLeft(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	var csv strings.Builder
	csv.WriteString("clientId\n")
	for i := range 2*partRows + 1 {
		fmt.Fprintf(&csv, "c%d\n", i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := writes(func(p string) {
		if strings.HasPrefix(p, "Campaign ") {
			cancel()
		}
	})
	var printed, errs strings.Builder
	code := run(ctx, []string{"campaign", "send", "--chat", demoChat, "--file", "-", "--text", "t", "--rate", "1"},
		&world{Environ: o.env, Stdin: strings.NewReader(csv.String()), Stdout: io.MultiWriter(out, &printed), Stderr: &errs})
	id := sent(t, printed.String(), "1001.\nThe campaign goes on. Watch it with govorun campaign show ID, end it with govorun campaign cancel ID.\n")
	if code != 0 || errs.String() != "" {
		t.Errorf("exit code %d, %s", code, &errs)
	}
	canceled := o.object("campaign", "cancel", id)
	if canceled["state"] != "CANCELED" || canceled["total"] != 1001.0 || canceled["canceled"].(float64) < 900 {
		t.Errorf("%v", canceled)
	}
}

// writes is told of what is written.
type writes func(string)

// Write implements io.Writer.
func (w writes) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

func TestFilesOfClients(t *testing.T) {
	t.Parallel()
	for text, words := range map[string]string{
		"":                              "it is empty",
		"clientId\n":                    "at least one client",
		"id,x\na,1\n":                   "expected a column clientId in the header, parted by commas; got id, x",
		"clientId;x\na;1\n":             "parted by commas; got clientId;x",
		"clientId,x\na\n":               "line 2: wrong number of fields",
		"clientId,x\na,1\n\n ,2\n":      "line 4: expected the id of a client in the column clientId",
		"clientId,x,x\na,1,2\n":         "two columns are called x",
		"clientId,,x\na,1,2\n":          "column 2 has no name",
		"clientId,x\nb,1\na,\xef\xf0\n": "line 3: the column x is not UTF-8",
		"clientId,\xef\xf0\na,1\n":      "the header is not UTF-8",
		"clientId\n\"a\n":               "extraneous or missing",
	} {
		if rows, err := readRecipients(strings.NewReader(text), true); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, %v", text, rows, err)
		}
	}
	rows, err := readRecipients(strings.NewReader("x,clientId\n1,a\n"), false)
	if err != nil || len(rows) != 1 || rows[0].ClientID != "a" || rows[0].Data != nil {
		t.Errorf("%v, %v", rows, err)
	}
}

// TestParts: a call stays below what the server takes, whatever JSON makes of the data.
func TestParts(t *testing.T) {
	t.Parallel()
	rows := make([]recipientRow, 3*partRows)
	for i := range rows {
		rows[i] = recipientRow{ClientID: fmt.Sprint(i), Data: map[string]string{"x": strings.Repeat("<", i)}}
	}
	parts := 0
	for ; len(rows) > 0; parts++ {
		n, err := part(rows)
		if err != nil || n < 1 || n > partRows {
			t.Fatal(n, err)
		}
		data, err := json.Marshal(rows[:n])
		if err != nil || len(data) > partBytes+partRows+2 {
			t.Fatal(len(data), err)
		}
		rows = rows[n:]
	}
	if parts < 4 {
		t.Errorf("%d parts", parts)
	}
}
