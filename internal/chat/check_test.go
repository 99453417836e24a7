package chat_test

import (
	"testing"

	"github.com/govorun/govorun/internal/chat"
)

func TestIsBlank(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, " \t\r\n\v\f": true, "\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\ufeff": true,
		"\u0085": false, "\u200b": false, " я ": false, "🙂": false, "\x00": false, "\xff": false,
	} {
		if got := chat.IsBlank(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
