package remote

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// turnToken names a turn to which a later answer may be given. Whoever has it sealed is the bot.
type turnToken struct {
	session string // id: after a restore, a key may mean another session
	bot     string // id
	cause   int64  // sequence of the event
	term    int64
	expires time.Time // to the second
}

const (
	tokenVersion = 1
	maxToken     = 512 // characters
)

var errToken = errors.New("not a token of a turn")

// seal returns the token as it is sent: base64url of its fields and of their HMAC-SHA256.
func (t *turnToken) seal(key []byte) string {
	data := []byte{tokenVersion}
	for _, n := range []int64{t.cause, t.term, t.expires.Unix(), int64(len(t.session))} {
		data = binary.AppendVarint(data, n)
	}
	data = append(append(data, t.session...), t.bot...)
	return base64.RawURLEncoding.EncodeToString(append(data, sum(key, data)...))
}

// openToken reads what seal wrote with the same key.
func openToken(key []byte, text string) (*turnToken, error) {
	if len(text) > maxToken {
		return nil, errToken
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(data) < 1+sha256.Size {
		return nil, errToken
	}
	data, mac := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if !hmac.Equal(mac, sum(key, data)) || data[0] != tokenVersion {
		return nil, errToken
	}
	data = data[1:]
	var fields [4]int64
	for i := range fields {
		n, size := binary.Varint(data)
		if size <= 0 {
			return nil, errToken
		}
		fields[i], data = n, data[size:]
	}
	if n := fields[3]; n < 0 || n > int64(len(data)) {
		return nil, errToken
	}
	return &turnToken{
		session: string(data[:fields[3]]), bot: string(data[fields[3]:]), cause: fields[0], term: fields[1], expires: time.Unix(fields[2], 0),
	}, nil
}

func sum(key, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(nil)
}
