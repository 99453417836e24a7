package adminapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/govorun/govorun/internal/bot/bundle"
	"github.com/govorun/govorun/internal/chat"
)

// deployQuery names the parameters of a deployment.
var deployQuery = []string{"note", "activate"}

func writeVersion(v *chat.BotVersion, active bool) members {
	return members{
		{"number", v.Number}, {"active", active}, {"createdAt", stamp(v.CreatedAt)}, {"author", v.Author}, {"authorId", v.AuthorID},
		{"note", v.Note}, {"fileCount", v.Files}, {"size", v.Size}, {"digest", v.Digest},
	}
}

// writeFiles shows what a version is made of.
func writeFiles(files []bundle.File) []members {
	list := make([]members, len(files))
	for i, f := range files {
		list[i] = members{{"path", f.Path}, {"size", f.Size}, {"digest", f.Digest}}
	}
	return list
}

// listVersions is GET /bots/{id}/versions.
func (a *API) listVersions(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	b, err := a.Service.FindBot(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	versions, err := a.Service.ListBotVersions(c.Context(), b.ID)
	if err != nil {
		return reply{}, err
	}
	return listed(cut(versions, p), int64(len(versions)), func(v *chat.BotVersion) members { return writeVersion(v, v.Number == b.Version) }), nil
}

// deployVersion is POST /bots/{id}/versions.
func (a *API) deployVersion(c *call) (reply, error) {
	p := chat.NewVersionParams{BotID: c.PathValue("id"), Note: c.query.Get("note")}
	var err error
	if p.Standby, err = c.standby(); err != nil {
		return reply{}, err
	}
	if err := a.mayDeploy(c, p.BotID); err != nil { // before what is to be deployed is sent
		return reply{}, err
	}
	leave, err := a.enter(c)
	if err != nil {
		return reply{}, err
	}
	defer leave()
	files, body, err := readBundle(c.Request)
	if err != nil {
		return reply{}, err
	}
	if p.Idempotency, err = idempotency(c.Request, deployment(&p, body)); err != nil {
		return reply{}, err
	}
	if mistakes := a.Check(files.FS()); len(mistakes) > 0 {
		return reply{}, mistakesError(mistakes)
	}
	p.Archive, p.Digest, p.Files, p.Size = files.Archive(), files.Digest(), int64(len(files.Files())), files.Size()
	added, err := a.Service.AddBotVersion(c.work(), c.key, p)
	if err != nil {
		return reply{}, err
	}
	if !added.Made {
		return reply{status: http.StatusOK, body: writeVersion(&added.BotVersion, true)}, nil
	}
	a.audit(c, "a version of a bot was deployed", &added.BotVersion, added.Active)
	if added.Active {
		a.deployed(c, p.BotID)
	}
	return reply{http.StatusCreated, writeVersion(&added.BotVersion, added.Active), versionPath(&added.BotVersion)}, nil
}

// enter waits until few enough bots are being read.
func (a *API) enter(c *call) (leave func(), err error) {
	select {
	case a.checks <- struct{}{}:
		return func() { <-a.checks }, nil
	case <-c.Context().Done():
		return nil, c.Context().Err()
	}
}

func versionPath(v *chat.BotVersion) string {
	return fmt.Sprintf("%s/bots/%s/versions/%d", base, v.BotID, v.Number)
}

// standby reports whether a version is to be kept without being activated.
func (c *call) standby() (bool, error) {
	switch c.query.Get("activate") {
	case "", "true":
		return false, nil
	case "false":
		return true, nil
	default:
		return false, chat.Invalid("activate", "expected true or false")
	}
}

// mayDeploy says early what the domain would say.
func (a *API) mayDeploy(c *call, id string) error {
	b, err := a.Service.FindBot(c.Context(), id)
	switch {
	case err != nil:
		return err
	case b.BuiltIn():
		return chat.Errorf(chat.CodeState, "this bot comes with the program and cannot be changed")
	case b.Kind != chat.BotScenario:
		return chat.Errorf(chat.CodeState, "a %s bot has no versions", b.Kind)
	default:
		return nil
	}
}

// deployment is what tells one deployment from another for an Idempotency-Key.
func deployment(p *chat.NewVersionParams, body []byte) []byte {
	sum := sha256.Sum256(body)
	text, err := json.Marshal([]any{p.Note, p.Standby, hex.EncodeToString(sum[:])})
	if err != nil {
		panic(err) // texts always encode
	}
	return text
}

// readBundle reads the archive in a request's body, and returns the body, too.
func readBundle(r *http.Request) (*bundle.Bundle, []byte, error) {
	read := bundle.ReadZip
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // "" is none of these
	switch media {
	case "application/zip":
	case "application/gzip":
		read = bundle.ReadTarGzip
	default:
		return nil, nil, errArchive
	}
	body, err := readBody(r, bundle.MaxPacked)
	if err != nil {
		return nil, nil, err
	}
	files, err := read(body)
	if refused, ok := errors.AsType[*bundle.Error](err); ok {
		code := chat.CodeInvalid
		if refused.TooLarge {
			code = chat.CodeTooLarge
		}
		return nil, nil, &chat.Error{Code: code, Message: refused.Error()}
	}
	return files, body, err
}

// audit keeps who has changed what answers clients.
func (a *API) audit(c *call, what string, v *chat.BotVersion, active bool) {
	a.Log.InfoContext(c.Context(), what, //nolint:sloglint // one of two
		"bot", v.BotID, "version", v.Number, "active", active, "digest", v.Digest,
		"key", c.key.ID, "key_name", c.key.Name, "address", a.Proxies.ClientAddr(c.Request))
}

// deployed waits until the bot answers with its active version here, or until who calls does not
// wait.
func (a *API) deployed(c *call, id string) {
	if a.Deployed != nil {
		a.Deployed(c.Context(), id)
	}
}

// versionNumber is that of a version in the path.
func (c *call) versionNumber() (int64, error) {
	text := c.PathValue("number")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || strings.HasPrefix(text, "+") {
		return 0, chat.Errorf(chat.CodeNotFound, "the version in the path is no number from 1")
	}
	return n, nil
}

// version is the one that the path names, with its bot.
func (a *API) version(c *call) (*chat.BotRecord, *chat.BotVersion, error) {
	n, err := c.versionNumber()
	if err != nil {
		return nil, nil, err
	}
	b, err := a.Service.FindBot(c.Context(), c.PathValue("id"))
	if err != nil {
		return nil, nil, err
	}
	v, err := a.Service.FindBotVersion(c.Context(), b.ID, n)
	return b, v, err
}

// files are those of a version.
func (a *API) files(c *call, v *chat.BotVersion) (fs.FS, error) {
	zipped, err := a.Service.FindBotArchive(c.Context(), v.BotID, v.Number)
	if err != nil {
		return nil, err
	}
	return bundle.Open(zipped)
}

// showVersion is GET /bots/{id}/versions/{number}.
func (a *API) showVersion(c *call) (reply, error) {
	b, v, err := a.version(c)
	if err != nil {
		return reply{}, err
	}
	files, err := a.files(c, v)
	if err != nil {
		return reply{}, err
	}
	list, err := bundle.List(files)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: append(writeVersion(v, v.Number == b.Version), member{"files", writeFiles(list)})}, nil
}

