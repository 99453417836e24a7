// Package webui serves the page on which a person can talk to the demo bot, and the one on which the
// first administrator exchanges the one-time link for a key. They are plain HTML, style and script
// of our own, embedded, and use nothing but the public API. They are not the widget for other sites,
// nor the console of operators.
package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed page
var files embed.FS

// policy lets the page load its own files and talk to its own server, and nothing else. No
// script can make HTML of a text: trusted types are required and none is ever made.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// contentType goes by the extension: the tables of the machine may be missing or wrong.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}

// Register adds the pages at "/" and "/setup", and their files below "/webui/".
func Register(mux *http.ServeMux) error {
	names, err := fs.Glob(files, "page/*")
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("page: %w", err)
		}
		pattern := "GET /webui/" + path.Base(name)
		switch path.Base(name) {
		case "index.html":
			pattern = "GET /{$}"
		case "setup.html":
			pattern = "GET /setup"
		}
		mux.Handle(pattern, serve(name, data))
	}
	return nil
}

// serve answers with one file, or 304 when the browser has it.
func serve(name string, data []byte) http.Handler {
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType(name))
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
}
