package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// adminCmd administers a running server over its API.
type adminCmd struct {
	Setup  adminSetupCmd  `cmd:"" help:"Become the first administrator: exchange the link that the server printed at its start for an API key, which is printed."`
	Whoami adminWhoamiCmd `cmd:"" help:"Show which API key is in use and what it may do."`
	Chats  adminChatsCmd  `cmd:"" help:"Chats and their settings."`
	Bots   adminBotsCmd   `cmd:"" help:"Bots."`
	Keys   adminKeysCmd   `cmd:"" help:"API keys."`
}

// adminChatsCmd is about chats.
type adminChatsCmd struct {
	List   adminListCmd   `cmd:"" help:"List the chats."`
	Show   adminShowCmd   `cmd:"" help:"Show a chat's settings, or its secrets."`
	Create adminCreateCmd `cmd:"" help:"Make a chat."`
	Update adminUpdateCmd `cmd:"" help:"Change settings of a chat; the others stay."`
	Delete adminDeleteCmd `cmd:"" help:"Delete a chat: no session starts in it any more, those that are open go on."`
}

// AfterApply tells the command below what it is about.
func (adminChatsCmd) AfterApply(k *kong.Context) error { //nolint:unparam // so that Kong calls it
	k.Bind(&resource{path: "chats", secrets: "secrets", columns: []string{"id", "name", "identity", "botId", "createdAt"}})
	return nil
}

// adminBotsCmd is about bots.
type adminBotsCmd struct {
	List   adminListCmd   `cmd:"" help:"List the bots."`
	Show   adminShowCmd   `cmd:"" help:"Show a bot's settings, or the secret that its calls are signed with."`
	Create adminCreateCmd `cmd:"" help:"Make a remote bot, or with --set kind=scenario one to be deployed (see govorun bot deploy)."`
	Update adminUpdateCmd `cmd:"" help:"Change settings of a bot; the others stay."`
	Delete adminDeleteCmd `cmd:"" help:"Delete a bot that no chat names, with its versions."`
}

// AfterApply tells the command below what it is about.
func (adminBotsCmd) AfterApply(k *kong.Context) error { //nolint:unparam // so that Kong calls it
	k.Bind(&resource{path: "bots", secrets: "secret", columns: []string{"id", "name", "kind", "version", "url", "createdAt"}})
	return nil
}

// adminKeysCmd is about API keys.
type adminKeysCmd struct {
	List   adminListCmd   `cmd:"" help:"List the API keys."`
	Show   adminKeyCmd    `cmd:"" help:"Show an API key, but for the key itself."`
	Create adminCreateCmd `cmd:"" help:"Make an API key. It is shown this once."`
	Delete adminDeleteCmd `cmd:"" help:"Delete an API key: who has it is refused from then on."`
}

// AfterApply tells the command below what it is about.
func (adminKeysCmd) AfterApply(k *kong.Context) error { //nolint:unparam // so that Kong calls it
	k.Bind(&resource{path: "keys", columns: []string{"id", "name", "hint", "permissions", "expiresAt", "lastUsedAt"}})
	return nil
}

// resource is a kind of thing that the API has.
type resource struct {
	path    string
	secrets string   // what is behind a thing's path for its secrets
	columns []string // of the table
}

func (r *resource) one(id string) string { return "/" + r.path + "/" + url.PathEscape(id) }

// adminSetupCmd makes the first key.
type adminSetupCmd struct {
	Link string `arg:"" help:"The link as the server printed it."`
	Name string `default:"administrator" help:"Name of the key."`
}

// Run exchanges the link.
func (c *adminSetupCmd) Run(ctx context.Context, w *world) error {
	server, token, ok := strings.Cut(c.Link, "/setup#")
	if !ok || token == "" {
		return &usageError{fmt.Errorf("%q is not the link that a server prints at its start, http://…/setup#…", c.Link)}
	}
	api, err := newAdminClient(server)
	if err != nil {
		return err
	}
	body, err := api.call(ctx, http.MethodPost, "/setup", map[string]string{"token": token, "name": c.Name}, "")
	if err != nil {
		return err
	}
	var made struct{ Key string }
	if err := json.Unmarshal(body, &made); err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	fmt.Fprintln(w.Stderr, "This API key may do everything. Keep it now: nobody can show it again.")
	_, err = fmt.Fprintln(w.Stdout, made.Key)
	return err
}

// adminWhoamiCmd shows the key in use.
type adminWhoamiCmd struct {
	query
}

