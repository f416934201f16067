package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Imported is a bundle that was made of other files.
type Imported struct {
	Bundle   *traces.Bundle
	Compared int // steps of a trace that go-ethereum executes alike in the bundle
	// Mismatch is the first difference between the trace and go-ethereum's execution of
	// the bundle, nil for none.
	Mismatch error

	claims []claim // what the trace says of the transactions
}

// Where a reconstructed block stands when the trace does not say: on mainnet in the time of
// Prague (EIP-7600).
const (
	statedNumber   = 23_000_000
	statedTime     = 1_753_000_000
	statedGasLimit = 60_000_000
)

// Accounts that stand for those that a trace does not name.
var (
	statedSender   = common.HexToAddress("0x5e4d0000000000000000000000000000000005e4")
	statedReceiver = common.HexToAddress("0x7ece0000000000000000000000000000000007ec")
)

// plenty is a balance for whoever's is not known, 2^100 wei.
var plenty = new(uint256.Int).Lsh(uint256.NewInt(1), 100)

// maxRounds bounds how often a reconstruction is executed and corrected.
const maxRounds = 50

// rebuild makes a bundle of a trace: with the block that it is of, or in a stated context.
func rebuild(file string, block *traces.Bundle) (*Imported, error) {
	s, d := newScan(), new(dialect)
	if err := stream(file, d, s.sink()); err != nil {
		return nil, err
	}
	if s.steps == 0 {
		return nil, errors.New("the trace has no step")
	}
	if s.stackless && !s.stacks {
		return nil, errNoStacks
	}
	if s.last != nil {
		s.outcome(nil)
	}
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	stated := block == nil
	if stated {
		var err error
		if block, err = s.inContext(note); err != nil {
			return nil, err
		}
	}
	if len(block.Txs) != len(s.txs) {
		return nil, fmt.Errorf("the trace has %d transactions, the block %d", len(s.txs), len(block.Txs))
	}
	senders, err := s.populate(block, note)
	if err != nil {
		return nil, err
	}
	maps.Copy(block.BlockHashes, s.hashes)
	r, rounds, err := s.correct(file, block)
	if err != nil {
		return nil, err
	}
	if rounds == maxRounds {
		note("after %d rounds of corrections values still differ", rounds)
	}
	for _, from := range slices.SortedFunc(maps.Keys(senders), common.Address.Cmp) {
		if !r.certain[balanceFact(from)] {
			note("balance of the sender %v: not in the trace, it is made large enough", from)
		}
	}
	guessed := 0
	for fact, certain := range r.certain {
		if _, ok := fact.(slotFact); ok && !certain {
			guessed++
		}
	}
	if guessed > 0 {
		note("%d slots are written before they are read: whether they were zero is known from the cost, what they held is not", guessed)
	}
	if stated {
		block = block.Again()
		if err := seal(block); err != nil {
			return nil, err
		}
	}
	block.ContentHash = traces.ContentHash(block.Prestate, block.BlockHashes)
	block.Provenance = &traces.Provenance{Source: "import", Dialect: d.String(), Warnings: notes}
	return &Imported{Bundle: block, Compared: r.compared, Mismatch: r.mismatch, claims: s.claims(d)}, block.Check()
}

// stream reads a trace once.
func stream(file string, d *dialect, to sink) error {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return err
	}
	defer closer()
	r := &reader{dec: json.NewDecoder(text), to: to, d: d}
	return r.read()
}

// errStop ends a stream whose reader has gone.
var errStop = errors.New("stopped")

// all is the steps of a trace as a sequence.
func all(file string) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		err := stream(file, new(dialect), sink{
			step: func(s *Step) error {
				if !yield(s, nil) {
					return errStop
				}
				return nil
			},
			end: func(Ending) error { return nil },
		})
		if err != nil && !errors.Is(err, errStop) && !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
}

// correct executes and corrects until nothing more is found.
func (s *scan) correct(file string, b *traces.Bundle) (*replay, int, error) {
	certain := make(map[any]bool)
	for round := 1; ; round++ {
		again := b.Again()
		pull, stop := iter.Pull2(all(file))
		r := &replay{b: again, scan: s, certain: certain, pull: pull, number: -1}
		r.advance()
		run := traces.Execution{
			Bundle: again, Hooks: r.hooks(), Before: r.before,
			Begin: func(st *gethstate.StateDB) { r.st = st },
			After: func(tx int, _ *gethstate.StateDB) { r.leave(tx + 1) },
		}
		_, err := run.Run()
		stop()
		b.Prestate = again.Prestate
		switch {
		case r.err != nil:
			return nil, round, r.err
		case err != nil:
			return nil, round, fmt.Errorf("what was reconstructed cannot be executed: %w", err)
		case r.corrections == 0 || round == maxRounds:
			return r, round, nil
		}
	}
}

