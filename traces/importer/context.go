package importer

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sort"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// era is a fork as mainnet had it, with the block that a trace of it is taken to be of when it does
// not say: the fork's first one.
type era struct {
	fork         string // as traces.Fork names it
	rules        string // as fixtures.Config names it
	number, time uint64
}

// eras are mainnet's, in order. Constantinople was never in force there: its first block is
// Petersburg's. Prague's is one of its middle, as the importer has always used it.
var eras = []era{
	{"frontier", "Frontier", 1, 1_438_269_988},
	{"homestead", "Homestead", 1_150_000, 1_457_981_393},
	{"tangerine", "EIP150", 2_463_000, 1_476_796_771},
	{"spuriousdragon", "EIP158", 2_675_000, 1_479_831_344},
	{"byzantium", "Byzantium", 4_370_000, 1_508_131_331},
	{"constantinople", "Constantinople", 7_280_000, 1_551_383_524},
	{"petersburg", "ConstantinopleFix", 7_280_000, 1_551_383_524},
	{"istanbul", "Istanbul", 9_069_000, 1_575_764_709},
	{"berlin", "Berlin", 12_244_000, 1_618_481_223},
	{"london", "London", 12_965_000, 1_628_166_822},
	{"paris", "Paris", firstMerged, 1_663_224_179},
	{"shanghai", "Shanghai", 17_034_870, 1_681_338_455},
	{"cancun", "Cancun", 19_426_587, 1_710_338_135},
	{"prague", "Prague", 23_000_000, 1_753_000_000},
	{"osaka", "Osaka", 23_935_694, 1_764_798_551},
}

// firstMerged is mainnet's first block without proof of work.
const firstMerged = 15_537_394

// usual is the fork that is tried first where nothing speaks for another one.
const usual = "prague"

const (
	statedGasLimit   = 60_000_000
	statedDifficulty = 131_072 // the least that there can be (Yellow Paper, 4.4.4)
)

func eraOf(fork string) *era {
	i := slices.IndexFunc(eras, func(e era) bool { return e.fork == fork })
	return &eras[i]
}

func (e *era) merged() bool { return e.number >= firstMerged }

// timeOf and numberOf follow mainnet: what is between two forks is interpolated.
func timeOf(number uint64) uint64 {
	return between(number, func(e *era) uint64 { return e.number }, func(e *era) uint64 { return e.time }, 12, 1)
}

func numberOf(time uint64) uint64 {
	return between(time, func(e *era) uint64 { return e.time }, func(e *era) uint64 { return e.number }, 1, 12)
}

// between interpolates from one coordinate to the other. After the last era there are rise steps of the
// other coordinate for run of this one.
func between(at uint64, x, y func(*era) uint64, rise, run uint64) uint64 {
	i := sort.Search(len(eras), func(i int) bool { return x(&eras[i]) > at })
	if i == 0 {
		return y(&eras[0])
	}
	from := &eras[i-1]
	if i == len(eras) {
		return y(from) + min(at-x(from), math.MaxUint32)*rise/run
	}
	to := &eras[i]
	return y(from) + (at-x(from))*(y(to)-y(from))/(x(to)-x(from))
}

// setting is where a block stands for whose header there is only the trace: rules, number and time
// that go together.
type setting struct {
	*era
	config       *params.ChainConfig
	number, time uint64
	coinbase     common.Address // where COINBASE is not read
}

func (p *setting) header() *types.Header {
	h := &types.Header{Number: new(big.Int).SetUint64(p.number), Time: p.time, Difficulty: new(big.Int), Coinbase: p.coinbase}
	if !p.merged() {
		h.Difficulty.SetUint64(statedDifficulty)
	}
	return h
}

func (p *setting) holds() bool { return traces.Fork(p.config, p.header()) == p.fork }

// lacks finds an instruction that the trace executes and the setting's rules do not have.
func (p *setting) lacks(s *scan) *Step {
	table, err := vm.LookupInstructionSet(traces.Rules(p.config, p.header()))
	if err != nil {
		return nil
	}
	for op := range 256 {
		if step := s.ops[vm.OpCode(op)]; step != nil && op != int(vm.STOP) && !table[op].HasCost() {
			return step
		}
	}
	return nil
}

