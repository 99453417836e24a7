package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// onlyCampaigns is the name under which campaigns are measured alone.
const onlyCampaigns = "campaign"

// measureCampaigns measures how fast campaigns go beside one row for each client, and prints it.
func (b *bench) measureCampaigns(ctx context.Context, w io.Writer) error {
	var f figures
	var broken error
	for n := range b.options.Rounds {
		fmt.Fprintf(os.Stderr, "campaigns, round %d of %d\n", n+1, b.options.Rounds)
		reports := map[string]*loadtest.CampaignReport{}
		for _, p := range b.programs {
			r, err := b.campaignsOn(ctx, p)
			if err != nil && !isFault(err) {
				return fmt.Errorf("campaigns, %s: %w", p.name, err)
			}
			reports[p.name], broken = r, errors.Join(broken, err)
		}
		f.campaigns(reports[floor], reports[govorun])
	}
	fmt.Fprintln(w)
	title := fmt.Sprintf("Campaigns of a message to %d clients, beside a row for each; medians (ranges) of the rounds", b.options.Idle)
	return errors.Join(broken, f.print(w, title))
}

func (b *bench) campaignsOn(ctx context.Context, p program) (r *loadtest.CampaignReport, err error) {
	err = b.alone(ctx, p, func(s *server) error {
		key, err := p.administrator(ctx, s)
		if err != nil {
			return err
		}
		r, err = loadtest.Campaigns(ctx, loadtest.CampaignOptions{
			URL: s.url, Chat: demoChat, Token: demoToken, Key: key, PID: s.pid(), Clients: b.options.Idle,
		})
		return err
	})
	return r, err
}

// setupLink is what a server prints for its first administrator.
var setupLink = regexp.MustCompile(`http://\S+/setup#\S+`)

// administrator makes the first key of a server that has keys, by the link it has printed.
func (p program) administrator(ctx context.Context, s *server) (key string, err error) {
	if p.name == floor {
		return "", nil
	}
	link := ""
	for begin := time.Now(); link == ""; link = setupLink.FindString(s.log.text()) { // it is printed once the server is healthy
		if time.Since(begin) > startTimeout {
			return "", fmt.Errorf("no link for the first administrator in\n%s", s.log.tail())
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	out, err := exec.CommandContext(ctx, p.path, "admin", "setup", link).Output()
	if err != nil {
		return "", fmt.Errorf("make the first key: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// campaigns adds the figures of a round.
func (f *figures) campaigns(base, own *loadtest.CampaignReport) {
	f.addRate("messages to new clients", base.New.PerSecond, own.New.PerSecond, 0)
	f.add("CPU per 1,000 of them", "s", base.New.ServerCPU, own.New.ServerCPU, 0)
	f.addRate("messages to clients with a session", base.Known.PerSecond, own.Known.PerSecond, 0)
	f.add("CPU per 1,000 of these", "s", base.Known.ServerCPU, own.Known.ServerCPU, 0)
}
