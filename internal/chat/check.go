package chat

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what administrators set, in characters unless said otherwise.
const (
	MaxName     = 255
	MaxText     = 4096     // what is said to clients
	MaxURL      = 2048     // bytes
	MaxFreeForm = 64 << 10 // a value of the caller's own making, in bytes
	MaxListed   = 100      // elements of a list
)

// IsBlank reports whether a text is nothing but white space, as regular expressions of ECMAScript know it:
// the API documents say by \S what is not blank.
func IsBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r != '\uFEFF' && (!unicode.IsSpace(r) || r == '\u0085') })
}

// checkName judges what people call a thing.
func checkName(field, name string) error {
	if IsBlank(name) || utf8.RuneCountInString(name) > MaxName || !utf8.ValidString(name) || hasControl(name) {
		return Invalid(field, "expected a name of 1 to %d characters, none of them a control character", MaxName)
	}
	return nil
}

// hasControl reports whether a text has characters that only a terminal obeys.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) })
}

func checkText(field, text string, limit int) error {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return Invalid(field, "expected valid UTF-8 without U+0000")
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return Invalid(field, "expected at most %d characters, got %d", limit, n)
	}
	return nil
}

// checkURL judges where the server is to call; none is "".
func checkURL(field, text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || len(text) > MaxURL || !utf8.ValidString(text) || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Fragment != "" {
		return Invalid(field, "expected a URL of at most %d bytes that begins with http:// or https://, with a host and no fragment", MaxURL)
	}
	return nil
}

// checkNumber bounds a number that is 0 when it is not set.
func checkNumber(field string, n, least, most int, unit string) error {
	if n != 0 && (n < least || n > most) {
		return Invalid(field, "expected %s from %d to %d, or 0 for the default", unit, least, most)
	}
	return nil
}

// checkList bounds a list of names.
func checkList(field string, list []string) error {
	if len(list) > MaxListed {
		return Invalid(field, "expected at most %d, got %d", MaxListed, len(list))
	}
	for i, text := range list {
		if err := checkName(element(field, i), text); err != nil {
			return err
		}
	}
	return nil
}

// element names one element of a list.
func element(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
