//go:build e2e

package docs_test

import (
	"bufio"
	"bytes"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/govorun/govorun/test/servers"
)

// metric is what a name stands for: its type, and its labels in alphabetical order.
type metric struct{ kind, labels string }

// TestEveryMetricIsDocumented holds the table in docs/operations.md against a server that has
// been talked to, over PostgreSQL and Redis: it shows all there is.
func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	documented, shown := documentedMetrics(t), shownMetrics(t)
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if d, ok := documented[name]; !ok {
			t.Errorf("%s is not documented", name)
		} else if d != shown[name] {
			t.Errorf("%s is documented as %+v, it is %+v", name, d, shown[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := shown[name]; !ok {
			t.Errorf("%s is documented and not there", name)
		}
	}
}

// documentedMetrics reads the rows | `name` | type | `label`, `label` | meaning |.
func documentedMetrics(t *testing.T) map[string]metric {
	t.Helper()
	data, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	metrics := make(map[string]metric)
	row := regexp.MustCompile("(?m)^\\| `(govorun_[a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\|")
	for _, m := range row.FindAllSubmatch(data, -1) {
		labels := regexp.MustCompile("[a-z_]+").FindAllString(string(m[3]), -1)
		metrics[string(m[1])] = metric{string(m[2]), joined(labels)}
	}
	return metrics
}

// shownMetrics asks a server in which a client and a bot have spoken.
func shownMetrics(t *testing.T) map[string]metric {
	t.Helper()
	pg, redis := servers.NewPostgres(t), servers.NewRedis(t)
	url := "http://" + start(t, "--postgres-url", pg.NewDatabase(t), "--redis-url", redis.URL()).address
	body := strings.NewReader(`{"messageBody": "hello"}`)
	resp, err := http.Post(url+"/api/v1/chats/11111111-1111-4111-8111-111111111111/sessions", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("start: status %d", resp.StatusCode)
	}
	if resp, err = http.Get(url + "/metrics"); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page bytes.Buffer
	if _, err := page.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return parseMetrics(&page)
}

// parseMetrics reads our metrics from a page in the text format of Prometheus.
func parseMetrics(page *bytes.Buffer) map[string]metric {
	metrics := make(map[string]metric)
	kind := regexp.MustCompile(`^# TYPE (govorun_\w+) (\w+)$`)
	sample := regexp.MustCompile(`^(govorun_\w+?)(?:_sum)?\{(.*)\} `)
	label := regexp.MustCompile(`(\w+)="[^"]*"`)
	for lines := bufio.NewScanner(page); lines.Scan(); {
		if m := kind.FindStringSubmatch(lines.Text()); m != nil {
			metrics[m[1]] = metric{kind: m[2]}
		} else if m := sample.FindStringSubmatch(lines.Text()); m != nil {
			if known, ok := metrics[m[1]]; ok {
				var labels []string
				for _, l := range label.FindAllStringSubmatch(m[2], -1) {
					labels = append(labels, l[1])
				}
				metrics[m[1]] = metric{known.kind, joined(labels)}
			}
		}
	}
	return metrics
}

func joined(labels []string) string {
	slices.Sort(labels)
	return strings.Join(labels, ",")
}
