// Command ooovm simulates out-of-order execution of bytecode.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/ooovm/ooovm/files"
)

func main() {
	// A reader that has gone is an error of a write, not the end of the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := execute(os.Args[1:], os.Stdout, os.Stderr, os.Environ())
	files.Abandon() // of a command that was left where it was
	os.Exit(code)
}
