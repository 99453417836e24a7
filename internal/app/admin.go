package app

import (
	"context"
	"net/http"

	"github.com/govorun/govorun/internal/adminapi"
	"github.com/govorun/govorun/internal/auth"
	"github.com/govorun/govorun/internal/chat"
)

// setupRate is how often one address may try a one-time link: a person needs one attempt, and no
// number of them finds a token.
var setupRate = auth.Rate{PerSecond: 0.2, Burst: 10}

// serveAdmin adds the API of administrators, and makes the link for the first one. The node is
// registered by then, so that others know whose link it is.
func (a *App) serveAdmin(ctx context.Context, mux *http.ServeMux, service *chat.Service, self chat.Node) (err error) {
	c := a.params.Config
	p := adminapi.Params{
		Service:  service,
		Key:      a.key,
		Proxies:  c.HTTP.TrustedProxies,
		Limits:   newLimits(c),
		Log:      a.params.Log,
		Check:    a.mistakesOf,
		Render:   repliesOf,
		Deployed: a.bots.Refresh,
	}
	if c.RateLimit {
		p.SetupLimits = auth.NewLimits(auth.LimitParams{Address: setupRate})
	}
	adminapi.New(p).Register(mux)
	a.setupToken, err = service.OfferSetup(ctx, self, c.SetupLink == "always")
	switch {
	case chat.CodeOf(err) == chat.CodeUnavailable && err != nil: // such as a full disk: the rest works as far as it can
		a.params.Log.Warn("there is no setup link for the first administrator until the next start", "error", err)
		return nil
	case a.setupToken != "":
		a.params.Log.Info("whoever opens the setup link becomes an administrator; it is printed to the standard output only")
	}
	return err
}

// SetupURL is the one-time link by which somebody becomes the first administrator, "" when this
// start has made none. It is a secret.
func (a *App) SetupURL() string {
	if a.setupToken == "" {
		return ""
	}
	return a.publicURL() + "/setup#" + a.setupToken
}
