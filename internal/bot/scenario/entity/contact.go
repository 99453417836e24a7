package entity

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// rulePhone reads a phone number. The value is normalised: +79161234567.
func rulePhone(s *scan, at int) (int, any) {
	start := at
	plus := s.is(at, "+")
	if plus {
		at++
	}
	t := s.at(at)
	if t.kind != digits && !s.is(at, "(") || s.glued(start) && !s.is(start-1, ":", "(", ",", ".", "=") && s.at(start-1).kind != word {
		return start, nil
	}
	number, next := s.dialled(at)
	if number == "" {
		return max(next, start), nil
	}
	value, ok := s.normalPhone(number, plus, next-at)
	if !ok {
		if plus {
			return start, nil
		}
		return next, nil // what has too many digits or too few is none from its middle on either
	}
	return next, value
}

// maxPhone is how many digits a number may have (E.164).
const maxPhone = 15

// dialled collects digits with brackets, hyphens, dots and single spaces between. Empty when they
// are no phone; then next is behind them.
func (s *scan) dialled(at int) (string, int) {
	var number strings.Builder
	next, pieces := at, 0
	for i := at; i < len(s.tokens); {
		t := s.at(i)
		switch {
		case t.kind == digits:
			if s.glued(i+1) && s.at(i+1).kind == word && latin(s.at(i+1).text) {
				return "", i + 1
			}
			if number.Len()+len(t.text) > maxPhone {
				if number.Len() == 0 || s.glued(i) {
					return "", i + 1
				}
				return number.String(), next
			}
			number.WriteString(t.text)
			pieces++
			i++
			next = i
		case s.is(i, "-", "(", ")", ".", "‑", "–", "−") && i > at-1 && pieces < 9 && s.dialsOn(i):
			i++
		default:
			return number.String(), next
		}
		if !s.glued(i) && !s.spaced(i) {
			break
		}
	}
	return number.String(), next
}

// dialsOn reports whether digits follow the mark, or another mark and digits.
func (s *scan) dialsOn(i int) bool {
	for range 3 {
		i++
		if s.at(i).kind == digits {
			return true
		}
		if !s.is(i, "-", "(", ")", ".", "‑", "–") {
			return false
		}
	}
	return false
}

// normalPhone writes a number with its country: Russian ones have 10 digits or 11 with 7 or 8,
// and in English ten are American. Local ones need marks between their digits.
func (s *scan) normalPhone(number string, plus bool, tokens int) (string, bool) {
	n := len(number)
	switch {
	case plus:
		return "+" + number, n >= 8 && n <= maxPhone
	case s.russian() && n == 11 && (number[0] == '8' || number[0] == '7'):
		return "+7" + number[1:], number[1] != '0' && number[1] != '1' && number[1] != '2'
	case s.russian() && n == 10 && (number[0] == '9' || strings.HasPrefix(number, "800") || tokens > 3 && (number[0] == '4' || number[0] == '8')):
		return "+7" + number, true
	case !s.russian() && n == 10 && number[0] >= '2':
		return "+1" + number, true
	case !s.russian() && n == 11 && (number[0] == '1' || number[0] == '7'):
		return "+" + number, true
	case n >= 11 && n <= 13 && number[0] != '0' && tokens > 1:
		return "+" + number, s.Language == ""
	case n == 7 && tokens == 5:
		return number, true // 123-45-67
	case n == 7 && tokens == 3 && !s.russian():
		return number, true // 555-1234
	}
	return "", false
}

// longestAddress is how long an address may be, in bytes.
const longestAddress = 2048

// ruleEmail reads an address. It begins at the first letter or digit of what stands before "@".
func ruleEmail(s *scan, at int) (int, any) {
	t := s.at(at)
	if t.kind == symbol && t.text != "_" {
		return at, nil
	}
	start := t.start
	end := start
	for end < len(s.text) && end-start <= 64 && isLocal(s.text[end]) {
		end++
	}
	if end >= len(s.text) || s.text[end] != '@' || end-start > 64 {
		return s.behind(at, end), nil
	}
	stop := domain(s.text, end+1)
	if stop == end+1 || s.text[end-1] == '.' || strings.Contains(s.text[start:end], "..") {
		return s.behind(at, end), nil
	}
	return s.behind(at, stop), s.text[start:stop]
}

