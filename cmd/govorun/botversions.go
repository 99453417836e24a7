package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// botVersionsCmd lists versions.
type botVersionsCmd struct {
	whichBot
	JSON bool `name:"json" help:"Print the answer as JSON."`
}

// Run lists those that are kept.
func (c *botVersionsCmd) Run(ctx context.Context, w *world) error {
	_, b, err := c.there(ctx, w)
	if err != nil {
		return err
	}
	q := query{access: c.access, JSON: c.JSON}
	return q.list(ctx, w, b.path()+"/versions", url.Values{}, []string{"number", "active", "createdAt", "author", "fileCount", "size", "note"})
}

// botRollbackCmd goes back to an earlier version.
type botRollbackCmd struct {
	whichBot
	To int64 `placeholder:"NUMBER" help:"The version that is to answer; the one before that which answers now unless given."`
}

// Run has the server go back.
func (c *botRollbackCmd) Run(ctx context.Context, w *world) error {
	api, b, err := c.there(ctx, w)
	if err != nil {
		return err
	}
	to := c.To
	if to == 0 {
		if to, err = versionBefore(ctx, api, b); err != nil {
			return err
		}
	}
	if _, err := api.call(ctx, http.MethodPost, fmt.Sprintf("%s/versions/%d/activate", b.path(), to), nil, ""); err != nil {
		return told(w, err)
	}
	_, err = fmt.Fprintf(w.Stdout, "Version %d of %s answers now; it was version %d.\n", to, b, b.Version)
	return err
}

// versionBefore is the newest version below the one that answers.
func versionBefore(ctx context.Context, api *adminClient, b *deployedBot) (before int64, err error) {
	all, err := api.listAll(ctx, b.path()+"/versions", url.Values{})
	if err != nil {
		return 0, err
	}
	for _, item := range all.Items {
		var v struct{ Number int64 }
		if err := json.Unmarshal(item, &v); err != nil {
			return 0, fmt.Errorf("the server's answer: %w", err)
		}
		if v.Number < b.Version {
			before = max(before, v.Number)
		}
	}
	if before == 0 {
		return 0, fmt.Errorf("no earlier version of %s is kept", b)
	}
	return before, nil
}
