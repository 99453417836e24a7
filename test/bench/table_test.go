package main

import (
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/loadtest"
)

// rounds makes a round from each pair of throughputs, of the floor and of Govorun.
func rounds(throughput ...[2]float64) []round {
	var all []round
	for _, pair := range throughput {
		r := make(round)
		for i, program := range []string{floor, govorun} {
			r[key{"throughput", program}] = &loadtest.Report{Load: &loadtest.Load{AcceptedPerSecond: pair[i]}}
			r[key{"idle", program}] = &loadtest.Report{Idle: &loadtest.Idle{BytesPerConnection: 36 * 1024, MemoryBefore: 50e6}}
		}
		r[key{"overload", govorun}] = &loadtest.Report{Overload: &loadtest.Overload{RecoverySeconds: -1}}
		all = append(all, r)
	}
	return all
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := printTable(&b, rows(false), rounds([2]float64{1000, 600}, [2]float64{2000, 800}, [2]float64{1500, 900})); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"throughput, 64 in flight /s 1500 (1000–2000) 800 (600–900) 0.60 (0.40–0.60) ≥ 0.5 reached",
		"memory per idle connection KiB 36.0 (36.0–36.0) 36.0 (36.0–36.0) – ≤ 35 missed",
		"memory of the resting server MB 50.0 (50.0–50.0) 50.0 (50.0–50.0) – ≤ 60 reached",
		"recovery after overload s – never (never–never) – ≤ 5 missed",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, &b)
		}
	}
	if strings.Contains(got, "p99") {
		t.Errorf("a row for what was not measured:\n%s", &b)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("of three: %v", got)
	}
	if got := median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("of four: %v", got)
	}
}
