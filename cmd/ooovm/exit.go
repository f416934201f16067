package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

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
)

const exitHelp = `Exit codes: 0 fine; 1 a run failed; 2 usage, configuration or unreadable input;
3 validation found a difference; 4 points of a sweep failed or are missing; 124 --timeout
was reached; 130 interrupted. What is finished by then is printed. Over several inputs the
gravest counts: 130, 124, 3, 1, 2; one that cannot be read does not keep the others back.`

// exitError is an error that knows its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// errTold is for what has been said on stderr already: it prints no further line.
var errTold = errors.New("")

// usageError marks an error as the user's.
func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
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
	default:
		return exitUsage
	}
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
