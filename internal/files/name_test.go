package files

import (
	"bytes"
	"crypto/sha256"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/chat"
)

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a.png":                                  "a.png",
		"../../etc/passwd":                       "passwd",
		`C:\Users\me\отчёт.pdf`:                  "отчёт.pdf",
		"/":                                      "file",
		"..":                                     "file",
		"":                                       "file",
		" . ":                                    "file",
		".htaccess":                              ".htaccess",
		"name. . ":                               "name",
		"a\x00b\r\nc\x7f\u0085.txt":              "abc.txt",
		"photo\u202egpj.exe":                     "photogpj.exe",
		"\u2066a\u2069\ufeff.txt":                "a.txt",
		"a\xffb.txt":                             "a\ufffdb.txt",
		"семья 👨‍👩‍👧.jpg":                        "семья 👨‍👩‍👧.jpg",
		strings.Repeat("я", 200) + ".tar.gz":     strings.Repeat("я", 126) + ".gz",
		strings.Repeat("a", 300):                 strings.Repeat("a", 255),
		"a." + strings.Repeat("b", 300):          "a." + strings.Repeat("b", 253),
		"x/" + strings.Repeat("c", 300) + ".png": strings.Repeat("c", 251) + ".png",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	zip := "PK\x03\x04xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	for _, tt := range []struct{ name, content, want string }{
		{"a.png", "\x89PNG\r\n\x1a\n", "image/png"},
		{"a.html", "\x89PNG\r\n\x1a\n", "image/png"},
		{"a.png", "<html>", octetStream},
		{"a.png", "  <!DOCTYPE html>", octetStream},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg">`, octetStream},
		{"a.svg", `<?xml version="1.0"?><svg>`, octetStream},
		{"a.txt", "text, and then <SVG onload=x>", octetStream},
		{"a.xml", "\xef\xbb\xbf<a/>", octetStream},
		{"a.txt", "Привет", plainText},
		{"a.js", "alert(1)", plainText},
		{"a.json", `{"a":1}`, "application/json"},
		{"a.csv", "a;b", "text/csv; charset=utf-8"},
		{"cp1251.txt", "\xcf\xf0\xe8\xe2\xe5\xf2", octetStream},
		{"utf16.txt", "\xff\xfea\x00", octetStream},
		{"cut.txt", strings.Repeat("a", 511) + "\xd0", plainText},
		{"a.docx", zip, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"a.DOCX", zip, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"a.docx", "\x89PNG\r\n\x1a\n", "image/png"},
		{"a.zip", zip, "application/zip"},
		{"a.exe", zip, "application/zip"},
		{"a.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"},
		{"a.bin", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", octetStream},
		{"a.pdf", "%PDF-1.4", "application/pdf"},
		{"a.heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "image/heic"},
		{"a.mov", "\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", "video/quicktime"},
		{"a.mp3", "\xff\xfb\x90\x00", "audio/mpeg"},
		{"a.mp3", "ID3\x04", "audio/mpeg"},
		{"a.bin", "\xff\xfb\x90\x00", octetStream},
		{"a.opus", "OggS\x00", "audio/ogg"},
		{"a.exe", "MZ\x90\x00\x03", octetStream},
	} {
		if got := contentType([]byte(tt.content), tt.name); got != tt.want {
			t.Errorf("%s %.20q is %s, want %s", tt.name, tt.content, got, tt.want)
		}
	}
}

// FuzzCleanName: a name is always one that can be shown and saved.
func FuzzCleanName(f *testing.F) {
	for _, seed := range []string{"a.png", "../a", "\u202e", "a\x00\xff", strings.Repeat("я", 300), `"\;`, " .. ", "a/."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := cleanName(name)
		if got == "" || len(got) > maxName || !utf8.ValidString(got) || strings.ContainsAny(got, "/\\") || got == "." || got == ".." {
			t.Errorf("%q becomes %q", name, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q becomes %q", name, got)
		}
		if again := cleanName(got); again != got {
			t.Errorf("%q becomes %q, and that %q", name, got, again)
		}
		if h := disposition(octetStream, got, true); strings.ContainsAny(h, "\r\n\x00") || !strings.HasPrefix(h, "attachment") {
			t.Errorf("%q: header %q", got, h)
		}
	})
}

// FuzzReceive: whatever arrives is received or refused with a code, and is no more than was sent.
func FuzzReceive(f *testing.F) {
	const head = "--b\r\nContent-Disposition: form-data; name=\"file[]\"; filename=\"a\"\r\n\r\n"
	for _, seed := range []string{head + "x\r\n--b--\r\n", head, "--b--", head + "\r\n--b\r\nContent-Disposition: form-data; name=\"private\"\r\n\r\n1\r\n--b--"} {
		f.Add(seed)
	}
	disk, err := NewDisk(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	s := New(Params{Blobs: disk, Limits: Limits{MaxSize: 1 << 10, PerRequest: 2, Session: chat.FileLimits{Count: 2, Bytes: 1 << 20}}, Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewBufferString(body))
		metered := &meter{ReadCloser: r.Body}
		parts := multipart.NewReader(metered, "b")
		up := &received{digest: sha256.New()}
		defer up.discard()
		err := s.receive(parts, metered, up)
		if err != nil {
			if code := chat.CodeOf(err); code != chat.CodeInvalid && code != chat.CodeTooLarge {
				t.Errorf("%v", err)
			}
			return
		}
		var size int64
		for i := range up.files {
			size += up.files[i].Size
		}
		if len(up.files) == 0 || len(up.files) > 2 || size > int64(len(body)) {
			t.Errorf("%d files of %d bytes", len(up.files), size)
		}
	})
}
