package loadtest

import "testing"

func TestMix(t *testing.T) {
	t.Parallel()
	m, err := ParseMix("send=7,start=2,history=1")
	if err != nil {
		t.Fatal(err)
	}
	count := map[act]int{}
	for turn := range int64(100) {
		count[m.at(turn)]++
	}
	if count[actSend] != 70 || count[actStart] != 20 || count[actHistory] != 10 {
		t.Errorf("of 100 turns: %v", count)
	}
	for _, bad := range []string{"send", "send=x", "send=-1", "fly=1", "send=0", "history=1", "send=900,start=101", "send=1,,"} {
		if _, err := ParseMix(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
