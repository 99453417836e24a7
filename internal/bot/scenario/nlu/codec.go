package nlu

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// format begins an encoded model. It changes whenever training or the encoding does, so that a
// model of an older program is trained anew.
const format = "govorun-nlu-2\n"

// errDamaged: what is to be decoded is no model of this version.
var errDamaged = errors.New("no model of this version, or a damaged one")

// Encode writes a model: its phrases, vocabulary and machines; the rest follows from these.
func (m *Model) Encode() []byte {
	b := []byte(format)
	b = texts(b, m.intents)
	b = texts(b, m.texts)
	for _, label := range m.labels {
		b = binary.AppendUvarint(b, uint64(label))
	}
	hashes := make([]uint64, len(m.words.weight))
	for h, id := range m.words.ids {
		hashes[id] = h
	}
	b = binary.AppendUvarint(b, uint64(len(hashes)))
	for _, h := range hashes {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	b = floats(b, m.words.weight)
	b = floats(b, []float32{m.words.rarest})
	b = floats(b, m.linear.scales)
	b = floats(b, m.linear.bias)
	b = floats(b, m.spread)
	for _, w := range m.linear.weights {
		b = append(b, byte(w))
	}
	return seal(b)
}

// seal adds the checksum.
func seal(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }

func texts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, text := range list {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

func floats(b []byte, list []float32) []byte {
	for _, f := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

// Decode reads what Encode wrote; the options must have the Lemmatizer the model was trained
// with. Anything else than a whole model of this version is an error.
func Decode(b []byte, o Options) (*Model, error) {
	sum := len(b) - 4
	if sum < len(format) || string(b[:len(format)]) != format || crc32.ChecksumIEEE(b[:sum]) != binary.LittleEndian.Uint32(b[sum:]) {
		return nil, errDamaged
	}
	d := &decoder{rest: b[len(format):sum]}
	m := &Model{options: o, intents: d.texts(), texts: d.texts()}
	m.labels, m.counts = d.labels(len(m.texts), len(m.intents))
	m.words = d.vocabulary()
	known, size := len(m.words.weight), m.words.size()
	m.linear = &machines{intents: len(m.intents), scales: d.floats(size), bias: d.floats(len(m.intents))}
	m.spread = d.floats(len(m.intents))
	m.linear.weights = d.bytes(size * len(m.intents))
	if d.bad || len(d.rest) > 0 || len(m.words.ids) != known {
		return nil, errDamaged
	}
	phrases := m.read()
	m.index(m.vectors(phrases), phrases)
	return m, nil
}

// decoder takes an encoded model apart; after the first mistake it gives zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.bad, d.rest = true, nil }

// take takes so many bytes; 8 zeros when there are no more.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.fail()
		return make([]byte, 8)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) number() int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > math.MaxInt32 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

// size is a number of things that take at least so many bytes each.
func (d *decoder) size(bytes int) int {
	n := d.number()
	if n > len(d.rest)/bytes {
		d.fail()
		return 0
	}
	return n
}

func (d *decoder) texts() []string {
	list := make([]string, d.size(1))
	for i := range list {
		list[i] = string(d.take(d.number()))
	}
	return list
}

// labels reads an intent for each phrase, in ascending order, and counts them.
func (d *decoder) labels(phrases, intents int) (labels, counts []int32) {
	labels, counts = make([]int32, phrases), make([]int32, intents)
	for i := range labels {
		label := d.number()
		if label >= intents || i > 0 && int32(label) < labels[i-1] {
			d.fail()
			return labels, counts
		}
		labels[i] = int32(label)
		counts[label]++
	}
	return labels, counts
}

func (d *decoder) vocabulary() *vocabulary {
	size := d.size(8)
	v := &vocabulary{ids: make(map[uint64]uint32, size)}
	for id := range size {
		v.ids[binary.LittleEndian.Uint64(d.take(8))] = uint32(id)
	}
	v.weight = d.floats(size)
	v.rarest = d.floats(1)[0]
	return v
}

// floats reads so many numbers; at least one when the model is damaged.
func (d *decoder) floats(n int) []float32 {
	b := d.take(4 * n)
	if d.bad {
		return []float32{0}
	}
	list := make([]float32, n)
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return list
}

func (d *decoder) bytes(n int) []int8 {
	b := d.take(n)
	list := make([]int8, len(b))
	for i, w := range b {
		list[i] = int8(w)
	}
	return list
}
