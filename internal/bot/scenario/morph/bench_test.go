package morph

import (
	"runtime"
	"strings"
	"testing"
)

const (
	phrase        = "подскажите пожалуйста когда откроется ближайшее отделение банка на улице ленина"
	unknownPhrase = "забутявкали кракозябры загуглить чатботами криптобиржа байткодом хабибовичу"
	englishPhrase = "could you please tell me where the nearest branches were opened yesterday"
)

// BenchmarkLemmas reads phrases of some ten words.
func BenchmarkLemmas(b *testing.B) {
	for name, phrase := range map[string]string{"russian": phrase, "unknown": unknownPhrase, "english": englishPhrase} {
		b.Run(name, func(b *testing.B) {
			a, words := New(), strings.Fields(phrase)
			a.Lemmas(words[0])
			b.ReportAllocs()
			for b.Loop() {
				for _, word := range words {
					a.Lemmas(word)
				}
			}
		})
	}
}

func BenchmarkHas(b *testing.B) {
	a, words := New(), strings.Fields(phrase)
	a.Lemmas(words[0])
	b.ReportAllocs()
	for b.Loop() {
		for _, word := range words {
			a.Has(word, "С", "им", "ед")
		}
	}
}

// BenchmarkLoad reads a dictionary, and reports how much memory it holds.
func BenchmarkLoad(b *testing.B) {
	for name, file := range map[string][]byte{"russian": russianFile, "english": englishFile} {
		b.Run(name, func(b *testing.B) {
			var d *dictionary
			for b.Loop() {
				d = mustLoad(file)
			}
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			runtime.KeepAlive(d)
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(before.HeapAlloc-after.HeapAlloc)/(1<<20), "MiB-held")
		})
	}
}
