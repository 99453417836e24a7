// Package script runs the JavaScript of a bot (scenario language, 3) in QuickJS: it loads the
// files and blocks of a bot once, keeps a few virtual machines with them, and gives one to each
// turn. What scripts find there is written in JavaScript in prelude/, over Host, which is all that
// they reach of the world: there are no files, processes, sockets or clocks but the host's.
//
//	New     units → rewritten, compiled to bytecode → one machine that loads them, to see that it can
//	Take    an idle machine, or a new one from the bytecode
//	Begin   JSON → $context          Run, Value, Text, True, Convert, Handle: blocks by number
//	End     $context → JSON          Release
//
// A machine is limited in memory, depth and time; one that went over is thrown away, with what
// its turn did. The engine looks at the clock between instructions, so what is built in is guarded
// by its lengths (prelude/guards.js), and what is lost in the engine all the same is not waited for
// (worker.go). Between turns of several clients a machine keeps the bot's global variables as they
// were loaded, but for what scripts put into objects that are global.
//
// Code is ES5 or newer, not strict, as engines before ES6 took it too (source.go). ES6 modules are
// bundled with the npm packages beside them (module.go).
//
// The package does not know states, patterns or where data is kept.
package script

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"time"
)

// Unit is one piece of JavaScript that a bot loads. Units are loaded in order, into one global
// scope.
type Unit struct {
	Name string // the file, for errors
	// Code is global code; its line numbers are the file's. The blocks of a file of states are
	// assignments $$.blocks[n] = function () {…}, and what fails beside them does not hinder them.
	Code string
	// Module makes the code an ES6 module. Its default export, or else its namespace, becomes the
	// global variable of this name.
	Module string
	// Global makes Value, instead of code, the global variable of this name.
	Global string
	Value  json.RawMessage
}

// Options are what an engine works with. The zero value is complete.
type Options struct {
	Files   fs.FS         // where modules are imported from, with paths as Unit.Name has them; nil for none
	Memory  int64         // bytes of one machine; 0 means 64 MiB
	Timeout time.Duration // of the scripts of one turn, without the host's calls; 0 means 10 s
	MaxVMs  int           // machines that work at the same time; 0 means 16
	Stack   int           // calls inside calls, of which some built-ins count for several; 0 means 5000
	Output  int           // bytes of $context at End and of a value; 0 means 8 MiB

	// Context is $context while the bot loads, an object: its injector is looked at by much code.
	Context json.RawMessage
	// Secrets and Variables are what $secrets and $env give while the bot loads. Later the turn's
	// host is asked.
	Secrets, Variables map[string]string

	Log *slog.Logger // nil means nobody is told
}

const (
	defaultMemory  = 64 << 20
	defaultTimeout = 10 * time.Second // scenario time (Chat API, 6)
	defaultVMs     = 16
	defaultStack   = 5000
	defaultOutput  = 8 << 20
)

func (o Options) withDefaults() Options {
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxVMs <= 0 {
		o.MaxVMs = defaultVMs
	}
	if o.Stack <= 0 {
		o.Stack = defaultStack
	}
	if o.Output <= 0 {
		o.Output = defaultOutput
	}
	if len(o.Context) == 0 {
		o.Context = json.RawMessage("{}")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Host is what scripts reach of the world. Its methods are called by the goroutine that runs the
// script, one at a time.
type Host interface {
	Log(text string)
	Now() time.Time
	Random() float64 // from 0 up to, without, 1
	// Fetch makes a call of $http. An error is one that no answer came for.
	Fetch(ctx context.Context, r Request) (*Response, error)
	// Call is everything else, by name: "nlp.match", "pushgate.createEvent", "resolvePath". A
	// service that the host does not have is nil, nil, and null in the script. An error is thrown.
	Call(service string, args json.RawMessage) (json.RawMessage, error)
}

// VirtualTime is implemented by a Host whose clock is not the real one: then Date and Math.random
// of scripts go to it too.
type VirtualTime interface{ Virtual() bool }

// Dice is implemented by a Host that knows how to give a number from 0 to n-1 itself, as tests do
// that say which come; others are asked for Random.
type Dice interface{ RandomInt(n int) int }

// Owned is implemented by a Host that says whose turn it is. What scripts make of the bot's global
// variables lasts while turns of one owner follow each other in a machine; others, and turns of nobody,
// find them as they were loaded.
type Owned interface{ Owner() string }

func ownerOf(h Host) string {
	if o, ok := h.(Owned); ok {
		return o.Owner()
	}
	return ""
}

// Request is a call over HTTP.
type Request struct {
	Method  string
	URL     string
	Header  map[string]string
	Body    []byte
	Timeout time.Duration // 0 means the host's
}

// Response is the answer to a Request.
type Response struct {
	Status int
	Header map[string]string // names in lower case; several of one name joined by ", "
	Body   []byte
}

// Outcome is what a script wants to happen after it.
type Outcome struct {
	Transition *Transition
	Stopped    bool            // the rest of the reactions does not run
	NewSession json.RawMessage // the argument of newSession, nil when none is wanted
	Handled    bool            // of Handle: a handler was bound to the state
}

// Transition is a path as the script gave it, which may be relative.
type Transition struct {
	Path     string `json:"path"`
	Deferred bool   `json:"deferred"` // change the context only, as go does
}

// loadingHost is the world of a bot that is loaded and not yet run: it has no clients, and makes no
// calls.
type loadingHost struct{ secrets, variables map[string]string }

func (loadingHost) Log(string)      {}
func (loadingHost) Now() time.Time  { return time.Now() }
func (loadingHost) Random() float64 { return 0 }
func (loadingHost) Fetch(context.Context, Request) (*Response, error) {
	return nil, errLoading
}

func (h loadingHost) Call(service string, args json.RawMessage) (json.RawMessage, error) {
	values := h.secrets
	switch service {
	case "secrets.get":
	case "env.get":
		values = h.variables
	default:
		return nil, nil
	}
	var wanted struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(args, &wanted); err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	value, ok := values[wanted.Name]
	if !ok {
		return nil, nil
	}
	return json.Marshal(value)
}