// populate makes the accounts that the trace shows: code, senders.
func (s *scan) populate(b *traces.Bundle, note func(string, ...any)) (senders map[common.Address]bool, err error) {
	made := s.made()
	codes := make(map[common.Address]*code)
	for a, c := range s.codes {
		codes[a] = c
	}
	for i, tx := range b.Txs {
		c := codes[top(i)]
		delete(codes, top(i))
		if c == nil || tx.To() == nil {
			continue
		}
		if codes[*tx.To()] == nil {
			codes[*tx.To()] = c
			continue
		}
		known := codes[*tx.To()]
		for at, x := range c.bytes {
			known.set(at, x)
		}
		if c.sized {
			known.size, known.sized = c.size, true
		}
	}
	var unseen, total uint64
	for a, c := range codes {
		if made[a] || len(c.bytes) == 0 && !c.sized {
			continue
		}
		text, missing := c.assemble()
		unseen, total = unseen+missing, total+uint64(len(text))
		b.Prestate[state.Address(a)] = &state.Account{Code: text, Nonce: 1}
	}
	if unseen > 0 {
		note("code: %d of %d bytes were not executed or copied; they are filled with INVALID", unseen, total)
	}
	senders = make(map[common.Address]bool)
	for i, tx := range b.Txs {
		from, err := b.Sender(i)
		if err != nil {
			return nil, err
		}
		acct := b.Prestate[state.Address(from)]
		if acct == nil {
			acct = new(state.Account)
			b.Prestate[state.Address(from)] = acct
		}
		if !senders[from] {
			senders[from] = true
			acct.Nonce = tx.Nonce()
			acct.Balance = *plenty
		}
	}
	return senders, nil
}

// inContext makes a block around the transactions of a trace that comes without one.
func (s *scan) inContext(note func(string, ...any)) (*traces.Bundle, error) {
	word := func(op vm.OpCode, otherwise uint64) uint64 {
		if w, ok := s.context[op]; ok && w.IsUint64() {
			return w.Uint64()
		}
		return otherwise
	}
	h := &types.Header{
		Number: new(big.Int).SetUint64(word(vm.NUMBER, statedNumber)), Time: word(vm.TIMESTAMP, statedTime),
		GasLimit: word(vm.GASLIMIT, statedGasLimit), Difficulty: new(big.Int), BaseFee: new(big.Int).SetUint64(word(vm.BASEFEE, 0)),
	}
	if w, ok := s.context[vm.COINBASE]; ok {
		h.Coinbase = common.Address(w.Bytes20())
	}
	if w, ok := s.context[vm.DIFFICULTY]; ok {
		h.MixDigest = w.Bytes32()
	}
	config := *params.MainnetChainConfig
	id := word(vm.CHAINID, 1)
	config.ChainID = new(big.Int).SetUint64(id)
	note("the block: its header is not in the trace, a stated context of chain %d, fork %s is used", id, traces.Fork(&config, h))
	b := &traces.Bundle{
		Name: "imported", ChainID: id, Config: &config, Header: h, Prestate: state.Prestate{}, BlockHashes: map[uint64]common.Hash{},
	}
	nonces := make(map[common.Address]uint64)
	from := make([]common.Address, len(s.txs))
	rules := b.Rules()
	for i := range s.txs {
		t := &s.txs[i]
		from[i] = statedSender
		if t.from != nil {
			from[i] = *t.from
		} else {
			note("transaction %d: its sender is not in the trace, %v stands for it", i, statedSender)
		}
		to := statedReceiver
		if t.to != nil {
			to = *t.to
		} else {
			note("transaction %d: its receiver is not in the trace, %v stands for it", i, statedReceiver)
		}
		data, unseen := t.input()
		if unseen > 0 || !t.sized {
			note("transaction %d: %d of %d bytes of call data were not read; they are zero", i, unseen, len(data))
		}
		intrinsic, err := core.IntrinsicGas(data, nil, nil, false, rules.IsHomestead, rules.IsIstanbul, rules.IsShanghai)
		if err != nil {
			return nil, err
		}
		price := h.BaseFee
		if t.price != nil {
			price = t.price.ToBig()
		}
		b.Txs = append(b.Txs, types.NewTx(&types.LegacyTx{
			Nonce: nonces[from[i]], To: &to, Value: t.value.ToBig(), Gas: t.gas + intrinsic, GasPrice: price, Data: data,
		}))
		nonces[from[i]]++
		h.GasLimit = max(h.GasLimit, t.gas+intrinsic)
	}
	b.StateSenders(from)
	return b, complete(b)
}
