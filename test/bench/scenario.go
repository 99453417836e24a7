package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/govorun/govorun/internal/loadtest"
)

// scenario is one way to load a server, or some nodes.
type scenario struct {
	name        string
	onlyGovorun bool
	nodes       int // 0: one server, measured for its own sake only
	load        loadtest.Options
}

// mostNodes is up to how many nodes are measured.
const mostNodes = 3

// onNodes is the name of a scenario on a number of nodes.
func onNodes(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s on %d nodes", name, n)
}

// checkOnly refuses to measure nothing.
func (o options) checkOnly() error {
	known := slices.Contains([]string{"", onlyBots, onlyPolls, onlyAsks, onlyCampaigns}, o.Only) || o.onPostgres() && (o.Only == "nodes" || o.Only == "cost")
	for _, s := range scenarios(o) {
		known = known || o.Only == s.name
	}
	if !known {
		return fmt.Errorf("there is no scenario %q on %s", o.Only, o.Engine)
	}
	return nil
}

// wanted reports whether a program is to be measured when only one scenario is asked for, or all.
func (s scenario) wanted(only, program string) bool {
	if program == floor && (s.onlyGovorun || only == "nodes") {
		return false
	}
	return only == "" || only == s.name || only == "nodes" && s.nodes > 0
}

// demoChat is in every new data directory.
const demoChat = "11111111-1111-4111-8111-111111111111"

func scenarios(o options) []scenario {
	load := loadtest.Options{
		Chat: demoChat, Bot: loadtest.NoBot, Sessions: 1000, InFlight: 64,
		WarmUp: time.Second, Duration: time.Duration(o.Seconds) * time.Second,
	}
	idle, steady, answers, overload, webhooks := load, load, load, load, load
	idle.Duration, idle.Idle = 0, o.Idle
	idleSocketIO := idle
	idleSocketIO.SocketIO = true
	steady.Rate = o.Rate
	many := steady
	many.Sessions = 5000
	answers.Rate, answers.Bot = o.Rate, loadtest.DefaultBot
	socketIO := answers
	socketIO.SocketIO = true
	webhooks.Webhooks, webhooks.Drain = true, 2*time.Minute // messages are taken faster than they are pushed
	webhooks.Duration /= 2
	overload.Sessions, overload.Overload = 4000, 2
	if o.Quick {
		overload.OverloadFor, overload.Recovery = time.Second, 2*time.Second
		for _, l := range []*loadtest.Options{&load, &steady, &many, &answers, &socketIO, &webhooks, &overload} {
			l.WarmUp /= 4
			l.Sessions /= 5 // to start them takes longer than the load
		}
	}
	list := []scenario{
		{name: "idle", load: idle},
		{name: "idle-socketio", onlyGovorun: true, load: idleSocketIO},
		{name: "throughput", load: load, nodes: 1},
		{name: "steady", load: steady, nodes: 1},
		{name: "many", load: many},
		{name: "answers", onlyGovorun: true, load: answers},
		{name: "socketio", onlyGovorun: true, load: socketIO},
		{name: "webhooks", load: webhooks},
		{name: "overload", onlyGovorun: true, load: overload},
	}
	if !o.onPostgres() {
		return list
	}
	tinode := load
	tinode.Sessions, tinode.InFlight = 100, 16
	list = append(list, scenario{name: "tinode", load: tinode})
	for n := 2; n <= mostNodes; n++ {
		list = append(list,
			scenario{name: onNodes("throughput", n), onlyGovorun: true, nodes: n, load: load},
			scenario{name: onNodes("steady", n), onlyGovorun: true, nodes: n, load: steady})
	}
	return list
}
