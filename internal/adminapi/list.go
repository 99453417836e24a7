package adminapi

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

// Limits of one page of a list.
const (
	defaultLimit = 100
	maxLimit     = 1000
	maxOffset    = 1_000_000_000
)

// list is the answer of every list.
type list struct {
	Count int64     `json:"count"` // of all there are
	Items []members `json:"items"`
}

// page is the part of a list that is asked for.
type page struct{ limit, offset int }

// pageQuery names the parameters of every list.
var pageQuery = []string{"limit", "offset"}

func (c *call) page() (p page, err error) {
	if p.limit, err = c.number("limit", defaultLimit, 1, maxLimit); err != nil {
		return page{}, err
	}
	p.offset, err = c.number("offset", 0, 0, maxOffset)
	return p, err
}

// readQuery reads a query in which every parameter is known and comes once.
func readQuery(r *http.Request, known []string) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, chat.Invalid("", "the query is not valid: expected name=value&…")
	}
	for name, values := range query {
		if !slices.Contains(known, name) {
			if len(known) == 0 {
				return nil, chat.Invalid(name, "unknown; no query is expected here")
			}
			return nil, chat.Invalid(name, "unknown; expected %s", strings.Join(known, ", "))
		}
		if len(values) > 1 {
			return nil, chat.Invalid(name, "expected once")
		}
		if !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0) { // databases cannot look for it
			return nil, chat.Invalid(name, "expected valid UTF-8 without U+0000")
		}
	}
	return query, nil
}

func (c *call) number(name string, usual, least, most int) (int, error) {
	if !c.query.Has(name) {
		return usual, nil
	}
	n, err := strconv.Atoi(c.query.Get(name))
	if err != nil || n < least || n > most {
		return 0, chat.Invalid(name, "expected a whole number from %d to %d", least, most)
	}
	return n, nil
}

// cut is a page of a list that is there as a whole.
func cut[T any](all []T, p page) []T {
	from := min(p.offset, len(all))
	return all[from:min(from+p.limit, len(all))]
}

// listed writes a list of things.
func listed[T any](items []T, count int64, one func(*T) members) reply {
	l := list{Count: count, Items: make([]members, len(items))}
	for i := range items {
		l.Items[i] = one(&items[i])
	}
	return reply{status: http.StatusOK, body: l}
}
