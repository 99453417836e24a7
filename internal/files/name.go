package files

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName      = 255 // bytes, as file systems have it
	maxExtension = 32  // bytes of it that a shortened name keeps
	noName       = "file"
)

// cleanName makes a name that a client gave a file one that can be shown and saved: the last part of
// a path, without control characters and those that reverse the direction of a text ("gpj.exe"),
// valid UTF-8, at most 255 bytes, the extension kept. What is empty then is called "file".
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	name = strings.Map(func(r rune) rune {
		if r != '/' && r != '\\' && hidden(r) {
			return -1
		}
		return r
	}, name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = trim(name)
	if len(name) > maxName {
		name = trim(shorten(name))
	}
	if name == "" {
		return noName
	}
	return name
}

// hidden characters are not seen and change how others are. Joiners stay: emoji and some scripts
// need them.
func hidden(r rune) bool {
	if r == '\u200c' || r == '\u200d' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// trim takes away spaces around a name, and dots at its end, which some systems do not keep.
func trim(name string) string {
	return strings.TrimRightFunc(strings.TrimSpace(name), func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
}

func shorten(name string) string {
	extension := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= maxExtension {
		extension = name[i:]
	}
	stem := name[:maxName-len(extension)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + extension
}
