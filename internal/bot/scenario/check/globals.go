package check

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
)

// Code is a piece of a bot's JavaScript.
type Code struct {
	File string
	Line int // in the file, of the first line of Text; from 1
	Text string
	Load bool // runs when the bot is loaded: a .js file or init; else in a turn, in a scope of its own
}

// Globals finds what changes global variables while the bot runs, which does not last from
// turn to turn (design 7): the variables are load-time values. Declared are global variables
// that no code declares, such as those of require with var. Code that cannot be read is
// passed over: that is the engine's to report.
func Globals(code []Code, declared []string) []Problem {
	l := &linter{globals: make(map[string]bool), functions: make(map[string]ast.Node), loads: make(map[ast.Node]bool)}
	for _, name := range declared {
		l.globals[name] = true
	}
	var sources []*source
	for _, c := range code {
		s := parse(c)
		if s == nil {
			continue
		}
		sources = append(sources, s)
		if c.Load {
			for name := range declarations(s.program.Body) {
				l.globals[name] = true
			}
			l.name(s.program)
		}
	}
	for _, s := range sources {
		if s.code.Load {
			l.load(s.program.Body)
		}
	}
	for _, s := range sources {
		l.source = s
		l.walk(s.program.Body, nil, !s.code.Load)
	}
	slices.SortStableFunc(l.found, Problem.compare)
	return slices.CompactFunc(l.found, func(a, b Problem) bool { return a.Line == b.Line && a.File == b.File && a.Message == b.Message })
}

// source is code that was read.
type source struct {
	code    Code
	program *ast.Program
	before  int // characters put before the first line
}

// maxNesting is how deep brackets may be: the reader is recursive.
const maxNesting = 500

// parse reads code; nil when it is no JavaScript that it knows.
func parse(c Code) *source {
	depth, deepest := 0, 0
	for _, r := range c.Text {
		switch r {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth--
		}
	}
	if deepest > maxNesting {
		return nil
	}
	s := &source{code: c}
	text := plainModule(c.Text)
	if !c.Load {
		const before = "(function(){"
		s.before = len(before)
		text = before + text + "\n})"
	}
	program, err := parser.ParseFile(nil, "", text, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil
	}
	s.program = program
	return s
}

var (
	imports  = regexp.MustCompile(`(?m)^[ \t]*import\b[^;\n]*;?`)
	exports  = regexp.MustCompile(`(?m)^([ \t]*)export[ \t]+(const|let|var|function|class|async)\b`)
	defaults = regexp.MustCompile(`(?m)^([ \t]*)export[ \t]+default\b`)
)

// plainModule makes a script of a module, with everything where it was: the reader knows
// scripts only.
func plainModule(text string) string {
	blank := func(s string) string { return strings.Repeat(" ", len(s)) }
	text = imports.ReplaceAllStringFunc(text, blank)
	text = exports.ReplaceAllStringFunc(text, func(s string) string {
		word := s[strings.LastIndexAny(s, " \t")+1:]
		return blank(s[:len(s)-len(word)]) + word
	})
	return defaults.ReplaceAllStringFunc(text, func(s string) string { return blank(s[:len(s)-3]) + "$$=" })
}

// linter looks for changes.
type linter struct {
	globals   map[string]bool
	functions map[string]ast.Node // global functions by name
	loads     map[ast.Node]bool   // functions that are called while the bot is loaded
	source    *source
	found     []Problem
}

// name remembers the global functions.
func (l *linter) name(p *ast.Program) {
	for _, s := range p.Body {
		switch s := s.(type) {
		case *ast.FunctionDeclaration:
			if s.Function.Name != nil {
				l.functions[s.Function.Name.Name.String()] = s.Function
			}
		case *ast.VariableStatement:
			for _, b := range s.List {
				if id, ok := b.Target.(*ast.Identifier); ok && isFunction(b.Initializer) {
					l.functions[id.Name.String()] = b.Initializer
				}
			}
		}
	}
}

// load marks the functions that run while the bot is loaded: called by name, at once, or by
// what goes over a list.
func (l *linter) load(n any) {
	each(n, func(n ast.Node) bool {
		if isFunction(n) {
			return l.loads[n]
		}
		call, ok := n.(*ast.CallExpression)
		if !ok {
			return true
		}
		l.called(call.Callee)
		if dot, ok := call.Callee.(*ast.DotExpression); ok && goesOver[dot.Identifier.Name.String()] {
			for _, a := range call.ArgumentList {
				l.called(a)
			}
		}
		return true
	})
}

// called marks a function that is called while the bot is loaded, and what it calls.
func (l *linter) called(n ast.Node) {
	switch callee := n.(type) {
	case *ast.Identifier:
		if f := l.functions[callee.Name.String()]; f != nil {
			l.called(f)
		}
	case *ast.DotExpression: // (function(){…}).call(this)
		if isFunction(callee.Left) {
			l.called(callee.Left)
		}
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		if !l.loads[n] {
			l.loads[n] = true
			l.load(n)
		}
	}
}

// goesOver are methods that call what they are given at once.
var goesOver = set("forEach", "map", "filter", "reduce", "reduceRight", "some", "every", "find", "findIndex", "flatMap", "sort",
	"each", "times", "from", "mapObject", "sortBy", "groupBy", "indexBy")

// changes are methods that change what they belong to.
var changes = set("push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin")

// library are global variables of the language that scripts may replace.
var library = set("moment", "_", "exports", "module", "self", "globalThis")

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// walk looks at code whose local names are in scope. running: it runs in turns.
func (l *linter) walk(n any, scope []map[string]bool, running bool) {
	each(n, func(n ast.Node) bool {
		if isFunction(n) {
			parameters, body := functionOf(n)
			names := declarations(body)
			maps.Copy(names, declarations(parameters))
			inner := append(slices.Clone(scope), names)
			runs := running || !l.loads[n]
			l.walk(parameters, inner, runs)
			l.walk(body, inner, runs)
			return false
		}
		if running {
			l.look(n, scope)
		}
		return true
	})
}

