package files

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"github.com/govorun/govorun/internal/chat"
)

// route is where files are served, before their id.
const route = "/files/"

// The parameters of a link.
const (
	expiryParam    = "e" // Unix time from which on it does not work
	signatureParam = "s"
	downloadParam  = "d" // present: to be saved, never shown
)

// linkSteps is how often in its life a link changes: what asks again within a step gets the same one,
// and caches work.
const linkSteps = 4

// Links makes the links of an attachment, to show it and to save it. A file that is not ours keeps
// its own address. They are made when something is delivered, and never stored.
func (s *Service) Links(a chat.Attachment) (inline, download string) {
	if a.URL != "" {
		return a.URL, a.URL
	}
	expires := strconv.FormatInt(s.expiry(), 10)
	link := s.BaseURL + route + a.ID + "?" + expiryParam + "=" + expires + "&" + signatureParam + "=" + s.sign(a.ID, expires)
	return link, link + "&" + downloadParam + "=1"
}

// expiry is at least LinkTTL ahead, and at most a step more.
func (s *Service) expiry() int64 {
	step := max(int64(s.LinkTTL/time.Second)/linkSteps, 1)
	now := s.Now().Add(s.LinkTTL).Unix()
	return now - now%step + step
}

// sign is the signature of a link, which covers the file and the time.
func (s *Service) sign(id, expires string) string {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte(id + "\n" + expires))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// verify judges a link. Which of its parts is wrong is not said.
func (s *Service) verify(id string, q url.Values) error {
	expires := q.Get(expiryParam)
	if !hmac.Equal([]byte(s.sign(id, expires)), []byte(q.Get(signatureParam))) {
		return chat.Errorf(chat.CodeForbidden, "the link is not valid")
	}
	at, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || s.Now().Unix() >= at {
		return chat.Errorf(chat.CodeForbidden, "the link has expired: ask for the message again")
	}
	return nil
}
