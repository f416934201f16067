// Package invariant has the error for what can only happen when the simulator itself is
// wrong, whatever its input. Every room may use it: one type, so that whoever runs many
// blocks can tell it from a bad block, and one guard that turns a panic into it.
package invariant

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Error is a broken invariant of the simulator.
type Error struct {
	Subject string // what was being done, empty where the message says it
	What    string
	Stack   []byte // of the panic, nil where there was none; for tests, users do not see it
}

func (e *Error) Error() string {
	if e.Subject != "" {
		return e.Subject + ": simulator error: " + e.What
	}
	return "simulator error: " + e.What
}

// Broken says which invariant is broken.
func Broken(format string, args ...any) error { return &Error{What: fmt.Sprintf(format, args...)} }

// OrFault judges a panic of a library that panics over its input: err says so. One of Go's runtime
// is a fault, whatever the input.
func OrFault(p any, err error) error {
	if _, fault := p.(runtime.Error); fault {
		return &Error{What: err.Error(), Stack: debug.Stack()}
	}
	return err
}

// Guard does something about a subject. A panic is an error like others: it must not
// take along what else is being done.
func Guard(subject string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Subject: subject, What: fmt.Sprint(p), Stack: debug.Stack()}
		}
	}()
	return do()
}
