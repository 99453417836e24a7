package script

import (
	"embed"
	"fmt"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
	"modernc.org/quickjs"
)

//go:embed prelude/*.js
var preludeFiles embed.FS

//go:embed third_party/*/*.js third_party/*/LICENSE
var libraryFiles embed.FS

// preludeOrder is how the files of prelude/ are run. Each is a function of the kernel, which the
// first one makes of the host.
var preludeOrder = []string{"core", "guards", "context", "entry", "handlers", "reactions", "jsapi", "http", "services", "stubs", "libraries", "language", "node", "loading"}

// base is what is the same for every bot: the compiled prelude and libraries.
type base struct {
	prelude   [][]byte
	libraries map[string][]byte
}

// compileBase compiles them once; the code is the program's own, so a mistake in it is a bug.
var compileBase = sync.OnceValues(func() (*base, error) {
	js, err := quickjs.NewVM()
	if err != nil {
		return nil, fmt.Errorf("start JavaScript: %w", err)
	}
	defer js.Close() //nolint:errcheck // it frees memory, which does not fail
	b := &base{libraries: make(map[string][]byte)}
	for _, name := range preludeOrder {
		code, err := preludeFiles.ReadFile("prelude/" + name + ".js")
		if err != nil {
			return nil, err
		}
		compiled, err := js.Compile(minify(string(code)), quickjs.EvalGlobal)
		if err != nil {
			return nil, fmt.Errorf("prelude/%s.js: %w", name, err)
		}
		b.prelude = append(b.prelude, compiled)
	}
	for name, code := range map[string]func() (string, error){"underscore": underscore, "moment": moment} {
		text, err := code()
		if err != nil {
			return nil, err
		}
		if b.libraries[name], err = js.Compile(text, quickjs.EvalGlobal); err != nil {
			return nil, fmt.Errorf("library %s: %w", name, err)
		}
	}
	return b, nil
})

// minify shortens code, of which every machine keeps the text.
func minify(code string) string {
	result := api.Transform(code, api.TransformOptions{MinifyWhitespace: true, MinifyIdentifiers: true, Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent})
	if len(result.Errors) > 0 {
		return code // the engine will say what is wrong with it
	}
	return string(result.Code)
}

// Both libraries are in the form that every loader of modules takes; their value is that of the
// whole expression.
func underscore() (string, error) {
	code, err := libraryFiles.ReadFile("third_party/underscore/underscore.min.js")
	return "(function () { var module = {exports: {}}, exports = module.exports;\n" + string(code) + "\nreturn module.exports; })()", err
}

// moment knows English and Russian, and speaks English until it is told otherwise.
func moment() (string, error) {
	code, err := libraryFiles.ReadFile("third_party/moment/moment.min.js")
	if err != nil {
		return "", err
	}
	russian, err := libraryFiles.ReadFile("third_party/moment/ru.js")
	return "(function () { var module = {exports: {}}, exports = module.exports;\n" + string(code) +
		"\nvar moment = module.exports, require = function () { return moment; };\n" + string(russian) +
		"\nmoment.locale('en'); return moment; })()", err
}
