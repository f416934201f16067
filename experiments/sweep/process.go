package sweep

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// process is what a process is known by: nothing of it is a name that another gets.
type process struct {
	host  string
	boot  string // of the host: another one is of a time before, or of another host of that name
	space string // that its number belongs to: containers number their own
	pid   int
	start string // when it began, in the host's own count: numbers are used again
}

// self describes this process. What the system does not tell is empty.
var self = sync.OnceValue(func() process {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	p := process{host: plainName(name), boot: bootOfHost(), space: spaceOfProcess(), pid: os.Getpid()}
	p.start, _ = startOf(p.pid)
	return p
})

// plainName leaves of a host's name what stands in a file's name and tells fields apart.
func plainName(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '-'
	}, name)
}

// opened counts the directories that this process has opened; atWork has the names under
// which it works now.
var (
	opened atomic.Int64
	atWork sync.Map
)

func (disk) Begin() string {
	p := self()
	name := strings.Join([]string{p.host, p.boot, p.space, strconv.Itoa(p.pid), p.start, strconv.FormatInt(opened.Add(1), 10)}, "_")
	atWork.Store(name, true)
	return name
}

func (disk) End(name string) { atWork.Delete(name) }

// Standing goes by evidence alone. Of a process of another host there is none, and of one
// whose number cannot be looked up here neither.
func (disk) Standing(name string) standing {
	p, err := parseProcess(name)
	me := self()
	switch {
	case err != nil || p.host != me.host || p.boot == "" || me.boot == "":
		return unknown
	case p.boot != me.boot: // the host has started again, or another one has the same name
		return unknown
	case p.space != me.space:
		return unknown
	case p.pid == me.pid && p.start == me.start:
		if _, ok := atWork.Load(name); ok {
			return alive
		}
		return dead
	case errors.Is(syscall.Kill(p.pid, 0), syscall.ESRCH):
		return dead
	}
	if start, ended := startOf(p.pid); ended || start != "" && start != p.start {
		return dead
	}
	return alive
}

func parseProcess(name string) (p process, err error) {
	f := strings.Split(name, "_")
	if len(f) != 6 {
		return p, fmt.Errorf("%q names no process", name)
	}
	p = process{host: f[0], boot: f[1], space: f[2], start: f[4]}
	p.pid, err = strconv.Atoi(f[3])
	return p, err
}
