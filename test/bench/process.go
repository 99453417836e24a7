package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// ticksPerSecond is USER_HZ, 100 on every Linux (proc(5)).
const ticksPerSecond = 100

// familyTime is the CPU time in seconds that a process, its children and those of its children that
// have ended have used.
func familyTime(pid int) (float64, error) {
	total, err := readProcess(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read cpu time: %w", err)
	}
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		child, err := readProcess(name)
		if err == nil && child.parent == pid { // one that has just ended counts with its parent
			total.ticks += child.ticks
		}
	}
	return float64(total.ticks) / ticksPerSecond, nil
}

// stat is what is read of a process.
type stat struct {
	parent int
	ticks  int64 // of itself and of its children that have ended
}

// readProcess reads a stat file. After the name in brackets, which may hold spaces, come the state and
// the parent, fields 3 and 4; utime, stime, cutime and cstime are fields 14 to 17 (proc(5)).
func readProcess(file string) (s stat, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	values := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(values) < 15 {
		return s, fmt.Errorf("unexpected form of %s", file)
	}
	if s.parent, err = strconv.Atoi(string(values[1])); err != nil {
		return s, err
	}
	for _, v := range values[11:15] {
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return s, err
		}
		s.ticks += n
	}
	return s, nil
}