// downloadVersion is GET /bots/{id}/versions/{number}/archive.
func (a *API) downloadVersion(c *call) (reply, error) {
	_, v, err := a.version(c)
	if err != nil {
		return reply{}, err
	}
	zipped, err := a.Service.FindBotArchive(c.Context(), v.BotID, v.Number)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: archive{fmt.Sprintf("%s-%d.zip", v.BotID, v.Number), zipped}}, nil
}

// activateVersion is POST /bots/{id}/versions/{number}/activate. What this program cannot run any more
// is refused as what is deployed.
func (a *API) activateVersion(c *call) (reply, error) {
	if err := readNothing(c.Request); err != nil {
		return reply{}, err
	}
	b, v, err := a.version(c)
	if err != nil {
		return reply{}, err
	}
	leave, err := a.enter(c)
	if err != nil {
		return reply{}, err
	}
	defer leave()
	files, err := a.files(c, v)
	if err != nil {
		return reply{}, err
	}
	if mistakes := a.Check(files); len(mistakes) > 0 {
		return reply{}, mistakesError(mistakes)
	}
	if v, err = a.Service.ActivateBotVersion(c.work(), b.ID, v.Number); err != nil {
		return reply{}, err
	}
	a.audit(c, "a version of a bot was activated", v, true)
	a.deployed(c, b.ID)
	return reply{status: http.StatusOK, body: writeVersion(v, true)}, nil
}
