package pattern

import "fmt"

// LinkError is a mistake, or something suspicious, that shows when all patterns are known.
type LinkError struct {
	Name    string   // the named pattern it is in; "" when it is elsewhere
	List    string   // the dictionary or entity it is in
	Pattern *Pattern // the pattern it is in
	Err     *Error
}

func (e *LinkError) Error() string { return e.Err.Error() }

// Link binds names to patterns and dictionaries. It returns every name that is not defined
// or that is defined by itself. After mistakes more may be defined, and it may be called again.
func (l *Library) Link() []*LinkError {
	l.warnings = nil
	names, lists := sortedKeys(l.named), l.lists()
	var errs []*LinkError
	for _, name := range names {
		errs = append(errs, l.bindAll(l.named[name].body, l.named[name].warnings, LinkError{Name: name})...)
	}
	for _, d := range lists {
		for _, s := range d.patterns {
			errs = append(errs, l.bindAll(s.root, nil, LinkError{List: d.name})...)
		}
	}
	for _, p := range l.patterns {
		errs = append(errs, l.bindAll(p.root, p.warnings, LinkError{Pattern: p})...)
	}
	if errs = append(errs, l.findCycles(names, lists)...); len(errs) > 0 {
		return errs
	}
	for _, name := range names {
		l.finish(l.named[name].body, true)
	}
	for _, d := range lists {
		for _, s := range d.patterns {
			l.finish(s.root, true)
		}
	}
	seen := make(map[*node]struct{})
	for _, p := range l.patterns {
		l.finish(p.root, false)
		p.root.markScores(seen)
		p.loose = looseness(p.root)
	}
	for _, name := range names {
		l.named[name].body.markScores(seen)
	}
	l.index.build(l, lists)
	return nil
}

// lists are the dictionaries and entities, in order of name.
func (l *Library) lists() []*dictionary {
	var lists []*dictionary
	for _, of := range []map[string]*dictionary{l.dictionaries, l.entities} {
		for _, name := range sortedKeys(of) {
			lists = append(lists, of[name])
		}
	}
	return lists
}

// Warnings lists what is suspicious in the patterns, once they are linked.
func (l *Library) Warnings() []*LinkError { return l.warnings }

func (l *Library) bindAll(n *node, warnings []*Error, where LinkError) []*LinkError {
	at := func(errs []*Error) (all []*LinkError) {
		for _, err := range errs {
			e := where
			e.Err = err
			all = append(all, &e)
		}
		return all
	}
	b := binder{library: l}
	b.bind(n)
	l.warnings = append(l.warnings, at(append(warnings, b.warnings...))...)
	return at(b.errs)
}

// binder gives names in a pattern their meaning.
type binder struct {
	library        *Library
	late           bool // the library is shared by now: nothing in it may change
	errs, warnings []*Error
}

func (b *binder) bind(n *node) {
	switch n.op {
	case opName:
		b.name(n)
		return
	case opDict:
		n.dict = b.library.dictionaries[n.name]
		if n.dict == nil {
			n.dict = b.library.entities[n.name]
		}
		if n.dict == nil {
			b.fail(n, fmt.Sprintf("there is no dictionary %s", n.name), "the name of a require of a CSV file")
		}
	case opEntity:
		b.entity(n)
	case opLemma:
		n.lemmas = make(map[string]struct{}, len(n.words))
		for w := range n.words {
			b.library.addLemmas(n.lemmas, w)
		}
	}
	for _, kid := range n.kids {
		b.bind(kid)
	}
}

func (b *binder) fail(n *node, message, expected string) {
	b.errs = append(b.errs, &Error{Offset: n.offset, Message: message, Expected: expected})
}

// name binds $Name to its body. Where only a dictionary has the name, that is meant.
func (b *binder) name(n *node) {
	of, ok := b.library.named[n.name]
	if !ok {
		if d := b.library.dictionaries[n.name]; d != nil {
			n.op, n.dict = opDict, d
			return
		}
		b.fail(n, fmt.Sprintf("there is no pattern $%s", n.name), "a name defined in a patterns tag")
		b.errs[len(b.errs)-1].Unknown = n.name
		return
	}
	n.kids, n.conv = []*node{of.body}, of.converter
	if !b.late {
		of.used = true
	}
}

// entity binds @Name to the list that defines it; the caller finds the others.
func (b *binder) entity(n *node) {
	d := b.library.entities[n.name]
	if d == nil {
		d = b.library.dictionaries[n.name]
	}
	switch {
	case d != nil:
		n.op, n.dict = opDict, d
	case !b.late:
		b.library.unknown[n.name] = struct{}{}
	}
}

