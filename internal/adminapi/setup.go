package adminapi

import (
	"net/http"

	"github.com/govorun/govorun/internal/chat"
)

// firstName is the name of the first key when nobody chooses another.
const firstName = "administrator"

// newAdmin is what the first key is made of.
type newAdmin struct{ token, name string }

var newAdminFields = []field[newAdmin]{
	{name: "token", at: func(n *newAdmin) any { return &n.token }},
	{name: "name", at: func(n *newAdmin) any { return &n.name }},
}

// setUp is POST /setup: it exchanges the token of the one-time link for the first key.
func (a *API) setUp(c *call) (reply, error) {
	if err := a.SetupLimits.Address(a.Proxies.ClientAddr(c.Request)); err != nil {
		return reply{}, err
	}
	body, _, err := readObject(c.Request)
	if err != nil {
		return reply{}, err
	}
	n := newAdmin{name: firstName}
	if err := set(newAdminFields, body, &n, &newAdmin{name: firstName}); err != nil {
		return reply{}, err
	}
	if n.token == "" {
		return reply{}, chat.Invalid("token", "expected what stands behind the # of the link")
	}
	made, text, err := a.Service.Setup(c.work(), n.token, n.name)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusCreated, writeNewKey(made, text), base + "/keys/" + made.ID}, nil
}
