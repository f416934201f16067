// Command ooovm simulates out-of-order execution of bytecode.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr, os.Environ()))
}
