package sweep

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// bootOfHost is a number that the kernel draws when it starts.
func bootOfHost() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return plainName(id)
}

// spaceOfProcess is empty: there is one.
func spaceOfProcess() string { return "" }

// startOf gives the time at which a process began, empty when it cannot be told. One that
// has ended and that its parent has not asked for yet is not running.
func startOf(pid int) (start string, ended bool) {
	const zombie = 5 // SZOMB of sys/proc.h
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", false
	}
	t := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", t.Sec, t.Usec), info.Proc.P_stat == zombie
}
