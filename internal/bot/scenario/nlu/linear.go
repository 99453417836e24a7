package nlu

// machines are linear machines, one for each intent, each trained against all other intents.
// A weight is kept in a byte, a quarter of what training uses, with a scale for each
// feature: it decides as well.
type machines struct {
	intents int
	weights []int8 // of feature f and intent i: weights[f*intents+i]
	scales  []float32
	bias    []float32
}

// What training costs a mistake: the greater, the more the machines fit the phrases rather than
// stay simple. An intent has few phrases of its own against those of all the others, so each of
// its own counts more.
const (
	mistakeCost = 1
	ownFactor   = 8
)

const (
	maxEpochs = 8
	minEpochs = 2
	// maxWork bounds training: products of a feature and an intent's weight. It is a second or two.
	maxWork int64 = 2 << 30
)

// training is the state of training.
type training struct {
	intents int
	weights []float32
	bias    []float32
	duals   [][]step // of each phrase, by intent; those that are 0 left out
	dense   []float32
	margins []float32
	steps   []step
}

// step is a change of one intent's machine along a phrase, or the sum of all such.
type step struct {
	intent int32
	size   float32
}

// trainMachines finds the machines by dual coordinate descent on the squared hinge loss: it has
// no learning rate and is there in few rounds. All intents are trained in one pass, since a
// phrase's features are the same for all.
func trainMachines(vectors [][]term, labels []int32, intents, size int) *machines {
	t := &training{
		intents: intents,
		weights: make([]float32, size*intents), bias: make([]float32, intents),
		duals: make([][]step, len(vectors)), dense: make([]float32, intents), margins: make([]float32, intents),
	}
	order := make([]int32, len(vectors))
	squares := make([]float32, len(vectors))
	work := int64(1)
	for i, v := range vectors {
		order[i] = int32(i)
		squares[i] = 1 // the bias is a feature of value 1
		for _, x := range v {
			squares[i] += float32(x.value * x.value)
		}
		work += int64(len(v)) * int64(intents)
	}
	var r random
	for range max(minEpochs, min(maxEpochs, maxWork/work)) {
		r.shuffle(order)
		for _, i := range order {
			t.phrase(i, vectors[i], labels[i], squares[i])
		}
	}
	return t.rounded(size)
}

// phrase lets every machine learn from one phrase.
func (t *training) phrase(i int32, v []term, label int32, square float32) {
	copy(t.margins, t.bias)
	for _, x := range v {
		row := t.weights[int(x.id)*t.intents:][:len(t.margins)]
		for c, w := range row {
			t.margins[c] += float32(x.value * w)
		}
	}
	for _, d := range t.duals[i] {
		t.dense[d.intent] = d.size
	}
	t.solve(label, square)
	for _, s := range t.steps {
		t.bias[s.intent] += s.size
	}
	for _, x := range v {
		row := t.weights[int(x.id)*t.intents:][:t.intents]
		for _, s := range t.steps {
			row[s.intent] += float32(x.value * s.size)
		}
	}
	t.keep(i)
}

// solve finds, for each intent, the best dual of one phrase with all else as it is.
func (t *training) solve(label int32, square float32) {
	t.steps = t.steps[:0]
	for c, margin := range t.margins {
		sign, slack := float32(-1), float32(1.0/(2*mistakeCost))
		if int32(c) == label {
			sign, slack = 1, 1.0/(2*mistakeCost*ownFactor)
		}
		old := t.dense[c]
		gradient := float32(sign*margin) - 1 + float32(slack*old)
		if old == 0 && gradient >= 0 {
			continue
		}
		if now := max(0, old-gradient/(square+slack)); now != old {
			t.dense[c] = now
			t.steps = append(t.steps, step{int32(c), float32(sign * (now - old))})
		}
	}
}

// keep stores the duals of a phrase that are not 0 and clears the working copy.
func (t *training) keep(i int32) {
	was := len(t.duals[i])
	for _, s := range t.steps {
		known := false
		for _, d := range t.duals[i][:was] {
			known = known || d.intent == s.intent
		}
		if !known {
			t.duals[i] = append(t.duals[i], step{intent: s.intent})
		}
	}
	list := t.duals[i][:0]
	for _, d := range t.duals[i] {
		if d.size = t.dense[d.intent]; d.size != 0 {
			list = append(list, d)
		}
		t.dense[d.intent] = 0
	}
	t.duals[i] = list
}

// rounded makes the weights bytes.
func (t *training) rounded(size int) *machines {
	m := &machines{intents: t.intents, weights: make([]int8, len(t.weights)), scales: make([]float32, size), bias: t.bias}
	for f := range m.scales {
		row := t.weights[f*t.intents:][:t.intents]
		var most float32
		for _, w := range row {
			most = max(most, w, -w)
		}
		if most == 0 {
			continue
		}
		m.scales[f] = most / 127
		for c, w := range row {
			m.weights[f*t.intents+c] = int8(round(w / m.scales[f]))
		}
	}
	return m
}

func round(x float32) int {
	if x < 0 {
		return -int(0.5 - x)
	}
	return int(x + 0.5)
}

// margins are what each intent's machine says of a phrase: above 0 is yes.
func (m *machines) margins(v []term, margins []float32) {
	copy(margins, m.bias)
	for _, t := range v {
		value := float32(t.value * m.scales[t.id])
		row := m.weights[int(t.id)*m.intents:][:len(margins)]
		for c, w := range row {
			margins[c] += float32(value * float32(w))
		}
	}
}

// weight is what a feature of a phrase adds to the margin of an intent.
func (m *machines) weight(t term, intent int32) float32 {
	return float32(t.value * float32(m.scales[t.id]*float32(m.weights[int(t.id)*m.intents+int(intent)])))
}
