package library_test

import (
	"runtime"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario"
)

// BenchmarkLoad is the start of a bot with a part of the library; its heap is what the bot keeps.
func BenchmarkLoad(b *testing.B) {
	for _, part := range []struct{ name, main string }{
		{"none", ""}, {"patterns", required("patterns.sc")}, {"dateTime", required("dateTime/dateTime.sc")},
		{"city", required("city/city.sc")}, {"name", required("name/name.sc")}, {"all", required(files...)},
	} {
		b.Run(part.name, func(b *testing.B) {
			main := part.main + "theme: /\n    state: S\n        q!: *\n        a: yes\n"
			loaded(b, main).Close() // reads what is read once in a process
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var last *scenario.Bot
			for b.Loop() {
				if last != nil {
					last.Close()
				}
				last = loaded(b, main)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "heap-B")
			last.Close()
		})
	}
}
