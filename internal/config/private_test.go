package config_test

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/govorun/govorun/internal/config"
)

func TestPrivate(t *testing.T) {
	t.Parallel()
	some := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for text, want := range map[string]config.Private{
		"off": {}, "false": {}, "on": {All: true}, "true": {All: true}, "[10.0.0.0/8, '::1']": {Networks: some}, "10.0.0.0/8 ::1": {Networks: some},
	} {
		loaded, err := config.Load(config.Sources{File: write(t, "webhooks: {allow_private: "+quoted(text)+"}")})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := loaded.Webhooks.AllowPrivate; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, want %+v", text, got, want)
		}
	}
}

// quoted leaves a list as it is.
func quoted(text string) string {
	if text[0] == '[' {
		return text
	}
	return `"` + text + `"`
}
