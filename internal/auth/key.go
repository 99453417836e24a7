package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// KeySize is the length of an installation's key and of what is derived from it, in bytes.
const KeySize = 32

// Key is an installation's secret, the same on all its nodes. It is never used itself: what signs
// or encrypts has a key derived for that one purpose.
type Key []byte

// ParseKey reads the form that Text writes.
func ParseKey(text string) (Key, error) {
	k, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(k) != KeySize {
		return nil, fmt.Errorf("key: expected %d bytes in base64", KeySize)
	}
	return k, nil
}

// Text is the key as it is stored.
func (k Key) Text() string { return base64.StdEncoding.EncodeToString(k) }

// Derive returns the key for a purpose, KeySize bytes: HKDF with SHA-256 (RFC 5869).
func (k Key) Derive(purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, k, nil, "govorun "+purpose, KeySize)
	if err != nil {
		panic(err) // only a length that the hash cannot give
	}
	return derived
}
