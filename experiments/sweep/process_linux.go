package sweep

import (
	"fmt"
	"os"
	"strings"
)

// bootOfHost is a number that the kernel draws when it starts.
func bootOfHost() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return plainName(strings.TrimSpace(string(data)))
}

// spaceOfProcess is the namespace of process numbers.
func spaceOfProcess() string {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.Trim(link, "pid:[]")
}

// startOf gives the start of a process in ticks since boot, empty when it cannot be told.
// One that has ended and that its parent has not asked for yet is not running.
func startOf(pid int) (start string, ended bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	const state, begin = 0, 19 // fields 3 and 22 of proc_pid_stat(5), after the name
	_, rest, _ := strings.Cut(string(data[max(0, strings.LastIndexByte(string(data), ')')):]), " ")
	f := strings.Fields(rest)
	if len(f) <= begin {
		return "", false
	}
	return f[begin], f[state] == "Z" || f[state] == "X"
}
