package main

import (
	"slices"
	"testing"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	names := func(o options, program string) (all []string) {
		for _, s := range scenarios(o) {
			if s.wanted(o.Only, program) {
				all = append(all, s.name)
			}
		}
		return all
	}
	for _, c := range []struct {
		engine, only, program string
		want                  []string
	}{
		{"sqlite", "", floor, []string{"idle", "throughput", "steady", "many", "webhooks"}},
		{"sqlite", "", govorun, []string{
			"idle", "idle-socketio", "throughput", "steady", "many", "answers", "socketio", "webhooks", "overload",
		}},
		{"sqlite", "steady", govorun, []string{"steady"}},
		{"postgres", "", floor, []string{"idle", "throughput", "steady", "many", "webhooks", "tinode"}},
		{"postgres", "tinode", govorun, []string{"tinode"}},
		{"postgres", "nodes", floor, nil},
		{"postgres", "nodes", govorun, []string{
			"throughput", "steady", "throughput on 2 nodes", "steady on 2 nodes", "throughput on 3 nodes", "steady on 3 nodes",
		}},
		{"postgres", "cost", govorun, nil},
	} {
		o := options{Engine: c.engine, Only: c.only, Seconds: 1}
		if err := o.checkOnly(); err != nil {
			t.Error(err)
		}
		if got := names(o, c.program); !slices.Equal(got, c.want) {
			t.Errorf("%s, only %q, %s: %v, want %v", c.engine, c.only, c.program, got, c.want)
		}
	}
}

func TestOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, o := range []options{
		{Engine: "sqlite", Only: "nodes"}, {Engine: "sqlite", Only: "cost"}, {Engine: "sqlite", Only: "tinode"},
	} {
		if err := o.checkOnly(); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestRowsOfPostgres(t *testing.T) {
	t.Parallel()
	for _, r := range rows(true) {
		if r.against != nil && r.against.program == floor && r.goal != 0 {
			t.Errorf("%s has a goal beside the floor", r.label)
		}
	}
	last := rows(true)[len(rows(true))-1]
	if last.scenario != "tinode" || last.verdict(5000) != "≥ 4989 reached" || last.verdict(4988) != "≥ 4989 missed" {
		t.Errorf("%+v", last)
	}
}
