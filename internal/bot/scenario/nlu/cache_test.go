package nlu

import (
	"bytes"
	"testing"
)

// memory is a cache that counts.
type memory struct {
	entries map[string][]byte
	saved   int
}

func (c *memory) Load(key string) ([]byte, bool) { b, ok := c.entries[key]; return b, ok }

func (c *memory) Save(key string, model []byte) {
	c.entries[key] = model
	c.saved++
}

func TestLoadFromCache(t *testing.T) {
	t.Parallel()
	c, samples := shop(t, "en")
	cache := &memory{entries: map[string][]byte{}}
	o := Options{Cache: cache}
	want := fingerprint(Load(c, o), samples)
	if got := fingerprint(Load(c, o), samples); got != want || cache.saved != 1 {
		t.Errorf("fingerprint %s, %s wanted; saved %d times", got, want, cache.saved)
	}
	for key, b := range cache.entries {
		cache.entries[key] = b[:len(b)/2]
	}
	if got := fingerprint(Load(c, o), samples); got != want || cache.saved != 2 {
		t.Errorf("a damaged entry: fingerprint %s, %s wanted; saved %d times", got, want, cache.saved)
	}
	c.Add("/greeting", "ahoy")
	Load(c, o)
	if cache.saved != 3 {
		t.Error("another corpus is taken from the cache")
	}
	if got := fingerprint(Load(c, Options{}), samples); got == want {
		t.Error("a new phrase changes nothing")
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	base := corpus("/a: x; y", "/b: z")
	keys := map[string]string{}
	for name, c := range map[string]*Corpus{
		"base": base, "other phrase": corpus("/a: x; y", "/b: zz"), "other path": corpus("/a: x; y", "/c: z"),
		"moved": corpus("/a: x", "/b: y; z"), "order": corpus("/b: z", "/a: x; y"),
	} {
		keys[Key(c, Options{})] = name
	}
	if len(keys) != 5 {
		t.Errorf("keys are shared: %v", keys)
	}
	people := corpus("/a: люди")
	if Key(people, Options{Lemmas: lemmas{}}) == Key(people, Options{}) {
		t.Error("other lemmas make no other key")
	}
	off := corpus("/a: x; y", "/b: z", "/off: off")
	off.Intents[2].Enabled = false
	if Key(off, Options{}) != Key(base, Options{}) {
		t.Error("a disabled intent makes another key")
	}
}

// TestDecodeDamaged: no damage to a model passes, and none makes Decode fail badly.
func TestDecodeDamaged(t *testing.T) {
	t.Parallel()
	whole := Train(corpus("/a: привет; здравствуйте", "/b: пока"), Options{}).Encode()
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x55
		if _, err := Decode(damaged, Options{}); err == nil {
			t.Fatalf("damage at %d passes", i)
		}
		if _, err := Decode(whole[:i], Options{}); err == nil {
			t.Fatalf("the first %d bytes pass", i)
		}
	}
}

// FuzzDecode tries what the checksum would stop, too.
func FuzzDecode(f *testing.F) {
	f.Add(Train(corpus("/a: да; нет", "/b: пока"), Options{}).Encode()[len(format):])
	f.Add([]byte{1, 1, 'a', 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		sealed := seal(append([]byte(format), b[:max(0, len(b)-4)]...))
		if m, err := Decode(sealed, Options{}); err == nil {
			m.Classify("да нет пока")
		}
	})
}
