package nlu

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// invented is a corpus of phrases of invented words: of each intent's own, of those of a
// neighbour, and of words all use.
func invented(intents, phrases int) *Corpus {
	var r random = 7
	syllables := strings.Fields("ка то ми ре ло ва ни со ту бе га ди жу пе ра ши че мо ле на")
	name := func(n uint64) string {
		var b strings.Builder
		for range 3 {
			b.WriteString(syllables[n%20])
			n /= 20
		}
		return b.String()
	}
	c := &Corpus{}
	for i := range intents {
		texts := make([]string, phrases)
		for p := range texts {
			list := make([]string, 4+r.next()%6)
			for w := range list {
				switch r.next() % 3 {
				case 0:
					list[w] = name(uint64(i)*31 + r.next()%25)
				case 1:
					list[w] = name(uint64(i+1)*31 + r.next()%25)
				default:
					list[w] = name(7000 + r.next()%200)
				}
			}
			texts[p] = strings.Join(list, " ")
		}
		c.Add(fmt.Sprintf("/%d", i), texts...)
	}
	return c
}

var sizes = []struct{ intents, phrases int }{{10, 10}, {50, 30}, {150, 100}, {500, 30}}

func BenchmarkTrain(b *testing.B) {
	for _, size := range sizes {
		c := invented(size.intents, size.phrases)
		b.Run(fmt.Sprintf("intents=%d/phrases=%d", size.intents, size.intents*size.phrases), func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var m *Model
			for b.Loop() {
				m = Train(c, Options{})
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
			b.ReportMetric(float64(len(m.Encode()))/1e6, "MB-encoded")
		})
	}
}

func BenchmarkClassify(b *testing.B) {
	for _, size := range sizes {
		c := invented(size.intents, size.phrases)
		m := Train(c, Options{})
		var texts []string
		for _, intent := range invented(size.intents, 2).Intents {
			texts = append(texts, intent.Phrases[0].Text+" новое", intent.Phrases[1].Text)
		}
		b.Run(fmt.Sprintf("intents=%d/phrases=%d", size.intents, size.intents*size.phrases), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				m.Classify(texts[i%len(texts)])
				i++
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	encoded := Train(invented(150, 100), Options{}).Encode()
	for b.Loop() {
		if _, err := Decode(encoded, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
