package scenario_test

import "testing"

// What require does beyond reading a file: where its states go, and what else it may be told.

func TestRootTheme(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
require: sub.sc
    rootTheme = /Sub
theme: /
    state: A
        q!: a
        go!: /Sub/Themed/X`,
		"src/sub.sc", "require: deep.sc\n    rootTheme = Deep\ntheme: /Themed\n    state: X\n        a: x {{$context.currentState}}\n",
		"src/deep.sc", "state: Y\n    q!: y\n    a: y {{$context.currentState}}\n")
	k.expect("a", "x /Sub/Themed/X", "y", "y /Sub/Deep/Y")
}

// TestRequireInside: files of real bots are required inside of themes, too.
func TestRequireInside(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
theme: /Shop
    require: f.js
    require: in.sc
    state: A
        q!: a
        a: {{f()}}`,
		"src/f.js", "function f() { return 'from f'; }", "src/in.sc", "theme: /In\n    state: B\n        q!: b\n        a: b\n")
	k.expect("a", "from f", "b", "b")
}

// TestRequireTwice: a file of data may be required as several things, and its order is kept.
func TestRequireTwice(t *testing.T) {
	t.Parallel()
	k := newTalk(t, `
require: fruit.csv
    name = Fruit
require: fruit.csv
    var = $Fruit
require: a.yaml
    var = one
require: a.yaml
    var = two
theme: /
    state: A
        q!: * $entity<Fruit> *
        a: {{$Fruit[$parseTree.Fruit[0].value].value}} of {{Object.keys($Fruit)}}
    state: B
        q!: b
        a: {{one.x + two.x}}`,
		"src/fruit.csv", "pear;груша;\"Pear\"\napple;яблоко,яблочко;\"Apple\"\n", "src/a.yaml", "x: 2\n")
	k.expect("моё яблочко", "Apple of pear,apple", "b", "4")
}

// TestInjectorAtLoad: what is set in chatbot.yaml is there when files of code are loaded.
func TestInjectorAtLoad(t *testing.T) {
	t.Parallel()
	fsys := files(`
require: x.js
    injector = {name: "Ann"}
theme: /
    init:
        var fromInit = $injector.name;
    state: A
        q!: a
        a: {{fromFile}} {{fromInit}} {{$injector.codes["1"]}}`, "src/x.js", "var fromFile = $jsapi.context().injector.codes[1];")
	fsys["chatbot.yaml"].Data = []byte("name: x\nentryPoint: src/main.sc\ninjector:\n  codes: {1: one}\n")
	k := &talk{t: t, bot: load(t, fsys)}
	k.expect("a", "one Ann one")
}
