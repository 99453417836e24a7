package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// bundler makes of a bot's ES6 modules, and the npm packages beside them, one script. Each module
// of it runs once, when it is first asked for, whoever imports it. esbuild does the work; where files
// are is decided here, so that nothing outside of the bot's files is read.
type bundler struct {
	files   fs.FS
	entries map[string]string // code of the units that are modules, by file

	mu      sync.Mutex        // esbuild asks from several goroutines
	missing map[string]*Error // packages that are imported and not there
}

const (
	ours    = "bot"     // namespace of files
	absent  = "absent"  // namespace of packages that are not there
	maxFile = 16 << 20  // bytes of a file that is imported
	maxCode = 16 << 20  // bytes of the bundle
	root    = "modules" // the made-up file that begins it
)

// bundle makes the unit that defines the modules; nil when there are none.
func bundle(units []Unit, files fs.FS) (*unit, Errors, Errors) {
	b := &bundler{files: files, entries: make(map[string]string), missing: make(map[string]*Error)}
	var list strings.Builder
	for i := range units {
		if units[i].Module == "" {
			continue
		}
		name, _ := json.Marshal(units[i].Name)
		fmt.Fprintf(&list, "$$.modules[%s] = () => require(%s);\n", name, name)
		b.entries[units[i].Name] = units[i].Code
	}
	if len(b.entries) == 0 {
		return nil, nil, nil
	}
	result := api.Build(api.BuildOptions{
		Stdin:         &api.StdinOptions{Contents: list.String(), Sourcefile: root},
		Bundle:        true,
		Format:        api.FormatIIFE,
		Platform:      api.PlatformNeutral,
		Target:        api.ES2022,
		Charset:       api.CharsetUTF8,
		Sourcemap:     api.SourceMapExternal,
		Outfile:       "bundle.js",
		Define:        map[string]string{"process.env.NODE_ENV": `"production"`, "global": "globalThis"},
		LegalComments: api.LegalCommentsNone,
		LogLevel:      api.LogLevelSilent,
		Plugins:       []api.Plugin{{Name: "bot", Setup: b.setup}},
	})
	if len(result.Errors) > 0 {
		return nil, nil, messages(result.Errors)
	}
	u := &unit{name: "modules"}
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			u.places = places(f.Contents)
		} else {
			u.code = string(f.Contents)
		}
	}
	if len(u.code) > maxCode {
		return nil, nil, Errors{{File: units[0].Name, Message: fmt.Sprintf("the modules with what they import are %d bytes, at most %d", len(u.code), maxCode)}}
	}
	return u, b.warnings(), nil
}

// warnings are the packages that are not there, by name.
func (b *bundler) warnings() Errors {
	var list Errors
	for _, name := range slices.Sorted(maps.Keys(b.missing)) {
		list = append(list, b.missing[name])
	}
	return list
}

// messages are esbuild's mistakes as ours.
func messages(list []api.Message) Errors {
	var errs Errors
	for _, m := range list {
		e := &Error{Message: m.Text}
		if m.Location != nil {
			e.File, e.Line, e.Column, e.Source = strings.TrimPrefix(m.Location.File, ours+":"), m.Location.Line, m.Location.Column+1, m.Location.LineText
		}
		errs = append(errs, e)
	}
	return errs
}

func (b *bundler) setup(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		return b.resolve(a), nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ours}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		code, ok := b.entries[a.Path]
		if !ok {
			data, err := fs.ReadFile(b.files, a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			code = string(data)
		}
		return api.OnLoadResult{Contents: &code, Loader: loaderOf(a.Path)}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: absent}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		name, _ := json.Marshal(a.Path)
		code := fmt.Sprintf("module.exports = $$.absent(%s);", name)
		return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
	})
}

func loaderOf(file string) api.Loader {
	switch path.Ext(file) {
	case ".json":
		return api.LoaderJSON
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	}
	return api.LoaderJS
}