// Run asks the server.
func (c *adminWhoamiCmd) Run(ctx context.Context, w *world) error {
	return c.show(ctx, w, http.MethodGet, "/whoami", nil, "")
}

// adminListCmd lists things.
type adminListCmd struct {
	query
}

// Run lists all there are, page by page.
func (c *adminListCmd) Run(ctx context.Context, w *world, r *resource) error {
	return c.list(ctx, w, "/"+r.path, url.Values{}, r.columns)
}

// adminShowCmd shows one thing that has secrets.
type adminShowCmd struct {
	query
	ID      string `arg:"" help:"Its id."`
	Secrets bool   `help:"Show its secrets instead."`
}

// Run asks the server.
func (c *adminShowCmd) Run(ctx context.Context, w *world, r *resource) error {
	path := r.one(c.ID)
	if c.Secrets {
		path += "/" + r.secrets
	}
	return c.show(ctx, w, http.MethodGet, path, nil, "")
}

// adminKeyCmd shows one API key.
type adminKeyCmd struct {
	query
	ID string `arg:"" help:"Its id."`
}

// Run asks the server.
func (c *adminKeyCmd) Run(ctx context.Context, w *world, r *resource) error {
	return c.show(ctx, w, http.MethodGet, r.one(c.ID), nil, "")
}

// adminCreateCmd makes a thing.
type adminCreateCmd struct {
	query
	given
	IdempotencyKey string `placeholder:"KEY" help:"Make one thing however often the command is run with this key and the same settings."`
}

// Run makes it and shows it.
func (c *adminCreateCmd) Run(ctx context.Context, w *world, r *resource) error {
	body, err := c.body(w)
	if err != nil {
		return err
	}
	return c.show(ctx, w, http.MethodPost, "/"+r.path, body, c.IdempotencyKey)
}

// adminUpdateCmd changes a thing.
type adminUpdateCmd struct {
	query
	given
	ID string `arg:"" help:"Its id."`
}

// Run changes it and shows how it is now.
func (c *adminUpdateCmd) Run(ctx context.Context, w *world, r *resource) error {
	body, err := c.body(w)
	if err != nil {
		return err
	}
	return c.show(ctx, w, http.MethodPatch, r.one(c.ID), body, "")
}

// adminDeleteCmd deletes a thing.
type adminDeleteCmd struct {
	access
	ID string `arg:"" help:"Its id."`
}

// Run deletes it.
func (c *adminDeleteCmd) Run(ctx context.Context, w *world, r *resource) error {
	api, err := c.client(w)
	if err != nil {
		return err
	}
	if _, err := api.call(ctx, http.MethodDelete, r.one(c.ID), nil, ""); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.Stdout, "Deleted.")
	return err
}

// given are the settings that a command line names.
type given struct {
	Set  []string `sep:"none" placeholder:"NAME=VALUE" help:"A setting. What reads as JSON is JSON (300, true, null for the default, [\"a\"]), anything else a text; \"300\" in quotes is a text, too. May be given several times."`
	File string   `placeholder:"FILE" help:"A JSON object of settings; - reads the standard input. --set counts above it."`
}

// maxSettings bounds a file of settings, in bytes. The server takes no more.
const maxSettings = 1 << 20

// body puts the settings together.
func (g *given) body(w *world) (map[string]json.RawMessage, error) {
	body := map[string]json.RawMessage{}
	if g.File != "" {
		data, err := g.read(w)
		if err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
		if err := json.Unmarshal(data, &body); err != nil || body == nil {
			return nil, &usageError{fmt.Errorf("%s: expected a JSON object of settings", g.File)}
		}
	}
	for _, s := range g.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, &usageError{fmt.Errorf("--set %s: expected NAME=VALUE", s)}
		}
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			raw, _ = json.Marshal(value) // a text always is JSON then
		}
		body[name] = raw
	}
	if len(body) == 0 {
		return nil, &usageError{fmt.Errorf("no settings: name them with --set or --file")}
	}
	return body, nil
}

func (g *given) read(w *world) ([]byte, error) {
	from := w.Stdin
	if g.File != "-" {
		f, err := os.Open(g.File)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it is only read
		from = f
	}
	if from == nil {
		from = bytes.NewReader(nil)
	}
	data, err := io.ReadAll(io.LimitReader(from, maxSettings+1))
	if err == nil && len(data) > maxSettings {
		err = fmt.Errorf("more than %d bytes", maxSettings)
	}
	return data, err
}
