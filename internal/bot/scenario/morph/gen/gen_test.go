package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/morph/lexicon"
)

// wheel is a Python package of these files.
func wheel(t *testing.T, files map[string][]byte) source {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		file, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		file.Write(content)
	}
	w.Close()
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return source{r}
}

// makeDawg writes keys with numbers as dawgdic does, without sharing any ends.
func makeDawg(keys map[string]uint32) []byte {
	units, used, bases := make([]uint32, 1<<13), map[uint32]bool{0: true}, map[uint32]bool{}
	var place func(at uint32, keys map[string]uint32)
	place = func(at uint32, keys map[string]uint32) {
		next := map[byte]map[string]uint32{}
		for key, value := range keys {
			label, rest := byte(0), ""
			if key != "" {
				label, rest = key[0], key[1:]
			}
			if next[label] == nil {
				next[label] = map[string]uint32{}
			}
			next[label][rest] = value
		}
		offset := uint32(1)
		for bases[at^offset] || slices.ContainsFunc(slices.Collect(maps.Keys(next)), func(label byte) bool { return used[at^offset^uint32(label)] }) {
			offset++
		}
		units[at] |= offset << 10
		bases[at^offset] = true
		for label := range next {
			used[at^offset^uint32(label)] = true
		}
		for label, rest := range next {
			to := at ^ offset ^ uint32(label)
			if label == 0 {
				units[at] |= 1 << 8
				units[to] = rest[""] | 1<<31
				continue
			}
			units[to] |= uint32(label)
			place(to, rest)
		}
	}
	place(0, keys)
	data := binary.LittleEndian.AppendUint32(nil, uint32(len(units)))
	for _, unit := range units {
		data = binary.LittleEndian.AppendUint32(data, unit)
	}
	return data
}

// makeRecords writes keys with records of numbers.
func makeRecords(records map[string]any) []byte {
	keys := map[string]uint32{}
	for key, record := range records {
		var b bytes.Buffer
		binary.Write(&b, binary.BigEndian, record)
		keys[key+"\x01"+base64.StdEncoding.EncodeToString(b.Bytes())] = 0
	}
	return makeDawg(keys)
}

func kots(t *testing.T, change func(files map[string][]byte)) (*lexicon.Lexicon, error) {
	t.Helper()
	paradigms := []uint16{1, 6, 0, 1, 0, 1, 0, 0}
	var array bytes.Buffer
	binary.Write(&array, binary.LittleEndian, paradigms)
	files := map[string][]byte{
		"data/suffixes.json":                []byte(`["", "а"]`),
		"data/gramtab-opencorpora-int.json": []byte(`["NOUN,anim,masc sing,nomn", "NOUN,anim,masc sing,gent"]`),
		"data/paradigms.array":              array.Bytes(),
		"data/words.dawg":                   makeRecords(map[string]any{"кот": []uint16{0, 0}, "кота": []uint16{0, 1}}),
		"data/prediction-suffixes-0.dawg": makeRecords(map[string]any{"ота": struct {
			Count          uint32
			Paradigm, Form uint16
		}{100000, 0, 1}}),
		"data/prediction-suffixes-1.dawg": makeRecords(nil),
		"data/prediction-suffixes-2.dawg": makeRecords(nil),
		"data/p_t_given_w.intdawg":        makeDawg(map[string]uint32{"кота:NOUN,anim,masc sing,gent": 500000, "cat:LATN": 1000000}),
	}
	change(files)
	return russian(wheel(t, files))
}

func TestRussian(t *testing.T) {
	t.Parallel()
	l, err := kots(t, func(map[string][]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	find := func(table *lexicon.Table, word string) []uint16 {
		symbols, _ := l.Symbols(word)
		return table.Find(symbols)
	}
	if got := find(l.Stems, "кот"); !slices.Equal(got, []uint16{0}) || l.Stems.Words.Len() != 1 {
		t.Errorf("paradigms of кот: %v of %d stems", got, l.Stems.Words.Len())
	}
	if got := find(l.Endings[0], "ато"); !slices.Equal(got, []uint16{0xffff, 0, 1}) {
		t.Errorf("the ending of кота: %v", got)
	}
	if got := find(l.Weights, "кота"); !slices.Equal(got, []uint16{1, 0x8000}) || l.Weights.Words.Len() != 1 {
		t.Errorf("weights of кота: %v of %d words", got, l.Weights.Words.Len())
	}
	if err := l.Write(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

// TestRussianRefuses: a source that is not what we take it for is an error, not half a dictionary.
func TestRussianRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(files map[string][]byte){
		"a missing form": func(f map[string][]byte) {
			f["data/words.dawg"] = makeRecords(map[string]any{"кот": []uint16{0, 0}})
		},
		"a wrong suffix":   func(f map[string][]byte) { f["data/suffixes.json"] = []byte(`["ы", "а"]`) },
		"a strange letter": func(f map[string][]byte) { f["data/suffixes.json"] = []byte(`["", "q"]`) },
		"a missing file":   func(f map[string][]byte) { delete(f, "data/words.dawg") },
		"a cut off file":   func(f map[string][]byte) { f["data/words.dawg"] = f["data/words.dawg"][:99] },
		"not JSON":         func(f map[string][]byte) { f["data/suffixes.json"] = []byte(`[`) },
	} {
		if _, err := kots(t, change); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte("cat,noun,cats\nman,noun,men/mans\nman,verb,manned,,manning,mans\nclub foot,noun,club feet\nOK,noun,O.K.'s/OK's\nwalk,verb,walked,,walking,walks\ntalk,verb,talked,,talking,talks\nbalk,verb,balked,,balking,balks\n"))
	w.Close()
	l, err := english(wheel(t, map[string][]byte{"resources/infl_lu.csv.gz": packed.Bytes()}))
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]string{} // by the lemma
	for _, stem := range []string{"cat", "m", "man", "ok", "walk", ""} {
		symbols, _ := l.Symbols(stem)
		for _, paradigm := range l.Stems.Find(symbols) {
			var words []string
			for _, form := range l.Paradigms[paradigm] {
				words = append(words, l.Text(symbols+l.Suffixes[form.Suffix]))
			}
			forms[words[0]] = append(forms[words[0]], words...)
		}
	}
	for lemma, want := range map[string][]string{
		"cat":  {"cat", "cats"},
		"man":  {"man", "men", "mans", "man", "man", "manned", "manned", "manning", "mans"},
		"ok":   {"ok", "ok's", "ok"},
		"walk": {"walk", "walk", "walked", "walked", "walking", "walks"},
		"be":   {"be", "am", "is", "are", "was", "were", "been", "being"},
	} {
		if got := forms[lemma]; !slices.Equal(got, want) {
			t.Errorf("forms of %s: %v, want %v", lemma, got, want)
		}
	}
	ending, _ := l.Symbols("dekl")
	if got := l.Endings[0].Find(ending); len(got) == 0 {
		t.Error("words in -lked are not read like walked")
	}
	if _, ok := forms["club foot"]; ok {
		t.Error("two words are taken for one")
	}
}
