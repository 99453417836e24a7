package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

const (
	progressFrom  = 1 << 20 // bytes; less is sent before anybody looks
	progressEvery = 100 * time.Millisecond
	progressWidth = 30 // characters
)

// progress shows how much of something was read, if it is shown at all.
type progress struct {
	io.Reader
	to    io.Writer // nil: it is not shown
	size  int64
	done  int64
	drawn time.Time
}

// progress shows large uploads to a person.
func (w *world) progress(r io.Reader, size int64) *progress {
	p := &progress{Reader: r, size: size}
	if f, ok := w.Stderr.(*os.File); ok && size >= progressFrom && term.IsTerminal(int(f.Fd())) {
		p.to = f
	}
	return p
}

// Read reads, and draws now and then.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.done += int64(n)
	if now := time.Now(); p.to != nil && (now.Sub(p.drawn) >= progressEvery || p.done == p.size) {
		p.drawn = now
		p.draw()
	}
	return n, err
}

func (p *progress) draw() {
	part := float64(p.done) / float64(p.size)
	full := int(part * progressWidth)
	fmt.Fprintf(p.to, "\rUploading [%s%s] %3.0f%% of %.1f MiB", strings.Repeat("#", full), strings.Repeat(" ", progressWidth-full), part*100, float64(p.size)/(1<<20))
}

// end leaves the line to what comes next.
func (p *progress) end() {
	if p.to != nil && p.done > 0 {
		fmt.Fprintln(p.to)
	}
}