// word is a value of the block that the trace shows.
func (s *scan) word(op vm.OpCode) (uint64, bool) {
	w, ok := s.context[op]
	return w.Uint64(), ok
}

// numbers bounds the block's number: BLOCKHASH knows the 256 blocks before it.
func (s *scan) numbers() (least, most uint64, err error) {
	most = math.MaxInt64 // more than any chain will have, and few enough to be added to
	for n := range s.hashes {
		least, most = max(least, n+1), min(most, n+256)
	}
	if least > most {
		return 0, 0, fmt.Errorf("BLOCKHASH finds blocks %d and %d, and no block sees both", most-256, least-1)
	}
	n, ok := s.word(vm.NUMBER)
	switch {
	case ok && (n < least || n > most):
		return 0, 0, fmt.Errorf("NUMBER is %d, and BLOCKHASH finds a block's hash from %d to %d only", n, least, most)
	case ok:
		return n, n, nil
	}
	return least, most, nil
}

// settings lists where the block may stand, the likeliest first: what was asked for, or what the
// trace says of itself (its runner's fork, a number or time that only a chain has), and
// otherwise the usual fork and then the newest. Only those are listed that have every
// instruction the trace executes.
func (s *scan) settings(d *dialect, opt Options) ([]*setting, error) {
	if s.clash != nil {
		return nil, s.clash
	}
	for _, op := range []vm.OpCode{vm.NUMBER, vm.TIMESTAMP, vm.GASLIMIT, vm.CHAINID} {
		if w, ok := s.context[op]; ok && !w.IsUint64() {
			return nil, fmt.Errorf("%v is %s, which is not a 64-bit number", op, w.Hex())
		}
	}
	if _, _, err := s.numbers(); err != nil {
		return nil, err
	}
	schedule, err := s.schedule(opt)
	if err != nil {
		return nil, err
	}
	if opt.Fork != "" {
		p, err := s.within(schedule, eraByRules(opt.Fork), opt)
		if err != nil {
			return nil, err
		}
		if step := p.lacks(s); step != nil {
			return nil, s.lacking(p.fork, step)
		}
		return s.coinbases(p), nil
	}
	var forks []string
	if name, ok := fixtures.Fork(d.fork); ok {
		forks = append(forks, eraByRules(name).fork)
	}
	number, numbered := s.word(vm.NUMBER)
	time, timed := s.word(vm.TIMESTAMP)
	if !timed {
		time = timeOf(number)
	}
	if !numbered {
		number = numberOf(time)
	}
	// Tests number and date their blocks from 0; that is no evidence of mainnet's first years.
	const tests = 1_000_000
	if (numbered || timed) && (opt.Config != nil || number >= tests && time > eras[0].time) {
		for _, e := range []string{usual, "london"} { // on either side of the Merge
			p := setting{era: eraOf(e), config: schedule, number: number, time: time}
			if p.merged() == (number >= firstMerged) || schedule != params.MainnetChainConfig {
				forks = append(forks, traces.Fork(schedule, p.header()))
			}
		}
	}
	forks = append(forks, usual)
	for i := range eras {
		forks = append(forks, eras[len(eras)-1-i].fork)
	}
	var list []*setting
	var why error
	for i, fork := range forks {
		if slices.Contains(forks[:i], fork) {
			continue
		}
		p, err := s.within(schedule, eraOf(fork), opt)
		switch {
		case err != nil:
			why = errors.Join(err, why)
		case p.lacks(s) != nil:
			why = errors.Join(why, s.lacking(p.fork, p.lacks(s)))
		default:
			list = append(list, s.coinbases(p)...)
		}
	}
	if len(list) == 0 {
		var one interface{ Unwrap() []error }
		if errors.As(why, &one) {
			why = one.Unwrap()[0]
		}
		return nil, why
	}
	return list, nil
}

