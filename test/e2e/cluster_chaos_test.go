//go:build e2e

package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

const (
	// chapter is how many rounds one cluster serves: reading the whole log after each round
	// takes longer and longer.
	chapter = 20

	// What takes longer than this is a failure, on whatever machine. The goals are far below.
	serveWithin   = 20 * time.Second // after all is healed, every node
	deliverWithin = 3 * time.Second  // from one node to another, with or without Redis
)

// everyMishap happens in the first rounds: each kind once.
var everyMishap = [][]string{
	{"kill a node", "cut Redis there", "cut clients back"},
	{"pause a node for long", "cut PostgreSQL there", "restart Redis"},
	{"rolling restart", "pause Redis"},
	{"kill PostgreSQL"},
	{"cut PostgreSQL back", "kill Redis", "pause a node"},
	{"restart PostgreSQL", "cut Redis back", "kill a node for long"},
	{"cut PostgreSQL", "cut clients there", "kill Redis for long"},
	{"pause PostgreSQL", "cut Redis"},
}

// TestChaos does harm to a cluster while many people talk, round after round. After each round
// everything that was acknowledged, heard and answered is compared with the log.
func TestChaos(t *testing.T) {
	onPostgres.only(t)
	r := random(t)
	rounds, longest := len(everyMishap)+1, 2*time.Second
	if text := os.Getenv("CHAOS_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil || rounds < 1 {
			t.Fatalf("CHAOS_ROUNDS: expected a positive number, got %q", text)
		}
		longest = 8 * time.Second
	}
	measured := figures{}
	defer measured.report(t)
	for first := 1; first <= rounds && !t.Failed(); first += chapter {
		last := min(first+chapter-1, rounds)
		t.Run("rounds "+strconv.Itoa(first)+" to "+strconv.Itoa(last), func(t *testing.T) {
			c := newCluster(t)
			n := c.gather(t)
			for round := first; round <= last && !t.Failed(); round++ {
				var kinds []string
				if round <= len(everyMishap) {
					kinds = everyMishap[round-1]
				}
				c.round(t, n, round, c.drawMishaps(r, longest, kinds...), r, measured)
			}
			n.report(t)
		})
	}
}

// round has mishaps happen while everybody talks, and checks everything when it is healed.
func (c *cluster) round(t *testing.T, n *nomads, round int, h mishaps, r *rand.Rand, measured figures) {
	t.Helper()
	t.Logf("round %d: %s", round, h)
	began := time.Now()
	var harmed time.Duration
	n.during(t, round, r, func() {
		pause(t.Context(), 300*time.Millisecond)
		if err := h.do(t.Context()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		harmed = time.Since(began)
		healed := time.Now()
		atOnce(len(n.probes), func(i int) { n.probes[i].serve(t, serveWithin) })
		took := time.Since(healed)
		measured.add("all nodes serve again after "+h.servers(), took)
		pause(t.Context(), 200*time.Millisecond)
	})
	c.checkProcesses(t)
	n.check(t)
	c.awaitRings(t)
	for _, p := range n.probes {
		measured.add("delivery to another node after all is healed", p.delay(t, deliverWithin))
	}
	t.Logf("round %d: all was healed after %s and as it should be after %s", round, harmed.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
}
