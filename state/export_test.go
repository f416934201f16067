package state

import "github.com/ethereum/go-ethereum/core/vm"

// For the tests outside the package: what runs go-ethereum on a World, and a
// StateDB with the contents of a Prestate.
var (
	NewHost      = func(w *World) vm.StateDB { return host{w} }
	NewStateDB   = newStateDB
	BlockContext = (*BlockEnv).BlockContext
)
