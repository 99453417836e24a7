package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/govorun/govorun/internal/bot/scenario"
)

const (
	defaultServer = "http://127.0.0.1:8080"
	adminBase     = "/api/admin/v1"
	callTimeout   = 30 * time.Second
	uploadTimeout = 6 * time.Minute // a little more than the server takes
	maxAnswer     = 64 << 20        // bytes; a page of a list has at most 1000 things
	listPage      = 1000
)

// access says which server is called, and by whom.
type access struct {
	Server  string `placeholder:"URL" help:"Server to call; GOVORUN_SERVER or http://127.0.0.1:8080 unless given."`
	KeyFile string `placeholder:"FILE" help:"File that holds the API key; GOVORUN_KEY unless given."`
}

// client finds out server and key.
func (a *access) client(w *world) (*adminClient, error) {
	server := a.Server
	if server == "" {
		server = w.getenv("GOVORUN_SERVER")
	}
	if server == "" {
		server = defaultServer
	}
	c, err := newAdminClient(server)
	if err != nil {
		return nil, err
	}
	c.key = w.getenv("GOVORUN_KEY")
	if a.KeyFile != "" {
		data, err := os.ReadFile(a.KeyFile)
		if err != nil {
			return nil, &usageError{fmt.Errorf("API key: %w", err)}
		}
		c.key = strings.TrimSpace(string(data))
	}
	if c.key == "" || strings.ContainsFunc(c.key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, &usageError{errors.New("no API key: set GOVORUN_KEY, or name a file that holds it with --key-file")}
	}
	return c, nil
}

