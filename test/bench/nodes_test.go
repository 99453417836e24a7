package main

import (
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/loadtest"
)

// nodeReport is what a load on some nodes may have measured.
func nodeReport(perSecond, redis float64) *loadtest.Report {
	return &loadtest.Report{Load: &loadtest.Load{
		AcceptedPerSecond: perSecond, ServerCPU: 0.25, Delivery: loadtest.Latency{P50: 2, P99: 9},
		Meters: map[string]float64{postgresCPU: 0.0002, redisCPU: redis, walBytes: 900, diskBytes: 700},
	}}
}

func TestNodesTable(t *testing.T) {
	t.Parallel()
	r := make(round)
	for n, perSecond := range map[int]float64{1: 5000, 2: 6000, 3: 5500} {
		for _, name := range []string{"throughput", "steady"} {
			r[key{onNodes(name, n), govorun}] = nodeReport(perSecond, float64(n-1)*0.00001)
		}
	}
	var b strings.Builder
	if err := printNodes(&b, []round{r}); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"what unit 1 node 2 nodes 3 nodes",
		"throughput, 64 in flight /s 5000 (5000–5000) 6000 (6000–6000) 5500 (5500–5500)",
		"steady: p99 delivery ms 9.00 (9.00–9.00) 9.00",
		"steady: CPU of PostgreSQL s/1,000 0.20 (0.20–0.20)",
		"throughput: CPU of Redis s/1,000 – 0.01 (0.01–0.01) 0.02 (0.02–0.02)",
		"steady: WAL per message bytes 900 (900–900)",
		"database grows per message bytes 700 (700–700)",
		"a core of a node carries /s 4000 (4000–4000)",
		"a core of PostgreSQL carries /s 5000 (5000–5000)",
		"a core of Redis carries /s – 100000 (100000–100000) 50000 (50000–50000)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
}

func TestNodesTableNeedsNodes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	one := round{key{"throughput", govorun}: nodeReport(1, 0)}
	if err := printNodes(&b, []round{one}); err != nil || b.Len() > 0 {
		t.Errorf("printed %q, %v", &b, err)
	}
}
