package main

import (
	"strings"
	"testing"
)

func TestCostsTable(t *testing.T) {
	t.Parallel()
	idle := reading{
		seconds:  2,
		postgres: traffic{toServer: 200, roundTrips: 4, commands: map[string]int64{"ListNodes": 4}},
		wal:      20,
	}
	spent := reading{
		seconds: 3,
		postgres: traffic{
			toServer: 10_300, fromServer: 500, roundTrips: 26,
			commands: map[string]int64{"ListNodes": 6, "CreateEvent": 10, "BEGIN": 10},
		},
		redis: traffic{toServer: 3000, fromServer: 60, roundTrips: 20, commands: map[string]int64{"PUBLISH": 10}},
		wal:   9030,
	}
	var b strings.Builder
	err := printCosts(&b, []cost{
		{"nothing", 2, idle.seconds, idle, nil},
		{"message", 2, 10, spent, &idle},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"nothing 2 2.00 2.00 100 0.00 10.0 0.00 0.00 0.00 0.00",
		"message 2 2.00 2.00 1000 50.0 900 1.00 2.00 300 6.00",
		"nothing, 2 nodes: ListNodes 2.00 message, 2 nodes: BEGIN 1.00, CreateEvent 1.00, PUBLISH 1.00",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
}