// resolve finds the file that an import names.
func (b *bundler) resolve(a api.OnResolveArgs) api.OnResolveResult {
	if a.Importer == root || a.Importer == "" {
		return api.OnResolveResult{Path: a.Path, Namespace: ours}
	}
	from := path.Dir(a.Importer)
	name := strings.TrimPrefix(a.Path, "node:")
	switch {
	case strings.HasPrefix(name, "./"), strings.HasPrefix(name, "../"), name == ".", name == "..":
		if file, ok := b.file(path.Join(from, name)); ok {
			return api.OnResolveResult{Path: file, Namespace: ours}
		}
		return api.OnResolveResult{Errors: []api.Message{{Text: fmt.Sprintf("there is no file %s, which %s imports", path.Join(from, name), a.Importer)}}}
	case builtin[name]:
		return api.OnResolveResult{Path: name, Namespace: absent}
	}
	if file, ok := b.pack(from, name, a.Kind == api.ResolveJSRequireCall); ok {
		return api.OnResolveResult{Path: file, Namespace: ours}
	}
	// Bots import their own files without ./ too.
	if file, ok := b.file(path.Join(from, name)); ok {
		return api.OnResolveResult{Path: file, Namespace: ours}
	}
	b.warn(a.Importer, name)
	return api.OnResolveResult{Path: name, Namespace: absent}
}

// warn notes that a package is not there. A bot can live without it until it uses it.
func (b *bundler) warn(importer, name string) {
	if provided[name] || strings.Contains(importer, "node_modules/") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.missing[name]; known == nil || importer < known.File {
		b.missing[name] = &Error{File: importer, Message: fmt.Sprintf("the npm package %s is not installed: put it into a node_modules folder beside the bot's files", name)}
	}
}

// file finds a file as imports name them: with or without its ending, or a folder's index.
func (b *bundler) file(name string) (string, bool) {
	if _, ok := b.entries[name]; ok {
		return name, true
	}
	if b.files == nil || !fs.ValidPath(name) {
		return "", false
	}
	for _, end := range []string{"", ".js", ".mjs", ".cjs", ".json", ".ts", "/index.js", "/index.mjs", "/index.cjs", "/index.json", "/index.ts"} {
		if info, err := fs.Stat(b.files, name+end); err == nil && info.Mode().IsRegular() && info.Size() < maxFile {
			return name + end, true
		}
	}
	return "", false
}

// pack finds a package in the node_modules folders from a folder up.
func (b *bundler) pack(from, name string, required bool) (string, bool) {
	if b.files == nil {
		return "", false
	}
	parts := strings.SplitN(name, "/", 3)
	count := 1
	if strings.HasPrefix(name, "@") {
		count = 2
	}
	if len(parts) < count {
		return "", false
	}
	if count == 1 {
		parts = strings.SplitN(name, "/", 2)
	}
	name, inside := strings.Join(parts[:count], "/"), strings.Join(parts[count:], "/")
	for folder := from; ; folder = path.Dir(folder) {
		at := path.Join(folder, "node_modules", name)
		if info, err := fs.Stat(b.files, at); err == nil && info.IsDir() {
			return b.inPackage(at, inside, required)
		}
		if folder == "." || folder == "/" {
			return "", false
		}
	}
}

// inPackage finds what a package has under a name: after its exports, or the older fields.
func (b *bundler) inPackage(at, inside string, required bool) (string, bool) {
	var p struct {
		Exports json.RawMessage `json:"exports"`
		Module  string          `json:"module"`
		Main    string          `json:"main"`
		Browser json.RawMessage `json:"browser"`
	}
	if data, err := fs.ReadFile(b.files, path.Join(at, "package.json")); err == nil {
		_ = json.Unmarshal(data, &p) // what it does not say is found by name
	}
	if len(p.Exports) > 0 {
		if target := exported(p.Exports, inside, required); target != "" {
			return b.file(path.Join(at, target))
		}
	}
	if inside != "" {
		return b.file(path.Join(at, inside))
	}
	var browser string
	_ = json.Unmarshal(p.Browser, &browser) // it may be a map of files, which is for bundlers of pages
	candidates := []string{browser, p.Module, p.Main, "index"}
	if required {
		candidates = []string{p.Main, p.Module, browser, "index"}
	}
	for _, name := range candidates {
		if name == "" {
			continue
		}
		if file, ok := b.file(path.Join(at, name)); ok {
			return file, true
		}
	}
	return "", false
}

