package traces

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"strings"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
)

// ChainConfig gives the fork schedule of a public chain by its id.
func ChainConfig(id uint64) (*params.ChainConfig, error) {
	for _, c := range []*params.ChainConfig{
		params.MainnetChainConfig,
		params.SepoliaChainConfig,
		params.HoleskyChainConfig,
		params.HoodiChainConfig,
	} {
		if c.ChainID.IsUint64() && c.ChainID.Uint64() == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no fork schedule for chain %d", id)
}

// CheckChainConfig makes sure that a fork schedule can be run: it is of the chain, its
// forks are in order, and every fork with blobs has a blob schedule.
func CheckChainConfig(config *params.ChainConfig, id uint64) error {
	if config.ChainID == nil || !config.ChainID.IsUint64() || config.ChainID.Uint64() != id {
		return fmt.Errorf("its chainId is %v, not %d", config.ChainID, id)
	}
	if id == 0 {
		return errors.New("its chainId is 0, and ids begin at 1")
	}
	if blobs := config.BlobScheduleConfig; blobs != nil {
		of := reflect.ValueOf(blobs).Elem() // a fork's each, whatever forks there are
		for i := range of.NumField() {
			b, _ := of.Field(i).Interface().(*params.BlobConfig)
			if b != nil && b.UpdateFraction < state.MinUpdateFraction {
				return fmt.Errorf("blobSchedule: a baseFeeUpdateFraction of %d, and %d is the least that is taken", b.UpdateFraction, state.MinUpdateFraction)
			}
		}
	}
	return config.CheckConfigForkOrder()
}

// rulesKnown are the rules that the machine has, too, as params.Rules calls them. A rule that
// go-ethereum has and this list has not is of a fork that blocks are not simulated under.
var rulesKnown = map[string]bool{
	"IsHomestead": true, "IsEIP150": true, "IsEIP155": true, "IsEIP158": true, "IsByzantium": true, "IsConstantinople": true,
	"IsPetersburg": true, "IsIstanbul": true, "IsBerlin": true, "IsEIP2929": true, "IsLondon": true, "IsMerge": true,
	"IsShanghai": true, "IsCancun": true, "IsPrague": true, "IsOsaka": true,
}

// unknownRule names a rule in force that is not known, empty for none.
func unknownRule(r params.Rules) string {
	all := reflect.ValueOf(r)
	for i := range all.NumField() {
		name := all.Type().Field(i).Name
		if on := all.Field(i); on.Kind() == reflect.Bool && on.Bool() && !rulesKnown[name] {
			return strings.TrimPrefix(name, "Is")
		}
	}
	return ""
}

// Flatten makes a fork schedule that has the rules of one block, for chains whose own
// schedule cannot be run: forks that are on at the block are on from the beginning, the
// others never, and blobs are scheduled as on mainnet where nothing else is said.
func Flatten(config *params.ChainConfig, header *types.Header) *params.ChainConfig {
	r := Rules(config, header)
	flat := &params.ChainConfig{ChainID: config.ChainID, DepositContractAddress: config.DepositContractAddress}
	zero := new(big.Int)
	for _, f := range []struct {
		on bool
		to []**big.Int
	}{
		{r.IsHomestead, []**big.Int{&flat.HomesteadBlock}},
		{r.IsEIP150, []**big.Int{&flat.EIP150Block}},
		{r.IsEIP158, []**big.Int{&flat.EIP155Block, &flat.EIP158Block}},
		{r.IsByzantium, []**big.Int{&flat.ByzantiumBlock}},
		{r.IsConstantinople, []**big.Int{&flat.ConstantinopleBlock}},
		{r.IsPetersburg, []**big.Int{&flat.PetersburgBlock}},
		{r.IsIstanbul, []**big.Int{&flat.IstanbulBlock}},
		{r.IsBerlin, []**big.Int{&flat.BerlinBlock}},
		{r.IsLondon, []**big.Int{&flat.LondonBlock}},
		{r.IsMerge, []**big.Int{&flat.TerminalTotalDifficulty}},
	} {
		for _, to := range f.to {
			if f.on {
				*to = zero
			}
		}
	}
	if r.IsShanghai {
		flat.ShanghaiTime = new(uint64)
	}
	own := config.BlobScheduleConfig
	if own == nil {
		own = new(params.BlobScheduleConfig)
	}
	if r.IsCancun {
		flat.CancunTime = new(uint64)
		flat.BlobScheduleConfig = &params.BlobScheduleConfig{Cancun: cmp.Or(own.Cancun, params.DefaultCancunBlobConfig)}
	}
	if r.IsPrague {
		flat.PragueTime = new(uint64)
		flat.BlobScheduleConfig.Prague = cmp.Or(own.Prague, params.DefaultPragueBlobConfig)
	}
	if r.IsOsaka {
		flat.OsakaTime = new(uint64)
		flat.BlobScheduleConfig.Osaka = cmp.Or(own.Osaka, params.DefaultOsakaBlobConfig)
	}
	return flat
}

// ownSchedule tells whether the bundle has to carry its fork schedule: the chain is not
// known, or is known otherwise.
func (b *Bundle) ownSchedule() bool {
	known, err := ChainConfig(b.ChainID)
	return err != nil || known != b.Config && !reflect.DeepEqual(known, b.Config)
}

// Rules gives the rules in force at a block. The Merge has no number or time of
// its own: a block whose difficulty is zero is behind it (EIP-3675).
func Rules(config *params.ChainConfig, header *types.Header) params.Rules {
	return config.Rules(header.Number, header.Difficulty.Sign() == 0, header.Time)
}

// Fork names the rules in force at a block, in lower case. Forks that change only
// the difficulty (Muir, Arrow and Gray Glacier) or blob limits have no name here.
func Fork(config *params.ChainConfig, header *types.Header) string {
	r := Rules(config, header)
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"osaka", r.IsOsaka},
		{"prague", r.IsPrague},
		{"cancun", r.IsCancun},
		{"shanghai", r.IsShanghai},
		{"paris", r.IsMerge},
		{"london", r.IsLondon},
		{"berlin", r.IsBerlin},
		{"istanbul", r.IsIstanbul},
		{"petersburg", r.IsPetersburg},
		{"constantinople", r.IsConstantinople},
		{"byzantium", r.IsByzantium},
		{"spuriousdragon", r.IsEIP158},
		{"tangerine", r.IsEIP150},
		{"homestead", r.IsHomestead},
	} {
		if f.on {
			return f.name
		}
	}
	return "frontier"
}

// Fork names the rules in force at the bundle's block.
func (b *Bundle) Fork() string { return Fork(b.Config, b.Header) }

// Rules gives the rules in force at the bundle's block.
func (b *Bundle) Rules() params.Rules { return Rules(b.Config, b.Header) }

// ReadChainConfig reads a fork schedule from a file: genesis.json, or its config alone.
func ReadChainConfig(path string) (*params.ChainConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	var genesis struct {
		Config *params.ChainConfig `json:"config"`
	}
	if err := json.Unmarshal(text, &genesis); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if genesis.Config != nil && genesis.Config.ChainID != nil {
		return genesis.Config, nil
	}
	config := new(params.ChainConfig)
	if err := json.Unmarshal(text, config); err != nil || config.ChainID == nil {
		return nil, fmt.Errorf("%s: expected genesis.json or its config, with a chainId", path)
	}
	return config, nil
}
