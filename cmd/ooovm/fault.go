package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/ooovm/ooovm/invariant"
)

// fault tells an error that is ours from the others: a broken invariant, or a panic anywhere.
func fault(err error) (*invariant.Error, bool) {
	var broken *invariant.Error
	return broken, errors.As(err, &broken)
}

// faultNote says of a fault of ours whose it is, and where the dump is. All faults of a command
// go into one file.
func (c *cli) faultNote(broken *invariant.Error) string {
	const whose = "; this is a fault of ooovm, not of the input"
	if c.dumpPath == "" {
		f, err := os.CreateTemp("", "ooovm-fault-*.txt")
		if err != nil {
			return whose
		}
		f.Close()
		c.dumpPath = f.Name()
	}
	if err := appendTo(c.dumpPath, c.dump(broken)); err != nil {
		return whose
	}
	return whose + ": " + c.dumpPath + " has what its makers need"
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// dump is what helps to find a fault.
func (c *cli) dump(broken *invariant.Error) string {
	b := versionInfo()
	var text strings.Builder
	fmt.Fprintf(&text, "%v\n\nooovm %s, commit %s, %s %s/%s, go-ethereum %s\n%s\narguments: %q\n", broken, b.Version, b.Commit, b.Go, b.OS, b.Arch, b.GoEthereum, time.Now().UTC().Format(time.RFC3339), c.args)
	for _, e := range c.environ {
		if strings.HasPrefix(e, "OOOVM_") {
			fmt.Fprintf(&text, "environment: %q\n", e)
		}
	}
	stack := broken.Stack
	if stack == nil {
		stack = make([]byte, 1<<16)
		stack = stack[:runtime.Stack(stack, true)]
	}
	fmt.Fprintf(&text, "\n%s\n", stack)
	return text.String()
}
