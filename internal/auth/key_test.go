package auth

import (
	"bytes"
	"testing"
)

func TestKeysOfPurposesDiffer(t *testing.T) {
	t.Parallel()
	key, other := Key(bytes.Repeat([]byte{1}, KeySize)), Key(bytes.Repeat([]byte{2}, KeySize))
	files := key.Derive("files")
	if len(files) != KeySize || !bytes.Equal(files, key.Derive("files")) {
		t.Errorf("derived %x", files)
	}
	for what, derived := range map[string][]byte{"another purpose": key.Derive("turns"), "another key": other.Derive("files"), "the key itself": key} {
		if bytes.Equal(files, derived) {
			t.Errorf("%s gives the same", what)
		}
	}
}

func TestKeyIsReadAsWritten(t *testing.T) {
	t.Parallel()
	key := Key(bytes.Repeat([]byte{7}, KeySize))
	if read, err := ParseKey(key.Text()); err != nil || !bytes.Equal(read, key) {
		t.Errorf("%x, %v", read, err)
	}
	for _, text := range []string{"", "x", "AAAA", key.Text() + "AAAA"} {
		if _, err := ParseKey(text); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
}