// getenv is a variable of the environment, "" when it is not set.
func (w *world) getenv(name string) string {
	for _, v := range w.Environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// adminClient calls the API of administrators. It repeats nothing by itself.
type adminClient struct {
	server string // without a slash at the end
	key    string // "" for none
	http   *http.Client
}

func newAdminClient(server string) (*adminClient, error) {
	u, err := url.Parse(server)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, &usageError{fmt.Errorf("server %q: expected a URL such as %s", server, defaultServer)}
	}
	return &adminClient{
		server: strings.TrimRight(server, "/"),
		http: &http.Client{
			Timeout: callTimeout,
			// The key is for the server that was named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// call makes a request and returns the answer's body. body is sent as JSON, nil for none.
func (c *adminClient) call(ctx context.Context, method, path string, body any, idempotencyKey string) ([]byte, error) {
	r, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	if idempotencyKey != "" {
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	_, data, err := c.do(r, c.http)
	return data, err
}

// do sends a request and returns the status of a success, and the answer's body.
func (c *adminClient) do(r *http.Request, by *http.Client) (status int, data []byte, err error) {
	answer, err := by.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return 0, nil, fmt.Errorf("cannot reach %s: %w", c.server, err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is only read
	data, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("the answer of %s: %w", c.server, err)
	}
	if answer.StatusCode >= 300 {
		return 0, nil, c.refusal(answer, data)
	}
	return answer.StatusCode, data, nil
}

// upload sends a zip of size bytes.
func (c *adminClient) upload(ctx context.Context, path string, zipped io.Reader, size int64) (status int, data []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server+adminBase+path, zipped)
	if err != nil {
		return 0, nil, fmt.Errorf("make the request: %w", err)
	}
	r.ContentLength = size
	r.Header.Set("Content-Type", "application/zip")
	r.Header.Set("Authorization", "Bearer "+c.key)
	patient := *c.http
	patient.Timeout = uploadTimeout
	return c.do(r, &patient)
}

func (c *adminClient) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		sent = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.server+adminBase+path, sent)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	return r, nil
}

// refusal says why the server did not do what it was asked to; of a bot with mistakes it is these.
func (c *adminClient) refusal(answer *http.Response, data []byte) error {
	var body struct {
		Error   string
		Details struct {
			Field, Message string
			Mistakes       scenario.Errors
		}
	}
	if json.Unmarshal(data, &body) != nil || body.Error == "" {
		return fmt.Errorf("%s answers %s: is it a Govorun server?", c.server, answer.Status)
	}
	if len(body.Details.Mistakes) > 0 {
		return body.Details.Mistakes
	}
	said := body.Error
	if body.Details.Field != "" {
		said += ": " + body.Details.Field
	}
	if body.Details.Message != "" {
		said += ": " + body.Details.Message
	}
	if wait := answer.Header.Get("Retry-After"); wait != "" {
		said += " (try again in " + wait + " s)"
	}
	return fmt.Errorf("the server refuses (%d): %s", answer.StatusCode, said)
}

// query is a call whose answer is printed.
type query struct {
	access
	JSON bool `name:"json" help:"Print the answer as JSON."`
}

// show calls, and prints the one thing that is answered.
func (q *query) show(ctx context.Context, w *world, method, path string, body any, idempotencyKey string) error {
	api, err := q.client(w)
	if err != nil {
		return err
	}
	data, err := api.call(ctx, method, path, body, idempotencyKey)
	if err != nil {
		return err
	}
	if q.JSON {
		return writeIndented(w.Stdout, json.RawMessage(data))
	}
	return writeOne(w.Stdout, data)
}

// list prints all things of a list, as a table with these columns.
func (q *query) list(ctx context.Context, w *world, path string, filters url.Values, columns []string) error {
	api, err := q.client(w)
	if err != nil {
		return err
	}
	all, err := api.listAll(ctx, path, filters)
	if err != nil {
		return err
	}
	if q.JSON {
		return writeIndented(w.Stdout, all)
	}
	return writeList(w.Stdout, all, columns)
}

// page prints one page of a list, as a table with these columns, and which part of the list it is.
func (q *query) page(ctx context.Context, w *world, path string, filters url.Values, columns []string) error {
	api, err := q.client(w)
	if err != nil {
		return err
	}
	data, err := api.call(ctx, http.MethodGet, path+"?"+filters.Encode(), nil, "")
	if err != nil {
		return err
	}
	if q.JSON {
		return writeIndented(w.Stdout, json.RawMessage(data))
	}
	var page listed
	if err := json.Unmarshal(data, &page); err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	if err := writeList(w.Stdout, &page, columns); err != nil {
		return err
	}
	if shown := int64(len(page.Items)); shown > 0 && shown < page.Count {
		_, err = fmt.Fprintf(w.Stdout, "These are %d of %d; --offset and --limit show others.\n", shown, page.Count)
	}
	return err
}

// writeOne writes a line for each member of an object.
func writeOne(w io.Writer, data []byte) error {
	members, err := membersOf(data)
	if err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range members {
		fmt.Fprintf(table, "%s\t%s\n", m.name, plain(m.value))
	}
	return table.Flush()
}

// listed is a list as the API answers it.
type listed struct {
	Count int64             `json:"count"`
	Items []json.RawMessage `json:"items"`
}

// listAll reads a list page by page. What is made or deleted meanwhile may be missed or come twice.
func (c *adminClient) listAll(ctx context.Context, path string, query url.Values) (*listed, error) {
	all := &listed{Items: []json.RawMessage{}}
	for {
		query.Set("limit", strconv.Itoa(listPage))
		query.Set("offset", strconv.Itoa(len(all.Items)))
		data, err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, "")
		if err != nil {
			return nil, err
		}
		var page listed
		if err := json.Unmarshal(data, &page); err != nil {
			return nil, fmt.Errorf("the server's answer: %w", err)
		}
		all.Count = page.Count
		all.Items = append(all.Items, page.Items...)
		if len(page.Items) < listPage {
			return all, nil
		}
	}
}

// writeList writes a table with these columns.
func writeList(w io.Writer, all *listed, columns []string) error {
	if len(all.Items) == 0 {
		_, err := fmt.Fprintln(w, "There are none.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.ToUpper(strings.Join(columns, "\t")))
	for _, item := range all.Items {
		members, err := membersOf(item)
		if err != nil {
			return fmt.Errorf("the server's answer: %w", err)
		}
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = "-"
			for _, m := range members {
				if text := plain(m.value); m.name == column && text != "" {
					cells[i] = text
				}
			}
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

// member is one of an object, in the order in which the server has written them.
type member struct {
	name  string
	value json.RawMessage
}

func membersOf(data []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("expected an object, got %.100q", data)
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{}
		m.name, _ = name.(string)
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// plain is a value as people read it: a text without quotes, unless it could move the cursor;
// nothing for null; a list of texts parted by commas.
func plain(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return string(raw)
		}
		return text
	}
	var texts []string
	if json.Unmarshal(raw, &texts) == nil && !strings.ContainsFunc(strings.Join(texts, ""), unicode.IsControl) {
		return strings.Join(texts, ", ")
	}
	return string(raw)
}
