package config

// hierarchyKey names what state is kept in. Its choice gives values to other keys: over
// those of the preset, under whatever sets the keys themselves.
const hierarchyKey = "state.hierarchy"

// hierarchies has the values of each choice. docs/model.md has the source of every
// number. A key that a choice does not have keeps its preset's value.
var hierarchies = map[string]map[string]int{
	"ideal": {"state.near": 0, "state.far": 0, "state.interval": 0, "state.misses": unlimited},
	"dram":  {"state.near": 40, "state.far": 240, "state.interval": 0},
	"nvme":  {"state.near": 240, "state.far": 276_000, "state.interval": 3571, "state.misses": 128},
	"megaeth": {
		"state.near": 40, "state.far": 240, "state.interval": 0,
		"latency.alu": 4, "latency.shift": 6, "latency.mul": 16, "latency.div": 100, "latency.mulmod": 150, "latency.exp": 128,
		"latency.hash": 1613, "latency.load": 8, "latency.store": 4, "latency.state": 20,
	},
}