// look reports a node that changes a global variable.
func (l *linter) look(n ast.Node, scope []map[string]bool) {
	switch n := n.(type) {
	case *ast.AssignExpression:
		l.target(n.Left, scope)
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT || n.Operator == token.DELETE {
			l.target(n.Operand, scope)
		}
	case *ast.ForIntoExpression:
		l.target(n.Expression, scope)
	case *ast.CallExpression:
		if dot, ok := n.Callee.(*ast.DotExpression); ok && changes[dot.Identifier.Name.String()] {
			l.report(rootOf(dot.Left), scope, false)
		}
	}
}

// target reports what is assigned to, in patterns each of it.
func (l *linter) target(n ast.Node, scope []map[string]bool) {
	switch n := n.(type) {
	case *ast.Identifier:
		l.report(n, scope, true)
	case *ast.DotExpression, *ast.BracketExpression:
		l.report(rootOf(n), scope, false)
	case *ast.ArrayPattern:
		for _, e := range n.Elements {
			l.target(e, scope)
		}
	case *ast.ObjectPattern:
		for _, p := range n.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				l.report(&p.Name, scope, true)
			case *ast.PropertyKeyed:
				l.target(p.Value, scope)
			}
		}
	}
}

// report reports a change of a variable that is global. whole: it gets another value, and
// does not only change inside; then it need not be declared.
func (l *linter) report(id *ast.Identifier, scope []map[string]bool, whole bool) {
	if id == nil {
		return
	}
	name := id.Name.String()
	if slices.ContainsFunc(scope, func(names map[string]bool) bool { return names[name] }) {
		return
	}
	message := fmt.Sprintf("the global variable %s changes while the bot runs, which does not last from turn to turn; keep it in $session or $client", name)
	switch {
	case l.globals[name]:
	case whole && !strings.HasPrefix(name, "$") && !library[name]:
		message = fmt.Sprintf("%s is not declared: it becomes a global variable, which does not last from turn to turn", name)
	default:
		return
	}
	p := l.source.position(id.Idx)
	p.Message = message
	l.found = append(l.found, p)
}

// position is where a place of the code is in its file.
func (s *source) position(at file.Idx) Problem {
	text := s.code.Text
	offset := max(0, min(int(at)-1-s.before, len(text)))
	line := strings.Count(text[:offset], "\n")
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	return Problem{
		Kind: ChangedGlobal, File: s.code.File, Line: s.code.Line + line,
		Column: len([]rune(text[start:offset])) + 1, Source: strings.TrimRight(text[start:end], "\r"),
	}
}

// rootOf is the variable at the beginning of a.b[c].d; nil when it is none.
func rootOf(n ast.Node) *ast.Identifier {
	for {
		switch e := n.(type) {
		case *ast.DotExpression:
			n = e.Left
		case *ast.BracketExpression:
			n = e.Left
		case *ast.Identifier:
			return e
		default:
			return nil
		}
	}
}

func isFunction(n ast.Node) bool {
	switch n.(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		return true
	default:
		return false
	}
}

func functionOf(n ast.Node) (parameters *ast.ParameterList, body any) {
	switch f := n.(type) {
	case *ast.FunctionLiteral:
		return f.ParameterList, f.Body
	case *ast.ArrowFunctionLiteral:
		return f.ParameterList, f.Body
	default:
		return nil, nil
	}
}

// declarations are the names that code declares for the function it stands in. A name of a
// block counts for all of the function: that errs on the side of silence.
func declarations(n any) map[string]bool {
	names := make(map[string]bool)
	each(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
			return false
		case *ast.FunctionDeclaration:
			if n.Function.Name != nil {
				names[n.Function.Name.Name.String()] = true
			}
		case *ast.ClassDeclaration:
			if n.Class.Name != nil {
				names[n.Class.Name.Name.String()] = true
			}
		case *ast.Binding:
			bound(n.Target, names)
		case *ast.ForDeclaration:
			bound(n.Target, names)
		case *ast.CatchStatement:
			bound(n.Parameter, names)
		case *ast.ParameterList:
			bound(n.Rest, names)
		}
		return true
	})
	return names
}

// bound adds the names that a binding's target has.
func bound(n ast.Node, names map[string]bool) {
	each(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Identifier:
			names[n.Name.String()] = true
		case *ast.PropertyShort:
			names[n.Name.Name.String()] = true
		case *ast.PropertyKeyed:
			bound(n.Value, names)
			return false
		}
		return true
	})
}

// each visits a tree of nodes, or a list of trees, from the outside in. What visit says false
// to is not entered. The reader's package has no walk of its own.
func each(n any, visit func(ast.Node) bool) { eachValue(reflect.ValueOf(n), visit) }

func eachValue(v reflect.Value, visit func(ast.Node) bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			eachValue(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachValue(v.Index(i), visit)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct || v.Elem().Type().PkgPath() != nodes {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok && !visit(n) {
			return
		}
		for i := range v.Elem().NumField() {
			if v.Elem().Type().Field(i).Name != "DeclarationList" { // what is in the body, again
				eachValue(v.Elem().Field(i), visit)
			}
		}
	case reflect.Struct:
		if v.CanAddr() && v.Type().PkgPath() == nodes {
			eachValue(v.Addr(), visit)
		}
	}
}

// nodes is the package of the tree.
var nodes = reflect.TypeFor[ast.Program]().PkgPath()
