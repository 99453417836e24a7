package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What an API key may do. A permission that ends in ":read" allows only to look; the one without
// the ending includes it. Secrets of chats and bots are shown to those who may change them.
const (
	PermitAdmin         = "admin" // everything
	PermitChats         = "chats"
	PermitChatsRead     = "chats:read"
	PermitBots          = "bots"
	PermitBotsRead      = "bots:read"
	PermitWebhooks      = "webhooks"
	PermitWebhooksRead  = "webhooks:read"
	PermitCampaigns     = "campaigns"
	PermitCampaignsRead = "campaigns:read"
	PermitKeys          = "keys"
	PermitKeysRead      = "keys:read"
	PermitDialogs       = "dialogs" // the question-answer API
)

// Permissions lists what a key may be given.
func Permissions() []string {
	return []string{
		PermitAdmin, PermitChats, PermitChatsRead, PermitBots, PermitBotsRead,
		PermitWebhooks, PermitWebhooksRead, PermitCampaigns, PermitCampaignsRead, PermitKeys, PermitKeysRead, PermitDialogs,
	}
}

const (
	keyPrefix = "gk_"
	keyBytes  = 32
	keyHint   = 7 // characters of a key that are kept to be shown
)

// keyLength is that of every key, in characters.
var keyLength = len(keyPrefix) + base64.RawURLEncoding.EncodedLen(keyBytes)

// APIKey is a right of a program to call. The key itself is shown once, when it is made; only its
// digest is kept.
type APIKey struct {
	ID          string // UUID
	Name        string
	Digest      string   // hex SHA-256 of the key, which is random enough to need no more
	Hint        string   // how the key begins, for people to tell keys apart
	Permissions []string // what it may do
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time // zero: never; to the minute
}

// Allows reports whether the key gives a permission, be it as part of a larger one.
func (k *APIKey) Allows(permission string) bool {
	whole := strings.TrimSuffix(permission, ":read")
	return slices.ContainsFunc(k.Permissions, func(has string) bool {
		return has == PermitAdmin || has == permission || has == whole
	})
}

// Covers reports whether the key allows all that another one allows.
func (k *APIKey) Covers(permissions []string) bool {
	return !slices.ContainsFunc(permissions, func(p string) bool { return !k.Allows(p) })
}