// coinbases adds the setting with another coinbase than address 0, if it can matter: the coinbase is warm
// from Shanghai on (EIP-3651), and the trace shows no other one, but uses address 0.
func (s *scan) coinbases(p *setting) []*setting {
	if _, shown := s.context[vm.COINBASE]; shown || !s.zero || !traces.Rules(p.config, p.header()).IsShanghai {
		return []*setting{p}
	}
	other := *p
	other.coinbase = statedCoinbase
	return []*setting{p, &other}
}

// eraByRules finds the era of a fork that fixtures know. Forks that change neither instructions nor
// gas are the one before them.
func eraByRules(name string) *era {
	if i := slices.IndexFunc(eras, func(e era) bool { return e.rules == name }); i >= 0 {
		return &eras[i]
	}
	p := setting{era: eraOf(usual), config: fixtures.Config(name, 1)}
	if p.config.TerminalTotalDifficulty == nil {
		p.era = eraOf("london")
	}
	e := *eraOf(traces.Fork(p.config, p.header()))
	e.rules = name
	return &e
}

// lacking says which forks have an instruction that one has not.
func (s *scan) lacking(fork string, step *Step) error {
	text := fmt.Sprintf("transaction %d executes %v at pc %#x, which %s does not have", step.Tx, step.Op, step.PC, fork)
	for i := range eras {
		p := setting{era: &eras[i], config: fixtures.Config(eras[i].rules, 1)}
		p.number, p.time = eras[i].number, eras[i].time
		if table, err := vm.LookupInstructionSet(traces.Rules(p.config, p.header())); err == nil && table[step.Op].HasCost() {
			return fmt.Errorf("%s: %s was the first fork with it (--fork %s)", text, p.fork, p.fork)
		}
	}
	return fmt.Errorf("%s, nor any other fork that is known", text)
}

// schedule is the fork schedule of the chain: the one given, a known chain's, or mainnet's under
// another id.
func (s *scan) schedule(opt Options) (*params.ChainConfig, error) {
	id, shown := s.word(vm.CHAINID)
	switch {
	case shown && id == 0:
		return nil, errors.New("CHAINID is 0, which no chain has")
	case opt.Config != nil && shown && opt.Config.ChainID.Uint64() != id:
		return nil, fmt.Errorf("CHAINID is %d in the trace, and %v in the chain configuration", id, opt.Config.ChainID)
	case opt.Config != nil:
		return opt.Config, traces.CheckChainConfig(opt.Config, opt.Config.ChainID.Uint64())
	case !shown:
		id = max(opt.ChainID, 1)
	}
	if known, err := traces.ChainConfig(id); err == nil {
		return known, nil
	}
	config := *params.MainnetChainConfig
	config.ChainID = new(big.Int).SetUint64(id)
	return &config, nil
}

// within finds a block of a fork in a schedule that agrees with what the trace shows. Where there is
// none, the block gets a schedule of its own, in which the fork has always been.
func (s *scan) within(schedule *params.ChainConfig, e *era, opt Options) (*setting, error) {
	least, most, err := s.numbers()
	if err != nil {
		return nil, err
	}
	stated := min(max(e.number, least), most)
	time, timed := s.word(vm.TIMESTAMP)
	numbers := []uint64{stated, least, most}
	times := []uint64{time}
	if timed {
		numbers = append(numbers, numberOf(time))
	}
	numbers = append(numbers, forkBlocks(schedule)...)
	mainnet := schedule == params.MainnetChainConfig
	known := e.rules == eraOf(e.fork).rules // a fork without rules of its own has no block on mainnet that tells it
	for _, n := range numbers {
		unmerged := e.merged() && schedule.TerminalTotalDifficulty == nil // EIP-3675: the chain never leaves proof of work
		if !known && opt.Config == nil || n < least || n > most || unmerged || mainnet && (n >= firstMerged) != e.merged() {
			continue
		}
		if !timed {
			times = []uint64{timeOf(n), e.time}
			if n == e.number {
				times[0] = e.time
			}
			times = append(times, forkTimes(schedule)...)
		}
		for _, t := range times {
			if p := (&setting{era: e, config: schedule, number: n, time: t}); p.holds() {
				return p, nil
			}
		}
	}
	if opt.Config != nil {
		return nil, fmt.Errorf("the chain configuration has no block of %s%s", e.fork, s.where(least, most))
	}
	if !timed {
		time = e.time
	}
	config := fixtures.Config(e.rules, schedule.ChainID.Uint64())
	if e.fork == "constantinople" {
		config.PetersburgBlock = new(big.Int).SetUint64(math.MaxInt64) // after every block
	}
	return &setting{era: e, config: config, number: stated, time: time}, nil
}

