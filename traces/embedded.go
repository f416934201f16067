package traces

import (
	"bytes"
	_ "embed"
)

// embeddedFile is where the embedded block comes from, relative to this package.
const embeddedFile = "embedded/synthetic-mixed.json.zst"

//go:embed embedded/synthetic-mixed.json.zst
var embedded []byte

// Embedded gives the block that is part of the program, for a first look without
// any file: "synthetic-mixed", made by package generator from the project's own
// contracts. It is a mix of ether and token transfers, swaps, compute loops, one
// revert and one contract creation; how its kinds are weighted follows no chain.
func Embedded() (*Bundle, error) {
	return Read(bytes.NewReader(embedded), embeddedFile)
}
