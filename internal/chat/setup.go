package chat

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"
)

// setupSecret is the name under which the digest of the one-time link's token is kept, together
// with the node that made it.
const setupSecret = "setup"

// OfferSetup makes the token of the link by which somebody becomes the first administrator, unless
// an API key of an administrator is there already; with anyway in that case too. "" means that
// there is none to show: not needed, or another node that lives has made and shown one. What an
// earlier run has offered is void from now on. It is called once, when this node has started.
func (s *Service) OfferSetup(ctx context.Context, self Node, anyway bool) (token string, err error) {
	wanted := anyway
	if !anyway {
		if wanted, err = s.withoutAdmin(ctx); err != nil {
			return "", fmt.Errorf("offer setup: %w", err)
		}
	}
	nodes, err := s.Store.ListNodes(ctx)
	if err != nil {
		return "", fmt.Errorf("offer setup: %w", err)
	}
	fresh := randomText(keyBytes)
	value := digestOf(fresh) + " " + self.ID
	err = s.Store.Update(ctx, func(tx Tx) error {
		token = ""
		old, err := tx.FindSecret(setupSecret)
		if err == nil {
			_, maker, _ := strings.Cut(old, " ")
			if slices.ContainsFunc(nodes, func(n Node) bool { return n.ID == maker && !succeeds(self, n) }) {
				return nil
			}
			err = tx.DeleteSecret(setupSecret)
		}
		if err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
		if !wanted {
			return nil
		}
		kept, err := tx.KeepSecret(setupSecret, value)
		if kept == value {
			token = fresh
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("offer setup: %w", err)
	}
	return token, nil
}

// succeeds reports whether a node is the next run of one that is registered yet, since it has died
// a moment ago.
func succeeds(self, old Node) bool {
	return self.ID != old.ID && self.Name == old.Name && self.Address == old.Address
}

// withoutAdmin reports whether no valid key allows everything.
func (s *Service) withoutAdmin(ctx context.Context) (bool, error) {
	keys, err := s.Store.ListAPIKeys(ctx)
	return !slices.ContainsFunc(keys, func(k APIKey) bool { return k.Allows(PermitAdmin) && !k.expired(s.Now()) }), err
}

// Setup exchanges the token of the one-time link for an API key that may do everything. A token
// that is wrong, used or void is CodeForbidden.
func (s *Service) Setup(ctx context.Context, token, name string) (made *APIKey, text string, err error) {
	if err := checkName("name", name); err != nil {
		return nil, "", err
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		kept, err := tx.FindSecret(setupSecret)
		if err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
		digest, _, _ := strings.Cut(kept, " ")
		if err != nil || subtle.ConstantTimeCompare([]byte(digest), []byte(digestOf(token))) != 1 {
			return errSetup()
		}
		// Of two who come at once, the second waits here and finds it gone.
		if err := tx.DeleteSecret(setupSecret); err != nil {
			if CodeOf(err) == CodeNotFound {
				return errSetup()
			}
			return err
		}
		made, text, err = s.makeKey(tx, name, []string{PermitAdmin}, time.Time{})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("setup: %w", err)
	}
	return made, text, nil
}

func errSetup() error {
	return Errorf(CodeForbidden, "the link is not valid: it works once, and only until a server starts anew. Without an administrator's key a start prints a new one")
}