// where says what of a block's place the trace fixes.
func (s *scan) where(least, most uint64) string {
	var parts []string
	if least == most {
		parts = append(parts, fmt.Sprintf(" with number %d", least))
	} else if len(s.hashes) > 0 {
		parts = append(parts, fmt.Sprintf(" with a number from %d to %d", least, most))
	}
	if t, ok := s.word(vm.TIMESTAMP); ok {
		parts = append(parts, fmt.Sprintf(" with timestamp %d", t))
	}
	return strings.Join(parts, " and")
}

// forkBlocks and forkTimes list where a schedule changes.
func forkBlocks(c *params.ChainConfig) (list []uint64) {
	for _, n := range []*big.Int{
		new(big.Int), c.HomesteadBlock, c.EIP150Block, c.EIP158Block, c.ByzantiumBlock, c.ConstantinopleBlock, c.PetersburgBlock, c.IstanbulBlock,
		c.BerlinBlock, c.LondonBlock, c.MergeNetsplitBlock,
	} {
		if n != nil && n.IsUint64() {
			list = append(list, n.Uint64())
		}
	}
	return list
}

func forkTimes(c *params.ChainConfig) []uint64 {
	list := []uint64{0}
	for _, t := range []*uint64{c.ShanghaiTime, c.CancunTime, c.PragueTime, c.OsakaTime} {
		if t != nil {
			list = append(list, *t)
		}
	}
	return list
}

// head makes the header: where the block stands, and what the trace shows of it.
func (s *scan) head(p *setting) (*types.Header, error) {
	h := p.header()
	rules := traces.Rules(p.config, h)
	h.GasLimit = statedGasLimit
	if limit, ok := s.word(vm.GASLIMIT); ok {
		h.GasLimit = limit
	}
	if w, ok := s.context[vm.COINBASE]; ok {
		h.Coinbase = common.Address(w.Bytes20())
	}
	switch w, ok := s.context[vm.DIFFICULTY]; {
	case ok && rules.IsMerge:
		h.MixDigest = w.Bytes32() // EIP-4399
	case ok && w.IsZero():
		return nil, fmt.Errorf("DIFFICULTY is 0, which no block of %s can have", p.fork)
	case ok:
		h.Difficulty = w.ToBig()
	}
	if rules.IsLondon {
		fee := s.context[vm.BASEFEE]
		h.BaseFee = fee.ToBig()
	}
	if fee, ok := s.context[vm.BLOBBASEFEE]; ok && rules.IsCancun {
		h.ExcessBlobGas = new(uint64)
		*h.ExcessBlobGas, ok = excessOf(p.config, h.Time, fee.ToBig())
		if !ok {
			return nil, fmt.Errorf("BLOBBASEFEE is %v, and no excess blob gas makes that under %s", fee.ToBig(), p.fork)
		}
	}
	return h, nil
}

// excessOf finds the least excess blob gas with a blob base fee (EIP-4844), which rises with it.
func excessOf(config *params.ChainConfig, time uint64, fee *big.Int) (uint64, bool) {
	excess := uint64(sort.Search(state.MaxExcessBlobGas, func(x int) bool {
		of, err := state.BlobBaseFee(config, time, uint64(x))
		return err != nil || of.Cmp(fee) >= 0
	}))
	of, err := state.BlobBaseFee(config, time, excess)
	return excess, err == nil && of.Cmp(fee) == 0
}
