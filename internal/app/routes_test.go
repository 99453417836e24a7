package app

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/govorun/govorun/internal/config"
	"github.com/govorun/govorun/test/contract"
)

// undocumented begin the paths that are in no OpenAPI document: pages, sockets, and what answers for
// everything that is unknown below a path.
var undocumented = []string{"/{$}", "/setup", "/webui/", "/docs/", "/centrifugo/", "/emulation", "/socket.io", "/operator/socket.io"}

// TestEveryRouteIsDocumented compares what the mux has with api/openapi.yaml, both ways.
func TestEveryRouteIsDocumented(t *testing.T) {
	t.Parallel()
	document, err := contract.Ours()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(config.Sources{Flags: map[string]string{"listen": "127.0.0.1:0", "data": t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Start(t.Context(), Params{Config: loaded.Config, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	documented, served := unnamed(document.Routes()), unnamed(routes(t, a))
	for _, route := range served {
		if !slices.Contains(documented, route) {
			t.Errorf("%s is served and not documented", route)
		}
	}
	for _, route := range documented {
		if !slices.Contains(served, route) {
			t.Errorf("%s is documented and not served", route)
		}
	}
}

// unnamed takes away the names of wildcards, which only those who read them need.
func unnamed(routes []string) (all []string) {
	for _, route := range routes {
		all = append(all, regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(route, "{}"))
	}
	return all
}

// routes lists what a server serves, as "METHOD /path".
func routes(t *testing.T, a *App) []string {
	var all []string
	for _, pattern := range patterns(reflect.ValueOf(a.web.front.mux).Elem().FieldByName("tree")) {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			method, path = "", pattern
		}
		if strings.HasSuffix(path, "/") || slices.ContainsFunc(undocumented, func(p string) bool { return strings.HasPrefix(path, p) }) {
			continue
		}
		if ok {
			all = append(all, method+" "+path)
			continue
		}
		for _, method := range allowed(t, a.URL()+path) {
			all = append(all, method+" "+path)
		}
	}
	return all
}

// allowed asks a route that takes all methods which of them it knows. The Chat API says so of channels
// that there are.
func allowed(t *testing.T, url string) []string {
	t.Helper()
	url = strings.Replace(url, "/chatapi/{token}", "/chatapi/"+demoToken, 1)
	for strings.Contains(url, "{") {
		before, rest, _ := strings.Cut(url, "{")
		_, after, _ := strings.Cut(rest, "}")
		url = before + "0d15fc34-4191-4977-a700-ab842fa71206" + after
	}
	r, err := http.NewRequestWithContext(t.Context(), "NONE", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("NONE %s: %s", url, res.Status)
	}
	return slices.DeleteFunc(strings.Split(res.Header.Get("Allow"), ", "), func(m string) bool { return m == "OPTIONS" || m == "HEAD" })
}

// patterns finds the patterns in the tree of a http.ServeMux, which does not show them otherwise.
func patterns(v reflect.Value) (found []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if v.Type().Elem().Name() == "pattern" {
			return []string{v.Elem().FieldByName("str").String()}
		}
		return patterns(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			found = append(found, patterns(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, patterns(v.Index(i))...)
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			found = append(found, patterns(entries.Value())...)
		}
	}
	return found
}

func TestPatternsFindsAll(t *testing.T) {
	t.Parallel()
	want := []string{"/", "/a", "/a/{b}/", "GET /a/b", "GET example.com/c", "POST /a/{b}/{c}", "PUT /d/{rest...}"}
	for i := range 26 { // more children than the tree keeps in a list
		want = append(want, "GET /many/"+string(rune('a'+i)))
	}
	mux := http.NewServeMux()
	for _, pattern := range want {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	got := patterns(reflect.ValueOf(mux).Elem().FieldByName("tree"))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}