// behind is the first token that begins at a place or behind it, and behind a token itself.
func (s *scan) behind(at, place int) int {
	next := at + 1
	for next < len(s.tokens) && s.tokens[next].start < place {
		next++
	}
	return next
}

func isLocal(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("._%+-", b) >= 0
}

// domain reads the name of a host with a dot in it: where it ends, at when there is none.
func domain(text string, at int) int {
	end, dot := at, 0
	for i := at; i < len(text) && i-at <= 253; {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsLetter(r) || r >= '0' && r <= '9':
			end = i + size
		case r == '-' && end == i:
		case r == '.' && end == i && i > at:
			dot = i
		default:
			return topLevel(text, at, end, dot)
		}
		i += size
	}
	return topLevel(text, at, end, dot)
}

// topLevel checks the last part of a host: letters, two at least.
func topLevel(text string, at, end, dot int) int {
	if dot >= end { // "mail.ru." ends a sentence
		dot = strings.LastIndexByte(text[at:end], '.') + at
	}
	if dot <= at {
		return at
	}
	top := text[dot+1 : end]
	for _, r := range top {
		if !unicode.IsLetter(r) {
			return at
		}
	}
	if utf8.RuneCountInString(top) < 2 {
		return at
	}
	return end
}

// ruleURL reads an address of the web: with a scheme, with www, or a host of a well-known domain.
func ruleURL(s *scan, at int) (int, any) {
	t := s.at(at)
	if t.kind == symbol || s.glued(at) && (s.is(at-1, "@", ".", "-", "_") || s.at(at-1).kind != symbol) {
		return at, nil
	}
	start, host, schemed := t.start, t.start, false
	for _, scheme := range [...]string{"https://", "http://", "ftp://"} {
		if len(s.text)-start > len(scheme) && strings.EqualFold(s.text[start:start+len(scheme)], scheme) {
			host, schemed = start+len(scheme), true
			break
		}
	}
	end := domain(s.text, host)
	switch {
	case end == host && schemed && strings.HasPrefix(s.text[host:], "localhost"):
		end = host + len("localhost")
	case end == host:
		return at, nil
	case end < len(s.text) && s.text[end] == '@':
		return s.behind(at, end+1), nil
	case !schemed && !strings.HasPrefix(strings.ToLower(s.text[host:end]), "www.") && !wellKnown(s.text[host:end]):
		return at, nil
	}
	end = resource(s.text, end)
	return s.behind(at, end), s.text[start:end]
}

// wellKnown reports whether a host is of a domain that people write without a scheme.
func wellKnown(host string) bool {
	switch strings.ToLower(host[strings.LastIndexByte(host, '.')+1:]) {
	case "ru", "com", "org", "net", "info", "biz", "io", "su", "рф", "by", "kz", "ua", "uk", "de", "fr", "eu", "edu", "gov", "me", "app", "dev", "online", "site", "shop", "tv", "ai", "co", "us":
		return true
	}
	return false
}

// resource reads the port, the path and the query behind a host. A mark that ends the sentence is
// not of it.
func resource(text string, at int) int {
	end := at
	if end < len(text) && text[end] == ':' {
		for end+1 < len(text) && text[end+1] >= '0' && text[end+1] <= '9' {
			end++
		}
		if end == at {
			return at
		}
		end++
	}
	if end >= len(text) || strings.IndexByte("/?#", text[end]) < 0 {
		return end
	}
	for end < len(text) && end-at < longestAddress {
		r, size := utf8.DecodeRuneInString(text[end:])
		if unicode.IsSpace(r) || r == utf8.RuneError || strings.ContainsRune(`"<>«»`, r) {
			break
		}
		end += size
	}
	return at + len(strings.TrimRight(text[at:end], ".,!?;:)'"))
}
