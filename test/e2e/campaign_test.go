//go:build e2e

package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// campaign makes a campaign for clients client-0 and so on, and returns its path. Nobody gets it yet.
func (a *administrator) campaign(campaign object, people int) (path string) {
	a.t.Helper()
	campaign["name"] = "c"
	path = "/campaigns/" + a.do(http.StatusCreated, "POST", "/campaigns", campaign)["id"].(string)
	for from := 0; from < people; from += 500 {
		var list []string
		for i := from; i < min(from+500, people); i++ {
			list = append(list, "client-"+strconv.Itoa(i))
		}
		a.do(http.StatusOK, "POST", path+"/recipients", object{"recipients": list})
	}
	return path
}

// TestCrashOfCampaign kills the server again and again in the middle of a campaign: nobody is skipped,
// and nobody gets it twice.
func TestCrashOfCampaign(t *testing.T) {
	t.Parallel()
	const people = 1500
	r := random(t)
	s := newServer(t)
	admin := newAdministrator(t, s)
	in := admin.do(201, "POST", "/chats", map[string]any{"name": "c"})["id"].(string)
	path := admin.campaign(object{"chatId": in, "ratePerSecond": 500, "replies": []object{{"type": "text", "text": "hello"}}}, people)
	admin.do(200, "POST", path+"/start", object{})
	kills := 0
	for began := time.Now(); time.Since(began) < time.Minute; kills++ {
		pause(t.Context(), 100*time.Millisecond+time.Duration(r.Int64N(int64(400*time.Millisecond))))
		if admin.do(200, "GET", path, nil)["state"] == "SENT" {
			break
		}
		s.kill()
		s.start(t)
	}
	if kills < 3 {
		t.Fatalf("%d kills did not disturb it", kills)
	}
	var c object
	for began := time.Now(); time.Since(began) < startWithin; pause(t.Context(), 100*time.Millisecond) {
		if c = admin.do(200, "GET", path, nil); c["state"] == "SENT" {
			break
		}
	}
	if c["state"] != "SENT" || c["sent"] != float64(people) || c["failed"] != 0.0 {
		t.Fatal(c)
	}
	s.data.mustCount(t, map[string]int{
		"SELECT COUNT(*) FROM client_aliases WHERE value LIKE 'client-%'":                                                    people,
		"SELECT COUNT(*) FROM sessions s JOIN client_aliases a ON a.client_key = s.client_key WHERE a.value LIKE 'client-%'": people,
		"SELECT COUNT(*) FROM events WHERE payload LIKE '%hello%'":                                                           people,
		"SELECT COUNT(DISTINCT session_key) FROM events WHERE payload LIKE '%hello%'":                                        people,
	})
	t.Logf("%d kills", kills)
}
