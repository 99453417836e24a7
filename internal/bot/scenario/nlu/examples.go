package nlu

import (
	"cmp"
	"slices"
)

// examples finds the training phrases that are most like a phrase.
type examples struct {
	vectors  [][]term
	labels   []int32
	postings [][]int32 // by feature: the examples that have it
	holders  [][]int32 // by feature: the intents that have it, of stems and pairs
}

// near is an example and how like it is: the cosine of the angle between the two phrases.
type near struct {
	example int32
	cosine  float32
}

// What a search may cost: so many entries are read, and so many candidates compared in full.
const (
	maxPostings   = 8000
	maxCandidates = 30
)

func newExamples(vectors [][]term, labels []int32, size int) *examples {
	e := &examples{vectors: vectors, labels: labels, postings: make([][]int32, size)}
	counts := make([]int32, size)
	total := 0
	for _, v := range vectors {
		v = e.lexical(v)
		total += len(v)
		for _, t := range v {
			counts[t.id]++
		}
	}
	all := make([]int32, total)
	for id, n := range counts {
		e.postings[id], all = all[:0:n], all[n:]
	}
	for i, v := range vectors {
		for _, t := range e.lexical(v) {
			e.postings[t.id] = append(e.postings[t.id], int32(i))
		}
	}
	return e
}

// lexical is a vector less what its words mean, which all examples have in common.
func (e *examples) lexical(v []term) []term {
	for len(v) > 0 && int(v[len(v)-1].id) >= len(e.postings) {
		v = v[:len(v)-1]
	}
	return v
}

// search is the memory of one search, to be used again.
type search struct {
	sums    []float32
	touched []int32
	order   []term
	found   []near
}

// nearest lists the most similar examples, best first, leaving one out when without is not
// negative. The features that the fewest examples have are looked up first, as far as
// maxPostings allows; the candidates they give are then compared in full.
func (e *examples) nearest(v []term, without int32, s *search) []near {
	if len(s.sums) < len(e.vectors) {
		s.sums = make([]float32, len(e.vectors))
	}
	s.touched, s.found = s.touched[:0], s.found[:0]
	e.gather(v, s)
	for _, i := range s.touched {
		if i != without {
			s.found = keepBest(s.found, near{i, s.sums[i]})
		}
		s.sums[i] = 0
	}
	for i := range s.found {
		s.found[i].cosine = dot(v, e.vectors[s.found[i].example])
	}
	slices.SortFunc(s.found, byCosine)
	return s.found
}

// gather sums up what each example has of a phrase.
func (e *examples) gather(v []term, s *search) {
	s.order = append(s.order[:0], e.lexical(v)...)
	slices.SortFunc(s.order, func(a, b term) int {
		return cmp.Or(cmp.Compare(len(e.postings[a.id]), len(e.postings[b.id])), cmp.Compare(a.id, b.id))
	})
	read := 0
	for _, t := range s.order {
		list := e.postings[t.id]
		if read += len(list); read > maxPostings {
			if len(s.touched) > 0 {
				return
			}
			list = list[:min(len(list), maxPostings)]
		}
		part := float32(t.value * t.value)
		for _, i := range list {
			if s.sums[i] == 0 {
				s.touched = append(s.touched, i)
			}
			s.sums[i] += part
		}
	}
}

// keepBest adds to a heap of the best, the worst of them on top.
func keepBest(heap []near, n near) []near {
	if len(heap) < maxCandidates {
		heap = append(heap, n)
		for i := len(heap) - 1; i > 0; {
			parent := (i - 1) / 2
			if byCosine(heap[i], heap[parent]) < 0 {
				break
			}
			heap[i], heap[parent] = heap[parent], heap[i]
			i = parent
		}
		return heap
	}
	if byCosine(n, heap[0]) >= 0 {
		return heap
	}
	heap[0] = n
	for i := 0; ; {
		worst := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(heap) && byCosine(heap[child], heap[worst]) > 0 {
				worst = child
			}
		}
		if worst == i {
			return heap
		}
		heap[i], heap[worst] = heap[worst], heap[i]
		i = worst
	}
}

// byCosine orders the more similar first.
func byCosine(a, b near) int {
	return cmp.Or(cmp.Compare(b.cosine, a.cosine), cmp.Compare(a.example, b.example))
}

// maxProbes is how many phrases of an intent are asked how like the others they are.
const maxProbes = 8

// spread is how like each other the phrases of each intent are: the mean over some of them of
// the cosine to the next one. An intent of one phrase has 0.
func (e *examples) spread(intents int) []float32 {
	sums, counts := make([]float32, intents), make([]float32, intents)
	var s search
	for i, v := range e.vectors {
		label := e.labels[i]
		if counts[label] == maxProbes {
			continue
		}
		counts[label]++
		for _, n := range e.nearest(v, int32(i), &s) {
			if e.labels[n.example] == label {
				sums[label] += n.cosine
				break
			}
		}
	}
	for label, n := range counts {
		sums[label] /= n
	}
	return sums
}
