package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCmd prints what program this is.
type versionCmd struct{}

// Run prints version and platform.
func (versionCmd) Run(w *world) error {
	_, err := fmt.Fprintf(w.Stdout, "govorun %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the module's version, or the commit it was built from, or "devel".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
