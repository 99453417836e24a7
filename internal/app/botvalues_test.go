package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
)

func TestBotValues(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "values.yaml")
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("'*': {secrets: {key: common, other: o}}\nshop: {secrets: {key: of the shop}, variables: {place: Тверь}}\n")
	v, err := readBotValues(name)
	if err != nil {
		t.Fatal(err)
	}
	shop, other := v.of("1", "shop", scenario.Options{}), v.of("2", "other", scenario.Options{})
	if shop.Secrets["key"] != "of the shop" || shop.Secrets["other"] != "o" || shop.Variables["place"] != "Тверь" || other.Secrets["key"] != "common" || len(other.Variables) != 0 {
		t.Errorf("shop %v %v, other %v", shop.Secrets, shop.Variables, other.Secrets)
	}
	for _, wrong := range []string{"shop: 1\n", "shop: {secret: {a: b}}\n", "shop: {secrets: [a]}\n", "{"} {
		write(wrong)
		if _, err := readBotValues(name); err == nil || !strings.Contains(err.Error(), "bot.values: ") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, err := readBotValues(name + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestModelsAreKept(t *testing.T) {
	t.Parallel()
	c := &modelCache{filepath.Join(t.TempDir(), "models"), slog.New(slog.DiscardHandler)}
	if _, ok := c.Load("a"); ok {
		t.Error("a model that nobody kept")
	}
	for i := range maxModels + 5 {
		c.Save(strings.Repeat("k", i+1), []byte{byte(i)})
	}
	if m, ok := c.Load(strings.Repeat("k", maxModels+5)); !ok || m[0] != maxModels+4 {
		t.Errorf("the last model: %v %v", m, ok)
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) > maxModels {
		t.Errorf("%d files are kept: %v", len(entries), err)
	}
}
