package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Children count while they run and when they have ended.
func TestFamilyTime(t *testing.T) {
	t.Parallel()
	const work = `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; `
	for name, script := range map[string]string{
		"has ended": "sh -c '" + work + ":'; echo; read line; :",
		"runs":      "sh -c '" + work + "echo; read line; :'; :",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := out.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if cpu, err := familyTime(cmd.Process.Pid); err != nil || cpu < 0.01 || cpu > time.Minute.Seconds() {
				t.Errorf("%v s, %v", cpu, err)
			}
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := familyTime(-1); err == nil {
		t.Error("a process that is not there has a time")
	}
}

func TestReadProcess(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "stat")
	line := "12 (a ) name) S 7 12 12 0 -1 4194560 100 200 0 0 1 20 300 4000 20 0 1 0 55 0 0\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := readProcess(file); err != nil || s != (stat{parent: 7, ticks: 4321}) {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.WriteFile(file, []byte("12 (short) S 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := readProcess(file); err == nil {
		t.Errorf("of half a line: %+v", s)
	}
}
