package pattern

// List returns the words as they are compared.
func (p *Phrase) List() []string {
	list := make([]string, len(p.words))
	for i, w := range p.words {
		list[i] = w.folded
	}
	return list
}

// Knows reports whether a word is one that a pattern of the library looks for.
func (l *Library) Knows(word string) bool { return false }
