package chat

import (
	"context"
	"fmt"
	"math"
	"time"
)

// KeptVersions is how many versions of a bot are kept, the newest, beside the active one.
const KeptVersions = 50

// MaxNote is how long the note of a version may be, in characters.
const MaxNote = 1000

// BotVersion is what a bot in the scenario language was made of when it was deployed. It never
// changes. Its files are an archive that the domain neither reads nor judges.
type BotVersion struct {
	BotID     string
	Number    int64  // 1, 2, 3 … of the bot
	Digest    string // hex SHA-256 of names and contents of the files, however they are packed
	Files     int64  // how many
	Size      int64  // of their contents, in bytes
	Note      string // of who deployed it
	AuthorID  string // of the API key that deployed it
	Author    string // name of the key then
	CreatedAt time.Time
}

// NewVersionParams are what a version is made of.
type NewVersionParams struct {
	BotID       string
	Digest      string
	Files, Size int64
	Note        string
	Archive     []byte
	Standby     bool // another one stays active
	Idempotency Idempotency
}

// AddedVersion is what came of adding a version.
type AddedVersion struct {
	BotVersion
	Made   bool // false: the active version has the same files, no other was made
	Active bool // it is the active one now; of a repeat, when it was added
}

// How a version was added, as it is remembered for a repeat.
const (
	addedActive  = "active"
	addedStandby = "standby"
	addedNothing = "nothing"
)

// AddBotVersion adds a version to a scenario bot and has it answer from now on, unless p.Standby.
// Whoever calls has found out that the bot has no mistakes. Files that are those of the active
// version make no new one. The oldest versions beyond KeptVersions are deleted. A bot of another kind
// is CodeState.
func (s *Service) AddBotVersion(ctx context.Context, by *APIKey, p NewVersionParams) (*AddedVersion, error) {
	if err := checkText("note", p.Note, MaxNote); err != nil {
		return nil, err
	}
	var added *AddedVersion
	err := s.Store.Update(ctx, func(tx Tx) error {
		return s.once(tx, adminScope(by, "deploy "+p.BotID), p.Idempotency, func(r *IdempotencyRecord) (err error) {
			if added, err = s.addVersion(tx, by, p); err != nil {
				return err
			}
			r.Sequence, r.EventID = added.Number, added.outcome()
			return nil
		}, func(r *IdempotencyRecord) error {
			v, err := tx.FindBotVersion(p.BotID, r.Sequence)
			if err != nil {
				return err
			}
			added = &AddedVersion{BotVersion: *v, Made: r.EventID != addedNothing, Active: r.EventID != addedStandby}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("add a version of a bot: %w", err)
	}
	return added, nil
}

func (v *AddedVersion) outcome() string {
	switch {
	case !v.Made:
		return addedNothing
	case v.Active:
		return addedActive
	default:
		return addedStandby
	}
}

// addVersion locks the bot, so that numbers are given one after another.
func (s *Service) addVersion(tx Tx, by *APIKey, p NewVersionParams) (*AddedVersion, error) {
	b, err := lockDeployable(tx, p.BotID)
	if err != nil {
		return nil, err
	}
	if b.Version != 0 {
		active, err := tx.FindBotVersion(b.ID, b.Version)
		if err != nil {
			return nil, err
		}
		if active.Digest == p.Digest {
			return &AddedVersion{BotVersion: *active, Active: true}, nil
		}
	}
	last, err := tx.LastBotVersion(b.ID)
	if err != nil {
		return nil, err
	}
	v := BotVersion{
		BotID: b.ID, Number: last + 1, Digest: p.Digest, Files: p.Files, Size: p.Size, Note: p.Note,
		AuthorID: by.ID, Author: by.Name, CreatedAt: s.Now(),
	}
	if err := tx.CreateBotVersion(&v, p.Archive); err != nil {
		return nil, err
	}
	if !p.Standby {
		b.Version = v.Number
		if err := tx.PutBot(b); err != nil {
			return nil, err
		}
	}
	if _, err := tx.DeleteBotVersions(b.ID, v.Number-KeptVersions, b.Version); err != nil {
		return nil, err
	}
	return &AddedVersion{BotVersion: v, Made: true, Active: !p.Standby}, nil
}

// ActivateBotVersion has a version of a scenario bot answer from now on: an older one, or one that was
// added as Standby. Whoever calls has found out that it has no mistakes.
func (s *Service) ActivateBotVersion(ctx context.Context, id string, number int64) (*BotVersion, error) {
	var v *BotVersion
	err := s.Store.Update(ctx, func(tx Tx) error {
		b, err := lockDeployable(tx, id)
		if err != nil {
			return err
		}
		if v, err = tx.FindBotVersion(id, number); err != nil {
			return err
		}
		b.Version = number
		return tx.PutBot(b)
	})
	if err != nil {
		return nil, fmt.Errorf("activate a version of a bot: %w", err)
	}
	return v, nil
}

// lockDeployable is for what only a scenario bot that administrators have made can have.
func lockDeployable(tx Tx, id string) (*BotRecord, error) {
	b, err := lockOwnBot(tx, id)
	if err == nil && b.Kind != BotScenario {
		return nil, Errorf(CodeState, "a %s bot has no versions", b.Kind)
	}
	return b, err
}

// ListBotVersions returns the versions of a bot that are kept, the newest first; of one that has
// none, nothing.
func (s *Service) ListBotVersions(ctx context.Context, id string) ([]BotVersion, error) {
	return s.Store.ListBotVersions(ctx, id)
}

// FindBotVersion finds a version of a bot.
func (s *Service) FindBotVersion(ctx context.Context, id string, number int64) (*BotVersion, error) {
	return s.Store.FindBotVersion(ctx, id, number)
}

// FindBotArchive returns the files of a version, as they were given to AddBotVersion.
func (s *Service) FindBotArchive(ctx context.Context, id string, number int64) ([]byte, error) {
	return s.Store.FindBotArchive(ctx, id, number)
}

// deleteVersions is for a bot that is deleted.
func deleteVersions(tx Tx, id string) error {
	_, err := tx.DeleteBotVersions(id, math.MaxInt64, 0)
	return err
}
