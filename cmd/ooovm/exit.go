package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/suggest"
)

// The exit codes.
const (
	exitOK         = 0
	exitFailed     = 1 // a run failed
	exitUsage      = 2 // usage, configuration or unreadable input
	exitDifference = 3 // validation found a difference
	exitPartial    = 4 // points of a sweep failed or are missing

	exitTimeout     = 124 // --timeout
	exitInterrupted = 130 // Ctrl-C, as shells have it
	exitTerminated  = 143 // SIGTERM, likewise
)

const exitHelp = `Exit codes: 0 fine; 1 a run, the machine or ooovm failed; 2 usage, configuration or
unreadable input; 3 validation found a difference; 4 points of a sweep failed or are missing;
124 --timeout was reached; 130 interrupted; 143 terminated. What is finished by then is
printed. Over several inputs the gravest counts: 130 and 143, 124, 3, 1, 2; one that cannot
be read does not keep the others back.`

// exitError is an error that knows its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// errTold is for what has been said on stderr already: it prints no further line.
var errTold = errors.New("")

// usageError marks an error as the user's, unless it is known to be another's: a full disk,
// the end of the command, a fault of ours, a difference.
func usageError(err error) error {
	if err == nil {
		return nil
	}
	if code, known := knownCode(err); known {
		return &exitError{code, err}
	}
	return &exitError{exitUsage, err}
}

// severity orders exit codes.
var severity = map[int]int{exitOK: 0, exitUsage: 1, exitFailed: 2, exitPartial: 3, exitDifference: 4, exitTimeout: 5, exitInterrupted: 6, exitTerminated: 6}

// graver is the error that counts.
func graver(a, b error) error {
	if a == nil || severity[exitCode(a)] < severity[exitCode(b)] {
		return b
	}
	return a
}

// knownCode is the exit code of an error that says by itself whose it is.
func knownCode(err error) (code int, known bool) {
	var written *files.Error
	_, ours := fault(err)
	switch {
	case run.FaultOf(err) == run.Different:
		return exitDifference, true
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout, true
	case errors.Is(err, context.Canceled):
		return exitInterrupted, true
	case ours:
		return exitFailed, true
	case run.FaultOf(err) == run.Unsound:
		return exitUsage, true
	case errors.As(err, &written) && written.Misplaced():
		return exitUsage, true
	case errors.As(err, &written), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return exitFailed, true
	}
	return exitOK, false
}

// codeOf is the exit code for what kept a block from being simulated.
func codeOf(err error) int {
	if code, known := knownCode(err); known || err == nil {
		return code
	}
	return exitFailed
}

// exitCode is the code of an error that a command or cobra returned. Commands run
// inside action, so an error without a code is cobra's: the command line was wrong.
func exitCode(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	}
	if code, known := knownCode(err); known {
		return code
	}
	return exitUsage
}

// action wraps a command's body: an error that has no exit code has that of its kind.
func action(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		var e *exitError
		if err != nil && !errors.As(err, &e) {
			return &exitError{codeOf(err), err}
		}
		return err
	}
}

// errOneOf is the error of a flag whose value is not one of a few words.
func errOneOf(flag, value string, words []string) error {
	return fmt.Errorf("%s %q: %s", flag, value, suggest.Among(value, words))
}

// errFlag says which flag an error is about.
func errFlag(flag string, err error) error { return fmt.Errorf("%s: %w", flag, err) }

// checkJobs refuses a number of jobs that is none.
func checkJobs(jobs int, of string) error {
	if jobs >= 0 {
		return nil
	}
	return usageError(fmt.Errorf("--jobs %d: a number of %s at once, or 0 for all host cores that have memory for one", jobs, of))
}
