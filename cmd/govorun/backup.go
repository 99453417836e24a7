package main

import (
	"context"
	"fmt"

	"github.com/govorun/govorun/internal/sqlstore"
)

// backupCmd copies the database.
type backupCmd struct {
	Data string `required:"" placeholder:"DIR" help:"Data directory of the server."`
	To   string `required:"" placeholder:"FILE" help:"File to write; it must not exist yet."`
}

// Run copies the database as it is at one moment; the server may go on writing meanwhile.
func (c *backupCmd) Run(ctx context.Context, w *world) error {
	if err := sqlstore.Backup(ctx, c.Data, c.To); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w.Stdout, "The backup is in %s. To restore it, put it into an empty data directory as govorun.db.\n", c.To)
	return err
}
