package entity

// Looks is how often tokens were looked at.
func (t *Text) Looks() int { return t.s.looks }
