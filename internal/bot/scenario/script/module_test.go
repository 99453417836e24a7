package script

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func modules(files fs.FS, names ...string) []Unit {
	var units []Unit
	for _, name := range names {
		data, err := fs.ReadFile(files, "src/"+name+".js")
		if err != nil {
			panic(err)
		}
		units = append(units, Unit{Name: "src/" + name + ".js", Code: string(data), Module: name})
	}
	return units
}

func TestModules(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"src/utils.js":     file("import { n } from './lib/state.js';\nexport let count = 0;\nexport function add() { n.x++; return ++count; }\nexport default { add, x: () => n.x };"),
		"src/other.js":     file("import utils, { count } from 'utils.js';\nimport * as all from './utils';\nimport data from './data.json';\nexport function both() { utils.add(); return [count, all.count, data.a]; }"),
		"src/lib/state.js": file("export const n = {x: 10};"),
		"src/data.json":    file(`{"a": "я"}`),
	}
	units := append(modules(files, "utils", "other"), blocks(`return [utils.add(), other.both(), utils.x()]`))
	e := newEngine(t, Options{Files: files}, units...)
	v := begin(t, e, &testHost{}, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `[1,[2,2,"я"],12]` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestModulesAreSearchedAsInNode(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"src/a.js": file(`import main from "main"; import old from "old"; import { one } from "@scope/pkg"; import two from "@scope/pkg/two"; import { sub } from "cond/sub/x"; import index from "index";
			export default [main, old, one, two, sub, index].join();`),
		"node_modules/main/package.json":           file(`{"main": "lib/m"}`),
		"node_modules/main/lib/m.js":               file(`module.exports = "main" + require("./n");`),
		"node_modules/main/lib/n.js":               file(`module.exports = "!";`),
		"src/node_modules/old/package.json":        file(`{"main": "cjs.js", "module": "esm.mjs"}`),
		"src/node_modules/old/esm.mjs":             file(`export default "esm"`),
		"src/node_modules/@scope/pkg/package.json": file(`{"exports": {".": {"import": "./i.js", "require": "./r.js"}, "./two": "./t.js"}}`),
		"src/node_modules/@scope/pkg/i.js":         file(`export const one = 1`),
		"src/node_modules/@scope/pkg/t.js":         file(`export default 2`),
		"src/node_modules/cond/package.json":       file(`{"exports": {"./sub/*": {"node": "./no.js", "default": {"import": "./s/*.js"}}}}`),
		"src/node_modules/cond/s/x.js":             file(`export const sub = "s"`),
		"src/node_modules/index/index.js":          file(`exports.__esModule = true; exports.default = "idx"`),
	}
	e := newEngine(t, Options{Files: files}, append(modules(files, "a"), blocks(`return a`))...)
	v := begin(t, e, &testHost{}, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `"main!,esm,1,2,s,idx"` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestModuleMistakes(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"src/a.js": file("import x from './nothing.js';\nlet a = ;"),
		"src/b.js": file("import fs from 'node:fs';\nimport { MongoClient } from 'mongodb';\nimport axios from 'axios';\nexport default { use() { return new MongoClient('x'); }, read: () => fs.readFileSync('/etc/passwd'), ok: () => typeof axios.get };"),
		"src/c.js": file("export default {\n\n  // a comment\n  fail() {\n    return nothing.x;\n  },\n};"),
	}
	_, err := New(modules(files, "a"), Options{Files: files})
	var errs Errors
	if !errors.As(err, &errs) || errs[0].File != "src/a.js" || errs[0].Line != 2 && errs[0].Line != 1 {
		t.Errorf("error %v", err)
	}
	e, err := New(append(modules(files, "b", "c"), blocks(`return b.ok()`, `b.use()`, `b.read()`, `c.fail()`)), Options{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if w := e.Warnings(); len(w) != 1 || w[0].File != "src/b.js" || !strings.Contains(w[0].Message, "mongodb") {
		t.Errorf("warnings %v", w)
	}
	v := begin(t, e, &testHost{}, `{}`)
	if got, err := v.Value(t.Context(), 0); err != nil || string(got) != `"function"` {
		t.Errorf("%s, %v", got, err)
	}
	for n, want := range map[int]string{1: "the package mongodb is not available", 2: "the package fs is not available"} {
		if _, err := v.Run(t.Context(), n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v", err)
		}
	}
	var failed *Error
	if _, err := v.Run(t.Context(), 3); !errors.As(err, &failed) || failed.File != "src/c.js" || failed.Line != 5 {
		t.Errorf("error %v", err)
	}
}

func TestModulesReadNoOtherFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/etc/passwd", "../../../../etc/passwd", "file:///etc/passwd", "./../../etc/passwd"} {
		unit := Unit{Name: "src/a.js", Code: "import x from '" + name + "'; export default x;", Module: "a"}
		e, err := New([]Unit{unit}, Options{Files: fstest.MapFS{}})
		if err == nil {
			if len(e.Warnings()) == 0 {
				t.Errorf("%s was read", name)
			}
			e.Close()
		}
	}
}

func TestNodeGlobals(t *testing.T) {
	runMembers(t, []memberCase{
		{"btoa", "", `return [btoa("abc"), atob("YWI="), Buffer.from("Привет 🙂").toString("base64"), Buffer.from("0J/RgNC40LLQtdGCIPCfmYI=", "base64").toString()]`, `["YWJj","ab","0J/RgNC40LLQtdGCIPCfmYI=","Привет 🙂"]`},
		{"hex", "", `return [Buffer.from("zя").toString("hex"), Buffer.from("7a", "hex") + "", Buffer.concat([Buffer.from("a"), Buffer.from("b")]).toString(), Buffer.byteLength("я")]`, `["7ad18f","z","ab",2]`},
		{"TextEncoder", "", `return new TextDecoder().decode(new TextEncoder().encode("я🙂"))`, `"я🙂"`},
		{"URLSearchParams", "", `var p = new URLSearchParams({a: "1 2"}); p.append("б", "&"); return [String(p), new URLSearchParams("?x=1&y=%D1%8F+z").get("y"), [...p].length]`, `["a=1+2&%D0%B1=%26","я z",2]`},
		{"toLocaleString", "", `return [(1234567.891).toLocaleString("ru-RU"), (1234.5).toLocaleString(), (1234.5).toLocaleString("ru-RU", {style: "currency", currency: "RUB"}), (0.25).toLocaleString("en", {style: "percent"})]`, "[\"1\u00a0234\u00a0567,891\",\"1,234.5\",\"1\u00a0234,50\u00a0₽\",\"25%\"]"},
		{"toLocaleDateString", "", `var d = new Date(Date.UTC(2024, 4, 7, 11, 5)); return [d.toLocaleDateString("ru-RU", {timeZone: "UTC"}), d.toLocaleDateString("ru-RU", {timeZone: "UTC", day: "numeric", month: "long", year: "numeric"}), d.toLocaleTimeString("ru-RU", {timeZone: "Europe/Moscow"}), d.toLocaleString("en-US", {timeZone: "UTC"})]`, `["07.05.2024","7 мая 2024 г.","14:05:00","5/7/2024, 11:05:00 AM"]`},
		{"Intl", "", `return [new Intl.NumberFormat("ru-RU", {useGrouping: false}).format(1234.5), Intl.DateTimeFormat("ru", {timeZone: "UTC"}).format(0)]`, `["1234,5","01.01.1970"]`},
		{"localeCompare", "", `return ["Яблоко", "ель", "арбуз", "ёж", "Еда", "абрикос"].sort(function (a, b) { return a.localeCompare(b) }).concat("a".localeCompare("A"), "е".localeCompare("е"))`, `["абрикос","арбуз","Еда","ёж","ель","Яблоко",-1,0]`},
		{"queueMicrotask", "", `return (async function () { var x = 0; queueMicrotask(function () { x = 1 }); await null; await null; return x })()`, `1`},
		{"structuredClone", "", `var a = {b: [1]}, c = structuredClone(a); return [c, c === a]`, `[{"b":[1]},false]`},
		{"crypto.randomUUID", "", `return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())`, `true`},
		{"fetch", "", `return (async () => { try { await fetch("http://x") } catch (e) { return e.message } })()`, `"fetch failed: no network"`},
	}, fixed)
}

func TestAxios(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"src/a.js": file("import axios from 'axios';\nconst api = axios.create({baseURL: 'http://h/v1/', headers: {'X-A': '1'}});\nexport async function ask() { const { data } = await api.post('/q', {a: 1}, {params: {p: 'я', n: null}}); return data.ok; }\nexport async function fail() { try { await axios.get('http://no'); } catch (e) { return [e.response.status, e.response.data.m]; } }")}
	e := newEngine(t, Options{Files: files}, append(modules(files, "a"), blocks(`return a.ask()`, `return a.fail()`))...)
	var got Request
	h := &testHost{fetch: func(_ context.Context, r Request) (*Response, error) {
		got = r
		if r.URL == "http://no" {
			return &Response{Status: 404, Body: []byte(`{"m":"нет"}`)}, nil
		}
		return &Response{Status: 200, Body: []byte(`{"ok":true}`)}, nil
	}}
	v := begin(t, e, h, `{}`)
	if data, err := v.Value(t.Context(), 0); err != nil || string(data) != "true" {
		t.Errorf("%s, %v", data, err)
	}
	if got.URL != "http://h/v1/q?p=%D1%8F" || got.Method != "POST" || string(got.Body) != `{"a":1}` || got.Header["X-A"] != "1" {
		t.Errorf("%+v", got)
	}
	if data, err := v.Value(t.Context(), 1); err != nil || string(data) != `[404,"нет"]` {
		t.Errorf("%s, %v", data, err)
	}
}