// exported looks a name up in a package's exports: text, conditions, or names with conditions.
func exported(exports json.RawMessage, inside string, required bool) string {
	name := "."
	if inside != "" {
		name = "./" + inside
	}
	var names map[string]json.RawMessage
	if json.Unmarshal(exports, &names) != nil || !hasPaths(names) {
		if name != "." {
			return ""
		}
		return condition(exports, required, 0)
	}
	if target, ok := names[name]; ok {
		return condition(target, required, 0)
	}
	for pattern, target := range names {
		before, after, star := strings.Cut(pattern, "*")
		if star && len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
			middle := name[len(before) : len(name)-len(after)]
			return strings.ReplaceAll(condition(target, required, 0), "*", middle)
		}
	}
	return ""
}

// hasPaths reports whether exports have names; else they are conditions.
func hasPaths(exports map[string]json.RawMessage) bool {
	for name := range exports {
		if strings.HasPrefix(name, ".") {
			return true
		}
	}
	return false
}

// condition picks the target for a runtime that is neither Node nor a page.
func condition(target json.RawMessage, required bool, depth int) string {
	var text string
	if json.Unmarshal(target, &text) == nil {
		return text
	}
	var list []json.RawMessage
	if json.Unmarshal(target, &list) == nil && len(list) > 0 && depth < 10 {
		return condition(list[0], required, depth+1)
	}
	var by map[string]json.RawMessage
	if json.Unmarshal(target, &by) != nil || depth >= 10 {
		return ""
	}
	order := []string{"browser", "import", "module", "default", "require", "node"}
	if required {
		order = []string{"browser", "require", "default", "import", "module", "node"}
	}
	for _, name := range order {
		if by[name] != nil {
			if found := condition(by[name], required, depth+1); found != "" {
				return found
			}
		}
	}
	return ""
}

// provided are the packages that prelude/node.js brings.
var provided = map[string]bool{"axios": true, "moment": true, "underscore": true, "node-fetch": true}

// builtin are the modules of Node itself. Scripts have none of them.
var builtin = func() map[string]bool {
	const names = "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events fs fs/promises http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url util util/types v8 vm wasi worker_threads zlib"
	m := make(map[string]bool)
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}()

// ---- source maps ----

// places reads where each line of a bundle comes from: the first place that a line names.
func places(data []byte) []spot {
	var m struct {
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return []spot{} // esbuild wrote it; without it errors name the bundle
	}
	var result []spot
	source, line := 0, 0
	for group := range strings.SplitSeq(m.Mappings, ";") {
		var place spot
		for segment := range strings.SplitSeq(group, ",") {
			fields, err := vlq(segment)
			if err != nil || len(fields) < 4 {
				continue
			}
			source += fields[1]
			line += fields[2]
			if place.file == "" && source >= 0 && source < len(m.Sources) {
				place = spot{strings.TrimPrefix(m.Sources[source], ours+":"), line + 1}
			}
		}
		result = append(result, place)
	}
	return result
}

var errVLQ = errors.New("not a number of a source map")

// vlq reads the numbers of a segment of a source map: base 64, six bits each, the lowest bit of a
// number its sign.
func vlq(s string) ([]int, error) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var result []int
	value, shift := 0, 0
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		if d < 0 || shift > 30 {
			return nil, errVLQ
		}
		value |= d & 31 << shift
		shift += 5
		if d&32 != 0 {
			continue
		}
		if value&1 != 0 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		result = append(result, value)
		value, shift = 0, 0
	}
	return result, nil
}
