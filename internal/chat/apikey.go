package chat

import "time"

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
