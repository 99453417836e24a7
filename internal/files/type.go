package files

import (
	"bytes"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"
)

// octetStream is the type of what is unknown, and of what a browser would run.
const octetStream = "application/octet-stream"

const plainText = "text/plain; charset=utf-8"

// sniffed is how much of a file decides its type, in bytes.
const sniffed = 512

// byName says what a name adds to a type found by content: only where the content may be that.
var byName = map[string]map[string]string{
	"application/zip": {
		".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		".odt":  "application/vnd.oasis.opendocument.text",
		".ods":  "application/vnd.oasis.opendocument.spreadsheet",
		".odp":  "application/vnd.oasis.opendocument.presentation",
		".epub": "application/epub+zip",
	},
	"application/x-ole-storage": {
		".doc": "application/msword",
		".xls": "application/vnd.ms-excel",
		".ppt": "application/vnd.ms-powerpoint",
		".msg": "application/vnd.ms-outlook",
	},
	"application/ogg": {".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".ogv": "video/ogg"},
	"video/webm":      {".weba": "audio/webm", ".mka": "audio/x-matroska", ".mkv": "video/x-matroska"},
	"video/mp4":       {".m4a": "audio/mp4"},
	plainText: {
		".csv":  "text/csv; charset=utf-8",
		".json": "application/json",
		".md":   "text/markdown; charset=utf-8",
	},
}

// boxes are the brands of ISO media files that net/http does not know.
var boxes = map[string]string{
	"M4A ": "audio/mp4", "M4B ": "audio/mp4", "isom": "video/mp4", "iso2": "video/mp4", "iso5": "video/mp4", "iso6": "video/mp4",
	"avc1": "video/mp4", "dash": "video/mp4", "M4V ": "video/mp4", "qt  ": "video/quicktime", "3gp4": "video/3gpp", "3gp5": "video/3gpp",
	"heic": "image/heic", "heix": "image/heic", "mif1": "image/heif", "avif": "image/avif",
}

// contentType is the type of a file by its first bytes and its name; the client's word does not
// count. What a browser would run, such as HTML and SVG, is only bytes.
func contentType(head []byte, name string) string {
	found := sniff(head, name)
	if refined := byName[found][strings.ToLower(path.Ext(name))]; refined != "" {
		return refined
	}
	switch {
	case strings.HasPrefix(found, "text/") && (found != plainText || active(head)):
		return octetStream
	case found == "application/x-ole-storage":
		return octetStream
	default:
		return found
	}
}

func sniff(head []byte, name string) string {
	found := http.DetectContentType(head)
	switch {
	case found == plainText && !utf8Text(head):
		return octetStream
	case found != octetStream:
		return found
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "application/x-ole-storage"
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		if t := boxes[string(head[8:12])]; t != "" {
			return t
		}
	case len(head) >= 2 && head[0] == 0xff && head[1]&0xe6 == 0xe2 && strings.EqualFold(path.Ext(name), ".mp3"):
		return "audio/mpeg" // layer III without tags before it
	}
	return octetStream
}

// utf8Text reports whether the beginning of a text is UTF-8; its last character may be cut.
func utf8Text(head []byte) bool {
	for range utf8.UTFMax {
		if utf8.Valid(head) {
			return true
		}
		if len(head) < sniffed-utf8.UTFMax {
			return false
		}
		head = head[:len(head)-1]
	}
	return false
}

// active reports whether a text may be markup that somebody would run.
func active(head []byte) bool {
	text := bytes.ToLower(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n\f"))
	if bytes.HasPrefix(text, []byte("<")) {
		return true
	}
	for _, tag := range []string{"<svg", "<html", "<script", "<!doctype", "<?xml", "<iframe", "<body", "<img"} {
		if bytes.Contains(text, []byte(tag)) {
			return true
		}
	}
	return false
}

// inline types may be shown by a browser in place. Everything else is saved.
var inline = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true,
	"audio/mpeg": true, "audio/wave": true, "audio/ogg": true, "audio/mp4": true, "audio/webm": true, "audio/aiff": true, "audio/basic": true,
	"video/mp4": true, "video/webm": true, "video/ogg": true, "video/quicktime": true,
	plainText: true,
}

// disposition is the header that says whether to show or to save, and under which name
// (RFC 6266; RFC 5987 for names beyond ASCII).
func disposition(contentType, name string, download bool) string {
	kind := "attachment"
	if inline[contentType] && !download {
		kind = "inline"
	}
	ascii := strings.Map(func(r rune) rune {
		if r > '~' || r < ' ' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	header := mime.FormatMediaType(kind, map[string]string{"filename": ascii})
	if ascii != name {
		header += "; filename*=UTF-8''" + escape(name)
	}
	return header
}

// escape is the form of a value in RFC 5987, section 3.2.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
