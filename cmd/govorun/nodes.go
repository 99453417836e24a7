package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/govorun/govorun/internal/sqlstore"
)

// nodesCmd shows which servers share the data.
type nodesCmd struct {
	settings
	JSON bool `name:"json" help:"Print the list as JSON."`
}

// Run reads the nodes from PostgreSQL, or says whose the data directory is. It changes nothing.
func (c *nodesCmd) Run(ctx context.Context, w *world) error {
	cfg, err := c.load(w)
	if err != nil {
		return err
	}
	if cfg.Postgres.URL == "" {
		return c.directory(w.Stdout, cfg.Data)
	}
	nodes, orphaned, err := sqlstore.WatchNodes(ctx, cfg.Postgres.URL)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeIndented(w.Stdout, nodesReport(nodes, orphaned))
	}
	return writeNodes(w.Stdout, nodes, orphaned, time.Now())
}

// directory is for data that one server has for itself.
func (c *nodesCmd) directory(w io.Writer, dir string) error {
	running, process, err := sqlstore.FindHolder(dir)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeIndented(w, struct {
			Engine  string `json:"engine"`
			Data    string `json:"data"`
			Running bool   `json:"running"`
			Process int    `json:"process"` // 0: none, or not known
		}{"sqlite", dir, running, process})
	}
	state := "no server runs on it"
	switch {
	case process != 0:
		state = fmt.Sprintf("a server runs on it (process %d)", process)
	case running:
		state = "a server runs on it"
	}
	_, err = fmt.Fprintf(w, "The data directory %s belongs to one server at a time; %s.\n", dir, state)
	return err
}

// nodeReport is a node in JSON.
type nodeReport struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Address     string    `json:"address"`
	Version     string    `json:"version"`
	StartedAt   time.Time `json:"startedAt"`
	Alive       bool      `json:"alive"`
	Eldest      bool      `json:"eldest"`
	Connections int64     `json:"connections"`
	Turns       int64     `json:"turns"`
	Leases      int64     `json:"leases"`
}

func nodesReport(nodes []sqlstore.NodeState, orphaned int64) any {
	list := make([]nodeReport, len(nodes))
	for i, n := range nodes {
		list[i] = nodeReport{n.ID, n.Name, n.Address, n.Version, n.StartedAt, n.Alive, i == 0, n.Connections, n.Turns, n.Leases}
	}
	return struct {
		Engine         string       `json:"engine"`
		Nodes          []nodeReport `json:"nodes"`
		OrphanedLeases int64        `json:"orphanedLeases"`
	}{"postgres", list, orphaned}
}

// writeNodes writes a table. The age of a node is as its clock and this one's have it.
func writeNodes(w io.Writer, nodes []sqlstore.NodeState, orphaned int64, now time.Time) error {
	if len(nodes) == 0 {
		_, err := fmt.Fprintln(w, "No server runs on this database.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tID\tADDRESS\tVERSION\tUP\tBEAT\tCONNECTIONS\tTURNS\tLEASES\tROLE")
	for i, n := range nodes {
		beat, role := "silent", "-"
		if n.Alive {
			beat = "alive"
		}
		if i == 0 {
			role = "eldest"
		}
		up := max(0, now.Sub(n.StartedAt)).Round(time.Second)
		fmt.Fprintf(table, "%s\t%.8s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n",
			n.Name, n.ID, n.Address, n.Version, up, beat, n.Connections, n.Turns, n.Leases, role)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if orphaned > 0 {
		fmt.Fprintf(w, "Turns claimed by servers that are gone: %d.\n", orphaned)
	}
	return nil
}

func writeIndented(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
