//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"testing"
)

// TestFileArrives sends a file over REST: every library is told of it, with links that work.
func TestFileArrives(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	a := &api{t, s.url()}
	const content = "\x89PNG\r\n\x1a\nне картинка"
	for _, f := range []flavour{flavours()[0], flavours()[3], flavours()[5], flavours()[6]} {
		t.Run(f.name, func(t *testing.T) {
			session := a.start()
			c := startClient(t, f, options{URL: s.url(), Sessions: []string{session}, Echo: true})
			c.connect()
			id := sendUp(t, s.url()+base+"/sessions/"+session+"/files", "фото 📷.png", content)
			a.must(http.MethodPost, "/sessions/"+session+"/messages", map[string]any{"attachments": []string{id}}, nil)
			var said struct {
				Data struct {
					Attachments []struct {
						ID, Name, ContentType, URL, DownloadLink string
						Size                                     int64
					}
				}
			}
			c.await("the message with the file", func(events []event) bool {
				for _, e := range events {
					if e.Event == "publication" && e.Channel == whole(session) && json.Unmarshal(e.Data, &said) == nil && len(said.Data.Attachments) == 1 {
						return true
					}
				}
				return false
			})
			got := said.Data.Attachments[0]
			if got.ID != id || got.Name != "фото 📷.png" || got.ContentType != "image/png" || got.Size != int64(len(content)) {
				t.Errorf("%+v", got)
			}
			for link, way := range map[string]string{got.URL: "inline", got.DownloadLink: "attachment"} {
				res, err := http.Get(link)
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || string(text) != content || len(res.Header.Get("Content-Disposition")) < len(way) || res.Header.Get("Content-Disposition")[:len(way)] != way {
					t.Errorf("%s: %d %v %q", link, res.StatusCode, res.Header, text)
				}
			}
		})
	}
}

// sendUp sends one file up and returns its id.
func sendUp(t *testing.T, url, name, content string) string {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file[]", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, content); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(url, form.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made []struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != http.StatusCreated || len(made) != 1 {
		t.Fatalf("upload: %d %v", res.StatusCode, err)
	}
	return made[0].ID
}
