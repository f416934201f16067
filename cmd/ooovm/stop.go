package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// What ends a command early, as the cause of its context.
var (
	errInterrupted = errors.New("interrupted") // Ctrl-C
	errTerminated  = errors.New("terminated")  // SIGTERM
)

// patience is how long a command that is to end has to end by itself. Runs, loading and fetching
// look at their context; what does not is left where it is.
const patience = 1500 * time.Millisecond

// reason is the exit code of what has ended a context, and how it is called.
func reason(ctx context.Context) (code int, name string) {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		return exitOK, ""
	case errors.Is(cause, context.DeadlineExceeded):
		return exitTimeout, "--timeout"
	case errors.Is(cause, errTerminated):
		return exitTerminated, "terminated"
	}
	return exitInterrupted, "interrupted"
}

// limit settles --timeout, which counts from the start of the command.
func (c *cli) limit() error {
	switch {
	case c.timeout < 0:
		return fmt.Errorf("--timeout %v: a time as 90s or 5m, or 0 for never", c.timeout)
	case c.timeout > 0:
		c.ctx, c.release = context.WithTimeout(c.ctx, c.timeout)
		c.limited <- c.ctx
	}
	return nil
}

// supervise waits for a command and for what may end it: --timeout, Ctrl-C, SIGTERM. A command
// that has not ended after some patience, or at the second signal, is left where it is.
func (c *cli) supervise(ctx context.Context, stop context.CancelCauseFunc, ended <-chan error) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	var expired <-chan struct{}
	var impatient <-chan time.Time
	for {
		select {
		case err := <-ended:
			return err
		case ctx = <-c.limited:
			expired = ctx.Done()
		case <-expired:
			expired, impatient = nil, time.After(patience)
		case s := <-signals:
			if impatient != nil {
				return c.leave(ctx)
			}
			cause := errInterrupted
			if s == syscall.SIGTERM {
				cause = errTerminated
			}
			stop(cause)
			expired, impatient = nil, time.After(patience)
		case <-impatient:
			return c.leave(ctx)
		}
	}
}

// leave ends a command that does not: nothing that it prints from now on is seen.
func (c *cli) leave(ctx context.Context) error {
	c.results.close()
	c.notes.close()
	code, name := reason(ctx)
	return &exitError{code, errNotFinished(name)}
}

// errNotFinished is the error of a command that says nothing else about its early end.
func errNotFinished(name string) error {
	return fmt.Errorf("%s: the command was not finished", name)
}
