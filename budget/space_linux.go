package budget

import (
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// addressSpace is what is left of the process's address space (ulimit -v): the Go runtime
// has reserved more than a gigabyte of it before anything is read.
func addressSpace() int64 {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &r); err != nil || r.Cur >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(0, int64(r.Cur)-mapped())
}

// mapped is how much of the address space is taken.
func mapped() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var pages int64
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