// addLemmas adds what a word after ~ stands for: itself if it is a first form, else the
// first forms that it may be of.
func (l *Library) addLemmas(to map[string]struct{}, word string) {
	lemmas := l.lemmas(word)
	for _, lemma := range lemmas {
		if lemma == word {
			to[word] = struct{}{}
			return
		}
	}
	for _, lemma := range lemmas {
		to[lemma] = struct{}{}
	}
}

// findCycles reports named patterns and lists that mention themselves.
func (l *Library) findCycles(names []string, lists []*dictionary) []*LinkError {
	c := cycles{library: l, done: make(map[any]bool)}
	for _, name := range names {
		c.enter(LinkError{Name: name}, l.named[name], l.named[name].body)
	}
	for _, d := range lists {
		c.list(LinkError{List: d.name}, d)
	}
	return c.errs
}

type cycles struct {
	library *Library
	done    map[any]bool // by *named and *dictionary: false while one is being looked at
	errs    []*LinkError
}

// enter looks into a body once; false when it is being looked into already.
func (c *cycles) enter(in LinkError, key any, bodies ...*node) bool {
	if finished, seen := c.done[key]; seen {
		return finished
	}
	c.done[key] = false
	for _, body := range bodies {
		c.visit(in, body)
	}
	c.done[key] = true
	return true
}

func (c *cycles) list(in LinkError, d *dictionary) bool {
	bodies := make([]*node, len(d.patterns))
	for i, s := range d.patterns {
		bodies[i] = s.root
	}
	return c.enter(in, d, bodies...)
}

func (c *cycles) visit(in LinkError, n *node) {
	ok := true
	switch {
	case n.dict != nil:
		ok = c.list(LinkError{List: n.dict.name}, n.dict)
	case n.op == opName:
		if of := c.library.named[n.name]; of != nil {
			ok = c.enter(LinkError{Name: n.name}, of, of.body)
		}
	default:
		for _, kid := range n.kids {
			c.visit(in, kid)
		}
	}
	if !ok {
		in.Err = &Error{Offset: n.offset, Message: fmt.Sprintf("pattern $%s is defined by itself", n.name)}
		if n.dict != nil {
			in.Err.Message = fmt.Sprintf("entity %s is defined by itself", n.name)
		}
		c.errs = append(c.errs, &in)
	}
}

// longAlternative is from how many kids on an alternative keeps them by their words.
const longAlternative = 8

// finish numbers the nodes whose answers are worth remembering and prepares long
// alternatives. Shared are those that are asked about single places: bodies of named
// patterns, and what may stand in any order or again and again.
func (l *Library) finish(n *node, shared bool) {
	if n.memo != 0 {
		return
	}
	switch n.op {
	case opName:
		return // bodies are finished on their own
	case opDict, opRegex, opToken, opMorph:
		n.memo = l.memos.Add(1)
	case opSet, opRepeat:
		n.memo, n.shared, shared = l.memos.Add(1), shared, true
	case opSeq, opAlt, opOpt:
		n.memo, n.shared = l.memos.Add(1), shared
	}
	if n.op == opAlt {
		n.sort()
	}
	for _, kid := range n.kids {
		l.finish(kid, shared)
	}
}

// markScores notes in which elements there is a $weight<>. Seen are those that are done; nil
// when bodies of named patterns are done and must not be touched.
func (n *node) markScores(seen map[*node]struct{}) {
	if _, ok := seen[n]; ok {
		return
	}
	if seen != nil {
		seen[n] = struct{}{}
	}
	n.scores = n.op == opWeight
	for _, kid := range n.kids {
		if n.op != opName || seen != nil {
			kid.markScores(seen)
		}
		n.scores = n.scores || kid.scores
	}
}

// sort puts the kids of a long alternative that are one word into a map.
func (n *node) sort() {
	if len(n.kids) < longAlternative || n.byWord != nil {
		return
	}
	n.byWord = make(map[string][]*node)
	for _, kid := range n.kids {
		if kid.bare().op != opWord {
			n.rest = append(n.rest, kid)
			continue
		}
		for w := range kid.bare().words {
			n.byWord[w] = append(n.byWord[w], kid)
		}
	}
}

// looseness counts the elements of a pattern that any word fits, those in named patterns
// not counted.
func looseness(n *node) int {
	switch n.op {
	case opStar, opAny, opSome:
		return 1
	case opName:
		return 0
	}
	sum := 0
	if n.gaps {
		sum = 1
	}
	for _, kid := range n.kids {
		sum += looseness(kid)
	}
	return sum
}
