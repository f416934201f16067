package traces

import (
	"bytes"
	_ "embed"
)

// embeddedFile is where the embedded block comes from, relative to this package.
const embeddedFile = "embedded/synthetic-mix.json.zst"

//go:generate go run github.com/ooovm/ooovm/cmd/ooovm trace gen --workload mainnet-mix --transactions 120 --seed 1 -o embedded/synthetic-mix.json.zst

//go:embed embedded/synthetic-mix.json.zst
var embedded []byte

// Embedded gives the block that is part of the program, for a first look without
// any file: "synthetic-mix", made by package generator from the project's own
// contracts. It is the workload mainnet-mix, whose transactions are weighted to the
// instructions and conflicts of real blocks; docs/traces.md compares them.
func Embedded() (*Bundle, error) {
	return Read(bytes.NewReader(embedded), embeddedFile)
}
