package adminapi

import (
	"net/http"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// newKey is what an API key is made of.
type newKey struct {
	name, expiresAt string
	permissions     []string
}

var newKeyFields = []field[newKey]{
	{name: "name", at: func(k *newKey) any { return &k.name }},
	{name: "permissions", at: func(k *newKey) any { return &k.permissions }},
	{name: "expiresAt", at: func(k *newKey) any { return &k.expiresAt }},
}

func writeKey(k *chat.APIKey) members {
	return members{
		{"id", k.ID}, {"name", k.Name}, {"hint", k.Hint}, {"permissions", k.Permissions},
		{"createdAt", stamp(k.CreatedAt)}, {"expiresAt", stamp(k.ExpiresAt)}, {"lastUsedAt", stamp(k.LastUsedAt)},
	}
}

// writeNewKey shows the key itself; null when it was shown before.
func writeNewKey(k *chat.APIKey, text string) members {
	var shown *string
	if text != "" {
		shown = &text
	}
	return append(writeKey(k), member{"key", shown})
}

// whoAmI is GET /whoami.
func (a *API) whoAmI(c *call) (reply, error) {
	k := c.key
	return reply{status: http.StatusOK, body: members{
		{"id", k.ID}, {"name", k.Name}, {"permissions", k.Permissions}, {"expiresAt", stamp(k.ExpiresAt)},
	}}, nil
}

// listKeys is GET /keys.
func (a *API) listKeys(c *call) (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	keys, err := a.Service.ListAPIKeys(c.Context())
	if err != nil {
		return reply{}, err
	}
	return listed(cut(keys, p), int64(len(keys)), writeKey), nil
}

// createKey is POST /keys.
func (a *API) createKey(c *call) (reply, error) {
	body, raw, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	idem, err := idempotency(c.Request, raw)
	if err != nil {
		return reply{}, err
	}
	var k newKey
	if err := set(newKeyFields, body, &k, &newKey{}); err != nil {
		return reply{}, err
	}
	p := chat.NewKeyParams{Name: k.name, Permissions: k.permissions, Idempotency: idem}
	if k.expiresAt != "" {
		if p.ExpiresAt, err = time.Parse(time.RFC3339, k.expiresAt); err != nil {
			return reply{}, chat.Invalid("expiresAt", "expected a time such as 2030-01-31T12:00:00+00:00, or null for never")
		}
	}
	made, text, err := a.Service.CreateAPIKey(c.work(), c.key, p)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, writeNewKey(made, text), base + "/keys/" + made.ID}, nil
}

// showKey is GET /keys/{id}.
func (a *API) showKey(c *call) (reply, error) {
	found, err := a.Service.FindAPIKey(c.Context(), c.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: writeKey(found)}, nil
}

// deleteKey is DELETE /keys/{id}.
func (a *API) deleteKey(c *call) (reply, error) {
	return deleted, a.Service.DeleteAPIKey(c.work(), c.key, c.PathValue("id"))
}
