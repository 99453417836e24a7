package scenario_test

import (
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
)

// TestCheck: what is suspicious in a bot's own files is found, with the library and data of
// several kinds around it.
func TestCheck(t *testing.T) {
	t.Parallel()
	b, problems, err := scenario.Check(files(`
require: slotfilling/slotFilling.sc
    module = sys.zb-common
require: colors.csv
    name = Color
    var = Colors
require: menu.yaml
    var = menu
require: more.js

theme: /
    state: Start
        q!: * $entity<Color> *
        script:
            Colors.x = 1;
            $reactions.transition(menu.items[0].target);
        go!: /Nowhere
    state: Soup
        a: soup
    state: Lost
        a: x
`, "src/colors.csv", "1;red,scarlet;{\"a\":1}\n", "src/menu.yaml", "items:\n  - target: /Soup\n", "src/more.js", "var n = 0;\nfunction f() {\n  n++;\n}\n"), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var got []string
	for _, p := range problems {
		line, _, _ := strings.Cut(p.String(), "\n")
		got = append(got, line)
	}
	want := []string{
		"src/main.sc:15:13: the global variable Colors changes",
		`src/main.sc:17:14: there is no state "/Nowhere"`,
		"src/main.sc:20:5: nothing leads to the state /Lost",
		"src/more.js:3:3: the global variable n changes",
	}
	if len(got) != len(want) {
		t.Fatalf("found\n%s", strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("found %s, want %s", got[i], want[i])
		}
	}
	if _, _, err := scenario.Check(files("b: x"), scenario.Options{}); err == nil {
		t.Error("a bot that cannot be read is checked")
	}
}
