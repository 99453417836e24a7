package loadtest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of CPU times in /proc: USER_HZ, 100 on every Linux (proc(5)).
const clockTick = 10 * time.Millisecond

// cpuTime is the CPU time a process has used since it started, by all its threads.
func cpuTime(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read cpu time: %w", err)
	}
	// The name in brackets may hold spaces; utime and stime are fields 14 and 15 of the line,
	// which the state, after the bracket, begins with 3 (proc(5)).
	values := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(values) < 13 {
		return 0, fmt.Errorf("read cpu time: unexpected form of /proc/%d/stat", pid)
	}
	var ticks int64
	for _, v := range values[11:13] {
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read cpu time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// ResidentMemory is the memory of a process that is in RAM now, in bytes.
func ResidentMemory(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	values := bytes.Fields(data)
	if len(values) < 2 {
		return 0, fmt.Errorf("read resident memory: unexpected form of /proc/%d/statm", pid)
	}
	pages, err := strconv.ParseInt(string(values[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}
