package lexicon

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// magic begins a file and names the version of its form.
const magic = "govorun lexicon 1\n"

// maxSize is how many bytes a lexicon may have, not compressed.
const maxSize = 1 << 28

// Write writes the file of a lexicon: the magic, the size of what follows, then compressed: the
// alphabet, the lists in the order of Lexicon's fields, all numbers as varints. The same lexicon
// gives the same bytes.
func (l *Lexicon) Write(w io.Writer) error {
	if err := l.check(); err != nil {
		return fmt.Errorf("lexicon: %w", err)
	}
	plain := l.binary()
	if _, err := w.Write(binary.AppendUvarint([]byte(magic), uint64(len(plain)))); err != nil {
		return err
	}
	packer, err := flate.NewWriter(w, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := packer.Write(plain); err != nil {
		return err
	}
	return packer.Close()
}

func (l *Lexicon) binary() []byte {
	b := appendTexts(nil, []string{string(l.Alphabet)})
	b = appendTexts(b, l.Grammemes)
	b = binary.AppendUvarint(b, uint64(len(l.Tags)))
	for _, tag := range l.Tags {
		b = binary.AppendUvarint(b, uint64(len(tag)))
		for _, grammeme := range tag {
			b = binary.AppendUvarint(b, uint64(grammeme))
		}
	}
	b = appendTexts(b, l.Prefixes)
	b = appendTexts(b, l.Suffixes)
	b = binary.AppendUvarint(b, uint64(len(l.Paradigms)))
	for _, paradigm := range l.Paradigms {
		b = binary.AppendUvarint(b, uint64(len(paradigm)))
		for _, form := range paradigm {
			b = binary.AppendUvarint(b, uint64(form.Prefix))
			b = binary.AppendUvarint(b, uint64(form.Suffix))
			b = binary.AppendUvarint(b, uint64(form.Tag))
		}
	}
	b = l.Stems.appendBinary(b)
	for _, endings := range l.Endings {
		b = endings.appendBinary(b)
	}
	return l.Weights.appendBinary(b)
}

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b
}

// Read reads a file that Write wrote.
func Read(data []byte) (*Lexicon, error) {
	packed, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, errors.New("lexicon: not a file of this version")
	}
	size, n := binary.Uvarint(packed)
	if n <= 0 || size > maxSize {
		return nil, errors.New("lexicon: no size, or too great a one")
	}
	plain := make([]byte, size)
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(packed[n:])), plain); err != nil {
		return nil, fmt.Errorf("lexicon: %w", err)
	}
	l, err := parse(plain)
	if err != nil {
		return nil, fmt.Errorf("lexicon: %w", err)
	}
	return l, nil
}

func parse(plain []byte) (*Lexicon, error) {
	f := &file{rest: plain}
	l := &Lexicon{}
	if alphabet := f.texts(); len(alphabet) == 1 {
		l.Alphabet = []rune(alphabet[0])
	}
	l.Grammemes = f.texts()
	l.Tags = make([][]uint16, f.count())
	for i := range l.Tags {
		l.Tags[i] = make([]uint16, f.count())
		for j := range l.Tags[i] {
			l.Tags[i][j] = f.number16()
		}
	}
	l.Prefixes, l.Suffixes = f.texts(), f.texts()
	l.Paradigms = make([][]Form, f.count())
	for i := range l.Paradigms {
		l.Paradigms[i] = make([]Form, f.count())
		for j := range l.Paradigms[i] {
			l.Paradigms[i][j] = Form{Prefix: f.number16(), Suffix: f.number16(), Tag: f.number16()}
		}
	}
	l.Stems = f.table()
	for range l.Prefixes {
		l.Endings = append(l.Endings, f.table())
	}
	l.Weights = f.table()
	if f.err != nil {
		return nil, f.err
	}
	if len(f.rest) > 0 {
		return nil, fmt.Errorf("%d bytes are left", len(f.rest))
	}
	return l, l.check()
}

// file reads one thing after the other. After the first error it gives zeros and keeps it.
type file struct {
	rest []byte
	err  error
}

func (f *file) fail(err error) {
	if f.err == nil {
		f.err = err
	}
	f.rest = nil
}

func (f *file) uint() uint64 {
	if len(f.rest) > 0 && f.rest[0] < 0x80 { // nine of ten
		v := f.rest[0]
		f.rest = f.rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(f.rest)
	if n <= 0 {
		f.fail(io.ErrUnexpectedEOF)
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

func (f *file) number16() uint16 {
	v := f.uint()
	if v > 0xffff {
		f.fail(fmt.Errorf("%d is too great a number", v))
		return 0
	}
	return uint16(v)
}

// count is the length of a list, each part of which takes a byte at least.
func (f *file) count() int {
	n := f.uint()
	if n > uint64(len(f.rest)) {
		f.fail(io.ErrUnexpectedEOF)
		return 0
	}
	return int(n)
}

func (f *file) texts() []string {
	texts := make([]string, f.count())
	for i := range texts {
		n := f.count()
		texts[i] = string(f.rest[:n])
		f.rest = f.rest[n:]
	}
	return texts
}
