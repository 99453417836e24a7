//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"
)

// TestCrashOfCampaign kills the server again and again in the middle of a campaign: nobody is skipped,
// and nobody gets it twice.
func TestCrashOfCampaign(t *testing.T) {
	const people = 1500
	r := random(t)
	s := newServer(t)
	admin := newAdministrator(t, s)
	in := admin.do(201, "POST", "/chats", map[string]any{"name": "c"})["id"].(string)
	made := admin.do(201, "POST", "/campaigns", map[string]any{
		"name": "c", "chatId": in, "ratePerSecond": 500, "replies": []any{map[string]any{"type": "text", "text": "hello"}},
	})
	path := "/campaigns/" + made["id"].(string)
	for from := 0; from < people; from += 500 {
		list := make([]string, 500)
		for i := range list {
			list[i] = fmt.Sprint("client-", from+i)
		}
		admin.do(200, "POST", path+"/recipients", map[string]any{"recipients": list})
	}
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
	db, err := s.data.open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]int{
		"SELECT COUNT(*) FROM client_aliases WHERE value LIKE 'client-%'":                                                    people,
		"SELECT COUNT(*) FROM sessions s JOIN client_aliases a ON a.client_key = s.client_key WHERE a.value LIKE 'client-%'": people,
		"SELECT COUNT(*) FROM events WHERE payload LIKE '%hello%'":                                                           people,
		"SELECT COUNT(DISTINCT session_key) FROM events WHERE payload LIKE '%hello%'":                                        people,
	} {
		var got int
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v, expected %d", query, got, err, want)
		}
	}
	t.Logf("%d kills", kills)
}
