package pattern

// Steps returns how many steps the phrase has used up, of at most MaxSteps.
func (p *Phrase) Steps() int { return maxSteps - p.m.left }

const MaxSteps = maxSteps

// Library is the library that a pattern belongs to.
func (p *Pattern) Library() *Library { return p.library }
