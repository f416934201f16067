package sweep

import "github.com/ooovm/ooovm/experiments/config"

// Point is one simulation of a sweep: one block under one configuration.
type Point struct {
	Index     int
	ID        string // the first 16 digits of Identity: the name of its folder
	Identity  string // sha256 of all that its result depends on
	Block     *Input
	Values    []any // of the axes that are configuration keys: string, uint64 or bool
	Preset    string
	Hash      string // of the configuration
	Stack     string
	Policy    string
	Mapping   string // empty on one core
	Crediting string // empty on one core
	Cores     int    // 0: as many as the block has transactions
	Seed      uint64
	Oracle    bool
	Chaos     bool
	Schedule  bool
	Config    *config.Config // nil when the point was read from points.csv
}

// Status is what became of a point.
type Status string

// What can become of a point.
const (
	OK     Status = "ok"
	Wrong  Status = "wrong"  // simulated, and validation found a difference
	Failed Status = "failed" // no result
)

// Input is a block of a sweep.
type Input struct {
	Name string // file name without folder and extensions
	Path string // as the sweep file leads to it, "embedded" for the embedded block
	Hash string // sha256 of the file
	file string // where it is on this host; empty for the embedded block
}
