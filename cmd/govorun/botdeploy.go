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
	"slices"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/bot/bundle"
	"github.com/govorun/govorun/internal/bot/scenario"
)

// whichBot says which bot of a server is meant.
type whichBot struct {
	access
	Bot  string `placeholder:"ID" help:"The bot's id."`
	Name string `placeholder:"NAME" help:"The bot's name, instead of its id."`
}

// deployedBot is a bot as the server shows it.
type deployedBot struct {
	ID, Name, Kind string
	CreatedAt      *string // null: it comes with the program
	Version        int64   // 0: none
}

func (b *deployedBot) path() string { return "/bots/" + url.PathEscape(b.ID) }

func (b *deployedBot) String() string { return fmt.Sprintf("%s (%s)", plainText(b.Name), b.ID) }

// plainText shows a text without what moves the cursor.
func plainText(text string) string {
	raw, _ := json.Marshal(text) // a text always is JSON then
	return plain(raw)
}

// find finds the bot; nil when none has the name.
func (c *whichBot) find(ctx context.Context, api *adminClient, name string) (*deployedBot, error) {
	if c.Bot != "" {
		data, err := api.call(ctx, http.MethodGet, "/bots/"+url.PathEscape(c.Bot), nil, "")
		return readBot(data, err)
	}
	all, err := api.listAll(ctx, "/bots", url.Values{})
	if err != nil {
		return nil, err
	}
	var found []*deployedBot
	for _, item := range all.Items {
		b, err := readBot(item, nil)
		if err != nil {
			return nil, err
		}
		if b.Name == name && b.Kind == "scenario" && b.CreatedAt != nil {
			found = append(found, b)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	default:
		ids := make([]string, len(found))
		for i, b := range found {
			ids[i] = b.ID
		}
		return nil, &usageError{fmt.Errorf("%d bots have the name %s, choose one of them with --bot: %s", len(found), plainText(name), strings.Join(ids, ", "))}
	}
}

func readBot(data []byte, err error) (*deployedBot, error) {
	if err != nil {
		return nil, err
	}
	b := &deployedBot{}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	return b, nil
}

// there finds a bot that must be there.
func (c *whichBot) there(ctx context.Context, w *world) (*adminClient, *deployedBot, error) {
	if (c.Bot == "") == (c.Name == "") {
		return nil, nil, &usageError{errors.New("name the bot with --bot or --name")}
	}
	api, err := c.client(w)
	if err != nil {
		return nil, nil, err
	}
	b, err := c.find(ctx, api, c.Name)
	if err == nil && b == nil {
		err = fmt.Errorf("no bot that was deployed has the name %s", plainText(c.Name))
	}
	return api, b, err
}

// botDeployCmd deploys a bot.
type botDeployCmd struct {
	whichBot
	Dir      string `arg:"" placeholder:"DIR" help:"The bot's directory, with its chatbot.yaml."`
	Note     string `placeholder:"TEXT" help:"Shown with the version."`
	Activate bool   `default:"true" negatable:"" help:"Have it answer; with --no-activate the server only checks and keeps it."`
	Watch    bool   `help:"Deploy again at every change of the bot's files, until interrupted. For development."`
}

// Help is shown by --help.
func (c *botDeployCmd) Help() string {
	return "Without --bot and --name the bot is that of the name in chatbot.yaml. It is made unless it is there."
}

// Run deploys.
func (c *botDeployCmd) Run(ctx context.Context, w *world) error {
	if c.Bot != "" && c.Name != "" {
		return &usageError{errors.New("name the bot with --bot or --name, not with both")}
	}
	if _, err := c.client(w); err != nil {
		return err
	}
	if _, err := (&botFlags{Dir: c.Dir}).files(); err != nil {
		return err
	}
	return repeat(ctx, w, c.Watch, c.Dir, nil, func(ctx context.Context) error { return c.deploy(ctx, w) })
}

func (c *botDeployCmd) deploy(ctx context.Context, w *world) error {
	files, name, err := c.pack()
	if err != nil {
		return told(w, err)
	}
	api, err := c.client(w)
	if err != nil {
		return err
	}
	if c.Name != "" {
		name = c.Name
	}
	b, err := c.find(ctx, api, name)
	if err == nil && b == nil {
		b, err = makeBot(ctx, w, api, name)
	}
	if err != nil {
		return err
	}
	before, err := filesOf(ctx, api, b)
	if err != nil {
		return err
	}
	query := url.Values{"note": {c.Note}, "activate": {strconv.FormatBool(c.Activate)}}
	zipped := files.Archive()
	progress := w.progress(bytes.NewReader(zipped), int64(len(zipped)))
	status, data, err := api.upload(ctx, b.path()+"/versions?"+query.Encode(), progress, int64(len(zipped)))
	progress.end()
	if err != nil {
		return told(w, err)
	}
	var v struct{ Number int64 }
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	switch {
	case status != http.StatusCreated:
		_, err = fmt.Fprintf(w.Stdout, "Nothing has changed: version %d of %s answers already.\n", v.Number, b)
		return err
	case c.Activate:
		_, err = fmt.Fprintf(w.Stdout, "Version %d of %s answers now.\n", v.Number, b)
	default:
		_, err = fmt.Fprintf(w.Stdout, "Version %d of %s is kept. To have it answer: govorun bot rollback --bot %s --to %d\n", v.Number, b, b.ID, v.Number)
	}
	writeChanges(w.Stdout, before, files.Files())
	return err
}

// pack takes the bot out of its directory and checks it. It returns its name, too.
func (c *botDeployCmd) pack() (*bundle.Bundle, string, error) {
	dir, err := (&botFlags{Dir: c.Dir}).files()
	if err != nil {
		return nil, "", err
	}
	files, err := bundle.Pack(dir)
	if err != nil {
		return nil, "", err
	}
	b, err := scenario.Load(files.FS(), scenario.Options{})
	if err != nil {
		return nil, "", err
	}
	name := b.Name()
	if err := b.Close(); err != nil {
		return nil, "", err
	}
	if name == "" && c.Bot == "" && c.Name == "" {
		return nil, "", &usageError{fmt.Errorf("%s has no name: name the bot with --bot or --name", bundle.ConfigFile)}
	}
	return files, name, nil
}

// told prints the mistakes of a bot, be it this program that has found them or the server.
func told(w *world, err error) error {
	if _, ok := errors.AsType[scenario.Errors](err); !ok {
		return err
	}
	p := w.painter()
	fmt.Fprintf(p, "%s. Nothing was changed.\n", count(writeMistakes(p, err), "error"))
	return errReported
}

func makeBot(ctx context.Context, w *world, api *adminClient, name string) (*deployedBot, error) {
	data, err := api.call(ctx, http.MethodPost, "/bots", map[string]string{"kind": "scenario", "name": name}, "")
	b, err := readBot(data, err)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(w.Stdout, "Made the bot %s. A chat answers with it when its botId is set.\n", b)
	return b, err
}

// filesOf are those of the version that answers; none when there is no version.
func filesOf(ctx context.Context, api *adminClient, b *deployedBot) ([]bundle.File, error) {
	if b.Version == 0 {
		return nil, nil
	}
	data, err := api.call(ctx, http.MethodGet, fmt.Sprintf("%s/versions/%d", b.path(), b.Version), nil, "")
	if err != nil {
		return nil, err
	}
	var v struct{ Files []bundle.File }
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	return v.Files, nil
}

// maxChanges is how many files are named.
const maxChanges = 20

// writeChanges says which files were added (+), changed (~) and removed (-).
func writeChanges(w io.Writer, before, after []bundle.File) {
	if len(before) == 0 {
		fmt.Fprintf(w, "%s.\n", count(len(after), "file"))
		return
	}
	digests := make(map[string]string, len(before))
	for _, f := range before {
		digests[f.Path] = f.Digest
	}
	var changes []string
	for _, f := range after {
		switch old, ok := digests[f.Path]; {
		case !ok:
			changes = append(changes, "+ "+f.Path)
		case old != f.Digest:
			changes = append(changes, "~ "+f.Path)
		}
		delete(digests, f.Path)
	}
	for path := range digests {
		changes = append(changes, "- "+path)
	}
	slices.SortFunc(changes, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	for i, change := range changes {
		if i == maxChanges {
			fmt.Fprintf(w, "  and %d more\n", len(changes)-i)
			return
		}
		fmt.Fprintf(w, "  %s\n", change)
	}
}
