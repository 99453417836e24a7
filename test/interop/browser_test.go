//go:build interop

package interop

import (
	"encoding/json"
	"testing"
)

// TestBrowser has a person with a real browser use the demo page; js/browser.mjs is the person.
func TestBrowser(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	argument, err := json.Marshal(map[string]string{
		"url":        s.url(),
		"executable": installed.chromium,
		"pictures":   setting("GOVORUN_SCREENSHOTS", t.TempDir()),
	})
	if err != nil {
		t.Fatal(err)
	}
	person := startProgram(t, append(script("browser.mjs"), string(argument)))
	for seen, done := 0, false; !done; {
		events := person.await("the end of the visit", func(events []event) bool { return len(events) > seen })
		switch e := events[seen]; e.Event {
		case "kill":
			s.kill()
			person.do(command{Do: "go on"})
		case "start":
			s.start()
			person.do(command{Do: "go on"})
		case "done":
			done = true
		default:
			t.Fatalf("unexpected %+v", e)
		}
		seen++
	}
}

// TestSetupInABrowser has somebody become the first administrator; js/setup.mjs is that person.
func TestSetupInABrowser(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	argument, err := json.Marshal(map[string]string{
		"url":        s.url(),
		"link":       <-s.links,
		"executable": installed.chromium,
		"pictures":   setting("GOVORUN_SCREENSHOTS", t.TempDir()),
	})
	if err != nil {
		t.Fatal(err)
	}
	person := startProgram(t, append(script("setup.mjs"), string(argument)))
	events := person.await("the end of the visit", func(events []event) bool { return len(events) > 0 })
	if events[0].Event != "done" {
		t.Errorf("unexpected %+v", events[0])
	}
}
