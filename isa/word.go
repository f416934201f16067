// Package isa defines the micro-operations of the simulated machine: one table
// row each (name, class, unit, operands) and their pure value semantics. It
// knows no timing, no state and no instruction set's opcode numbers.
package isa

import "github.com/holiman/uint256"

// Word is the machine's 256-bit word: four 64-bit limbs, least significant
// first. It is a plain value; copying it copies the number.
type Word = uint256.Int
