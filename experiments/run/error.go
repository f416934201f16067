package run

import "errors"

// Fault is whose fault it is that a block has no result, or a wrong one.
type Fault uint8

// Faults.
const (
	NoFault   Fault = iota // the simulation was cut short, or the simulator failed
	Unsound                // the input could not be read or is not sound
	Different              // validation found a difference, in a run or in the block itself
)

// Error is an error that knows whose fault it is.
type Error struct {
	Fault Fault
	Err   error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Input marks an error as that of an input.
func Input(err error) error { return &Error{Unsound, err} }

// Difference marks an error as what validation found.
func Difference(err error) error { return &Error{Different, err} }

// FaultOf is the fault that an error was marked with.
func FaultOf(err error) Fault {
	var e *Error
	if errors.As(err, &e) {
		return e.Fault
	}
	return NoFault
}
