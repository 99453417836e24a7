package script

import (
	"testing"
	"time"
)

// TestAbuse runs what would go on for minutes or take all memory if it were let. Each ends, by
// itself or by a limit, and the engine serves the next turn.
func TestAbuse(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Skip("the engine is twenty times slower under the race detector")
	}
	for name, code := range map[string]string{
		"parse deep":            `JSON.parse("[".repeat(1000000))`,
		"parse deep ok":         `var s = JSON.parse("[".repeat(20000) + "]".repeat(20000)); JSON.stringify(s)`,
		"regexp deep":           `new RegExp("(".repeat(100000) + ")".repeat(100000))`,
		"eval deep":             `eval("(".repeat(100000) + "1" + ")".repeat(100000))`,
		"eval array":            `eval("[".repeat(100000) + "]".repeat(100000))`,
		"eval unary":            `eval("!".repeat(1000000) + "1")`,
		"eval add":              `eval("1+".repeat(300000) + "1")`,
		"eval fn":               `eval("()=>".repeat(100000) + "1")`,
		"proxy chain":           `var p = {}; for (var i = 0; i < 200000; i++) p = new Proxy(p, {}); p.x`,
		"proto chain":           `var p = {}; for (var i = 0; i < 200000; i++) p = Object.create(p); p.x`,
		"bind chain":            `var f = function () {}; for (var i = 0; i < 200000; i++) f = f.bind(null); f()`,
		"array tostring":        `var a = []; for (var i = 0; i < 200000; i++) a = [a]; String(a)`,
		"flat":                  `var a = []; for (var i = 0; i < 100000; i++) a = [a]; a.flat(Infinity)`,
		"session deep":          `var a = {}; for (var i = 0; i < 200000; i++) a = {a: a}; $session.a = a`,
		"session list":          `var a = []; for (var i = 0; i < 200000; i++) a = [a]; $session.a = a`,
		"indexOf":               `Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)`,
		"join sparse":           `var a = []; a.length = 4294967295; a.indexOf(1)`,
		"fill":                  `Array.prototype.fill.call({length: 2 ** 53 - 1}, 1)`,
		"includes":              `Array.prototype.includes.call({length: 2 ** 53 - 1}, 1)`,
		"reverse":               `Array.prototype.reverse.call({length: 2 ** 53 - 1})`,
		"lastIndexOf":           `var a = []; a.length = 4294967295; a.lastIndexOf(1)`,
		"join":                  `var a = []; a.length = 4294967295; a.join("")`,
		"sort":                  `var a = []; a.length = 4294967295; a.sort()`,
		"sort big":              `var a = []; for (var i = 0; i < 500000; i++) a.push((i * 7919) % 500009); for (;;) a.slice().sort()`,
		"copyWithin":            `Array.prototype.copyWithin.call({length: 2 ** 53 - 1}, 0, 1)`,
		"slice":                 `var a = []; a.length = 4294967295; a.slice(1).slice(1)`,
		"splice":                `var a = []; a.length = 4294967295; a.splice(0, 1)`,
		"unshift":               `Array.prototype.unshift.call({length: 2 ** 53 - 10}, 1)`,
		"shift":                 `Array.prototype.shift.call({length: 2 ** 53 - 10})`,
		"concat":                `var a = []; a.length = 4294967295; [].concat(a, a)`,
		"from":                  `Array.from({length: 4294967295})`,
		"forEach":               `Array.prototype.forEach.call({length: 2 ** 53 - 1}, function () {})`,
		"map":                   `var a = []; a.length = 4294967295; a.forEach(function () {})`,
		"repeat":                `for (;;) "x".repeat(1 << 28)`,
		"repeat match":          `for (;;) "x".repeat(1 << 20).split("")`,
		"padStart":              `"x".padStart(1 << 29)`,
		"string indexOf":        `var s = "a".repeat(1 << 24); for (;;) s.indexOf("a".repeat(1 << 12) + "b")`,
		"string indexOf one":    `var s = "a".repeat(1 << 24); s.indexOf("a".repeat(1 << 23) + "b")`,
		"replaceAll":            `"a".repeat(1 << 22).replaceAll("a", "b".repeat(100))`,
		"split join":            `"a".repeat(1 << 24).split("a").join("bb")`,
		"regexp":                `/(x+x+)+y/.test("x".repeat(40))`,
		"regexp big":            `/^(?:a?){2000}a{2000}$/.test("a".repeat(2000))`,
		"regexp scan":           `var s = "a".repeat(1 << 22); for (;;) /b/.test(s)`,
		"regexp scan sticky":    `var s = "a".repeat(1 << 22); for (;;) s.match(/a*/)`,
		"regexp all":            `"a".repeat(1 << 20).replace(/a/g, function () { return "b" })`,
		"equal texts":           `var a = "a".repeat(1 << 22) + "b", b = "a".repeat(1 << 22) + "c"; for (;;) a === b`,
		"regexp replace":        `"x".repeat(1<<20).replace(/x*y/g, "")`,
		"regexp compile":        `new RegExp("(?:a{0,1000}){0,1000}".repeat(50)).test("b")`,
		"regexp repeat compile": `new RegExp("(((((a{100}){100}){100}){100}){100})")`,
		"bigint":                `var n = 1n << 1000000n; for (;;) n = n * n`,
		"bigint pow":            `2n ** 100000000n`,
		"bigint print":          `String(3n ** 1000000n)`,
		"typed fill":            `var a = new Uint8Array(1 << 25); for (;;) a.fill(1)`,
		"typed sort":            `new Float64Array(1 << 22).map(Math.random).sort()`,
		"typed indexOf":         `var a = new Uint8Array(1 << 25); for(;;) a.indexOf(1)`,
		"keys":                  `var o = {}; for (var i = 0; ; i++) o["k" + i] = i`,
		"json indent":           `JSON.stringify(Array(1e6).fill(1), null, 10)`,
		"date":                  `for (;;) new Date("x".repeat(1e6))`,
		"structured":            `var m = new Map(); for (;;) m.set({}, 1)`,
		"iterator":              `[...{[Symbol.iterator]() { return {next() { return {done: false} }} }}]`,
		"spread":                `Math.max(...Array(1e7))`,
		"apply":                 `Math.max.apply(null, {length: 1e9})`,
		"fromEntries":           `Object.fromEntries({[Symbol.iterator]() { return {next() { return {done: false, value: [1, 2]}} }} })`,
		"promise all":           `Promise.all({[Symbol.iterator]() { return {next() { return {done: false, value: 1} }} }})`,
		"normalize":             `"\u0344".repeat(1e6).normalize("NFD")`,
		"finalizer":             `var r = new FinalizationRegistry(function () { for (;;) ; }); for (var i = 0; i < 1000; i++) r.register({}, 1)`,
		"getter toJSON":         `$session.x = {toJSON: function () { for (;;) ; }}`,
		"atomics":               `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100000)`,
		"encode":                `encodeURIComponent("я".repeat(1 << 22))`,
		"log":                   `for (;;) log("x".repeat(1000))`,
		"replies":               `for (;;) $reactions.answer("x".repeat(100))`,
		"pretty":                `var a = []; for (var i = 0; i < 5000; i++) a = [a]; toPrettyString(a)`,
		"xml":                   `parseXml("<a>".repeat(100000))`,
		"leven":                 `$jsapi.levenshtein.distance("a".repeat(5000), "b".repeat(5000))`,
		"null proto":            `Object.setPrototypeOf(globalThis, new Proxy({}, {get: function () { for (;;) ; }})); nothing`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, Options{Timeout: 300 * time.Millisecond}, blocks(code, `return 1;`))
			v := begin(t, e, &testHost{}, `{}`)
			if _, err := v.Run(t.Context(), 0); err == nil {
				_, _ = v.End() // a context may be as bad as a script
			}
			v.Release()
			v = begin(t, e, &testHost{}, `{}`)
			if got, err := v.Value(t.Context(), 1); err != nil || string(got) != "1" {
				t.Errorf("after it: %s, %v", got, err)
			}
		})
	}
}