// expired reports whether the key's time is over.
func (k *APIKey) expired(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

// Authenticate finds the API key that a caller has sent. One that is unknown, deleted or expired is
// CodeUnauthenticated. A deletion on another node is noticed after keyCacheTTL at the latest. The
// key must not be changed.
func (s *Service) Authenticate(ctx context.Context, key string) (*APIKey, error) {
	if len(key) != keyLength || !strings.HasPrefix(key, keyPrefix) {
		return nil, errNoKey()
	}
	// Looking a digest up tells no more than whether all of it is right.
	digest := digestOf(key)
	found, seen := s.keys.find(digest)
	if found == nil {
		var err error
		found, err = s.Store.FindAPIKey(ctx, digest)
		if CodeOf(err) == CodeNotFound {
			return nil, errNoKey()
		}
		if err != nil {
			return nil, fmt.Errorf("authenticate: %w", err)
		}
		s.keys.put(found, seen)
	}
	if found.expired(s.Now()) {
		return nil, errKeyExpired()
	}
	s.keys.use(found)
	return found, nil
}

func errNoKey() error { return Errorf(CodeUnauthenticated, "the key is not valid") }

func errKeyExpired() error { return Errorf(CodeUnauthenticated, "the key has expired") }

// digestOf is what is kept of a secret that is random enough to need no salt.
func digestOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// randomText is a random text of n bytes in base64url.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// NewKeyParams are what an API key is made of.
type NewKeyParams struct {
	Name        string
	Permissions []string
	ExpiresAt   time.Time // zero: never
	Idempotency Idempotency
}

// CreateAPIKey makes a key and returns it, with its text, which nobody can be told again: when the
// call is a repeat of an earlier one, the text is "". Rights that the caller's key does not have
// are CodeForbidden, and so is a life that is longer than its own. A caller's key that was deleted meanwhile, on whatever node, is
// CodeUnauthenticated: it must not leave a successor.
func (s *Service) CreateAPIKey(ctx context.Context, by *APIKey, p NewKeyParams) (made *APIKey, text string, err error) {
	if err := p.check(s.Now()); err != nil {
		return nil, "", err
	}
	var id string // of what a repeat has made before
	err = s.Store.Update(ctx, func(tx Tx) error {
		caller, err := s.lockCaller(tx, by.ID)
		if err != nil {
			return err
		}
		if err := caller.mayGive(&p); err != nil {
			return err
		}
		return s.once(tx, adminScope(by, "create key"), p.Idempotency, func(r *IdempotencyRecord) error {
			made, text, err = s.makeKey(tx, p.Name, p.Permissions, p.ExpiresAt)
			if err == nil {
				r.EventID = made.ID
			}
			return err
		}, func(r *IdempotencyRecord) error {
			made, text, id = nil, "", r.EventID
			return nil
		})
	})
	if err == nil && made == nil { // what was made is not read again: should that fail, the text would be lost
		made, err = s.FindAPIKey(ctx, id)
	}
	if err != nil {
		return nil, "", fmt.Errorf("create key: %w", err)
	}
	return made, text, nil
}

// mayGive refuses a key that is more than the one with which it is made: in rights, or in time, else a
// key that expires could go on for ever as its successors.
func (k *APIKey) mayGive(p *NewKeyParams) error {
	if !k.Covers(p.Permissions) {
		return &Error{Code: CodeForbidden, Field: "permissions", Message: "a key can give no rights that it does not have"}
	}
	if !k.ExpiresAt.IsZero() && (p.ExpiresAt.IsZero() || p.ExpiresAt.After(k.ExpiresAt)) {
		return &Error{Code: CodeForbidden, Field: "expiresAt", Message: fmt.Sprintf(
			"your key expires, so expected a time not after %s, when it does", k.ExpiresAt.UTC().Format(time.RFC3339))}
	}
	return nil
}

// lockCaller reads the key of whoever changes keys: what Authenticate has said of it may be as old as
// keyCacheTTL. It is there until the transaction ends.
func (s *Service) lockCaller(tx Tx, id string) (*APIKey, error) {
	k, err := tx.LockAPIKey(id)
	if CodeOf(err) == CodeNotFound {
		return nil, errNoKey()
	}
	if err == nil && k.expired(s.Now()) {
		return nil, errKeyExpired()
	}
	return k, err
}

// makeKey stores a new key.
func (s *Service) makeKey(tx Tx, name string, permissions []string, expiresAt time.Time) (*APIKey, string, error) {
	text := keyPrefix + randomText(keyBytes)
	k := &APIKey{
		ID: s.NewID(), Name: name, Digest: digestOf(text), Hint: text[:keyHint],
		Permissions: permissions, CreatedAt: s.Now(), ExpiresAt: expiresAt,
	}
	return k, text, tx.CreateAPIKey(k)
}

func (p *NewKeyParams) check(now time.Time) error {
	if err := checkName("name", p.Name); err != nil {
		return err
	}
	if len(p.Permissions) == 0 {
		return Invalid("permissions", "expected at least one of %s", strings.Join(Permissions(), ", "))
	}
	for i, permission := range p.Permissions {
		field := element("permissions", i)
		if !slices.Contains(Permissions(), permission) {
			return Invalid(field, "expected one of %s", strings.Join(Permissions(), ", "))
		}
		if slices.Contains(p.Permissions[:i], permission) {
			return Invalid(field, "it is there twice")
		}
	}
	if !p.ExpiresAt.IsZero() && !p.ExpiresAt.After(now) {
		return Invalid("expiresAt", "expected a time to come")
	}
	return nil
}

// adminScope is the principal and the operation of an idempotent create by a key.
func adminScope(by *APIKey, operation string) string { return "key:" + by.ID + ":" + operation }

// ListAPIKeys returns the keys in the order in which they were made.
func (s *Service) ListAPIKeys(ctx context.Context) ([]APIKey, error) { return s.Store.ListAPIKeys(ctx) }

// FindAPIKey finds a key by its id.
func (s *Service) FindAPIKey(ctx context.Context, id string) (*APIKey, error) {
	keys, err := s.Store.ListAPIKeys(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k APIKey) bool { return k.ID == id })
	if i < 0 {
		return nil, Errorf(CodeNotFound, "no such key")
	}
	return &keys[i], nil
}

// DeleteAPIKey deletes a key: at once on this node, within keyCacheTTL on others. Only a key that
// allows as much may do that, and only while it is there itself.
func (s *Service) DeleteAPIKey(ctx context.Context, by *APIKey, id string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		caller, k, err := s.lockKeys(tx, by.ID, id)
		if err != nil {
			return err
		}
		if !caller.Covers(k.Permissions) {
			return Errorf(CodeForbidden, "the key has rights that yours does not have")
		}
		tx.OnCommit(s.keys.forget)
		return tx.DeleteAPIKey(id)
	})
	if err != nil {
		return fmt.Errorf("delete key: %w", err)
	}
	return nil
}

// lockKeys locks the caller's key and another one, or the same, in one order, so that two who delete
// each other do not wait for each other.
func (s *Service) lockKeys(tx Tx, callerID, id string) (caller, k *APIKey, err error) {
	if id < callerID {
		k, err = tx.LockAPIKey(id)
		if err != nil && CodeOf(err) != CodeNotFound {
			return nil, nil, err
		}
	}
	if caller, err = s.lockCaller(tx, callerID); err != nil {
		return nil, nil, err
	}
	if k == nil {
		k, err = tx.LockAPIKey(id)
	}
	if CodeOf(err) == CodeNotFound {
		return nil, nil, Errorf(CodeNotFound, "no such key")
	}
	return caller, k, err
}
