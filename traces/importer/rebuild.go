package importer

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
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
	cut    bool    // its execution had no end in sight, and was given up
}

// Accounts that stand for those that a trace does not name.
var (
	statedSender   = common.HexToAddress("0x5e4d0000000000000000000000000000000005e4")
	statedCoinbase = common.HexToAddress("0xc0ba5e0000000000000000000000000000c0ba5e")
	statedReceiver = common.HexToAddress("0x7ece0000000000000000000000000000000007ec")
)

// plenty is a balance for whoever's is not known, 2^100 wei.
var plenty = new(uint256.Int).Lsh(uint256.NewInt(1), 100)

// maxRounds bounds how often a reconstruction is executed and corrected.
const maxRounds = 50

// enoughSteps bounds how many steps are executed to find out which fork a trace is of.
const enoughSteps = 20_000_000

// rebuild makes a bundle of a trace: with the block that it is of, or in a stated context.
func rebuild(file string, block *traces.Bundle, opt Options) (*Imported, error) {
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
	s.whole = d.costs && !d.static
	if block != nil {
		got, err := s.attempt(file, d, block, &notes{})
		if err != nil {
			return nil, err
		}
		return got.Imported, got.Bundle.Check()
	}
	settings, err := s.settings(d, opt)
	if err != nil {
		return nil, err
	}
	var best *attempt
	var why error
	executed := 0
	for _, p := range settings {
		got, err := s.alone(file, d, p)
		if err != nil {
			if why == nil {
				why = err
			}
			continue
		}
		if best == nil || got.reached > best.reached || got.reached == best.reached && best.warm && !got.warm {
			best = got
		}
		executed += s.steps * got.rounds
		if best.Mismatch == nil && !best.warm || executed > enoughSteps {
			break
		}
	}
	if best == nil {
		return nil, why
	}
	if best.Mismatch != nil {
		return best.Imported, nil // of no use
	}
	b := best.Bundle.Again()
	if err := seal(b); err != nil {
		return nil, err
	}
	b.ContentHash, b.Provenance = best.Bundle.ContentHash, best.Bundle.Provenance
	best.Bundle = b
	return best.Imported, b.Check()
}

// notes gathers what could not be known.
type notes struct{ list []string }

func (n *notes) add(format string, args ...any) {
	n.list = append(n.list, fmt.Sprintf(format, args...))
}

// attempt is what became of a trace in one block.
type attempt struct {
	*Imported
	reached int // the step at which it went another way, beyond all for none
	rounds  int
	warm    bool // access lists were needed: under another fork they may not be
}

// alone makes a bundle of a trace in a setting.
func (s *scan) alone(file string, d *dialect, p *setting) (*attempt, error) {
	n := new(notes)
	block, err := s.inContext(p, n)
	if err != nil {
		return nil, err
	}
	if d.unfinished {
		n.add("the last transaction: it ends with neither a halting instruction nor a summary; that its code ends there is assumed")
	}
	return s.attempt(file, d, block, n)
}

// attempt makes a bundle of a trace and a block.
func (s *scan) attempt(file string, d *dialect, block *traces.Bundle, n *notes) (*attempt, error) {
	if len(block.Txs) != len(s.txs) {
		return nil, fmt.Errorf("the trace has %d transactions, the block %d", len(s.txs), len(block.Txs))
	}
	senders, err := s.populate(block, n)
	if err != nil {
		return nil, err
	}
	maps.Copy(block.BlockHashes, s.hashes)
	r, rounds, err := s.correct(file, block)
	if err != nil {
		return nil, err
	}
	if rounds == maxRounds && r.corrections > 0 && r.mismatch == nil {
		r.mismatch = fmt.Errorf("after %d rounds of corrections values still differ", rounds)
	}
	for _, from := range slices.SortedFunc(maps.Keys(senders), common.Address.Cmp) {
		if !r.certain[balanceFact(from)] {
			n.add("balance of the sender %v: not in the trace, it is made large enough", from)
		}
	}
	guessed := 0
	for fact, certain := range r.certain {
		if _, ok := fact.(slotFact); ok && !certain {
			guessed++
		}
	}
	for i := range s.txs {
		if warm := s.txs[i].warm; len(warm) > 0 {
			n.add("transaction %d: %d accounts and %d slots are warm before it uses them; an access list stands for what made them so", i, len(warm), warm.StorageKeys())
		}
	}
	if guessed > 0 {
		n.add("%d slots are written before they are read: whether they were zero is known from the cost, what they held is not", guessed)
	}
	block.ContentHash = traces.ContentHash(block.Prestate, block.BlockHashes)
	block.Provenance = &traces.Provenance{Source: "import", Dialect: d.String(), Warnings: n.list}
	got := &attempt{&Imported{Bundle: block, Compared: r.compared, Mismatch: r.mismatch, claims: s.claims(d), cut: r.cut}, r.reached, rounds, false}
	for i := range s.txs {
		got.warm = got.warm || len(s.txs[i].warm) > 0
	}
	if r.mismatch == nil {
		got.reached = math.MaxInt
	}
	return got, nil
}

// stream reads a trace once.
func stream(file string, d *dialect, to sink) error {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return err
	}
	defer closer()
	return newReader(text, d, to).read()
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
		r := &replay{b: again, scan: s, certain: certain, pull: pull, number: -1, wrote: make(map[slotFact]bool)}
		r.advance()
		ends, end := context.WithCancel(context.Background())
		r.end = end
		run := traces.Execution{
			Stop:   ends,
			Bundle: again, Hooks: r.hooks(), Before: r.before,
			Begin: func(st *gethstate.StateDB) { r.st = st },
			After: func(tx int, _ *gethstate.StateDB) { r.leave(tx + 1) },
		}
		_, err := run.Run()
		end()
		stop()
		b.Prestate = again.Prestate
		if r.relisted && r.err == nil && err == nil {
			err = s.relist(b)
		}
		switch {
		case r.err != nil:
			return nil, round, r.err
		case r.cut:
			return r, round, nil
		case err != nil:
			return nil, round, fmt.Errorf("what was reconstructed cannot be executed: %w", err)
		case r.corrections == 0 || round == maxRounds:
			return r, round, nil
		}
	}
}

// populate makes the accounts that the trace shows: code, senders.
func (s *scan) populate(b *traces.Bundle, n *notes) (senders map[common.Address]bool, err error) {
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
		n.add("code: %d of %d bytes were not executed or copied; they are filled with INVALID", unseen, total)
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
		cost, over := uint256.FromBig(tx.Cost())
		if over {
			return nil, fmt.Errorf("transaction %d: its gas, value and price make a cost above 256 bits", i)
		}
		if acct.Balance.Lt(cost) {
			acct.Balance = *cost // the balance is more than any other one's by far
		}
	}
	return senders, nil
}

// inContext makes a block around the transactions of a trace that comes without one.
func (s *scan) inContext(p *setting, n *notes) (*traces.Bundle, error) {
	h, err := s.head(p)
	if err != nil {
		return nil, err
	}
	id := p.config.ChainID.Uint64()
	n.add("the block: its header is not in the trace, a stated context of chain %d, fork %s is used", id, p.fork)
	b := &traces.Bundle{
		Name: "imported", ChainID: id, Config: p.config, Header: h, Prestate: state.Prestate{}, BlockHashes: map[uint64]common.Hash{},
		Memory: s.memory,
	}
	nonces := make(map[common.Address]uint64)
	from := make([]common.Address, len(s.txs))
	for i := range s.txs {
		t := &s.txs[i]
		t.warm = nil
		from[i] = statedSender
		switch {
		case t.origin != nil:
			from[i] = *t.origin
		case t.outer.caller != nil:
			from[i] = *t.outer.caller
		default:
			n.add("transaction %d: its sender is not in the trace, %v stands for it", i, statedSender)
		}
		tx, err := t.transaction(i, b, nonces[from[i]], n)
		if err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
		b.Txs = append(b.Txs, tx)
		nonces[from[i]]++
	}
	s.limit(b)
	b.StateSenders(from)
	return b, complete(b)
}

// limit makes room in the block for all its transactions: whatever each of them uses, the next one has
// its gas.
func (s *scan) limit(b *traces.Bundle) {
	var gas uint64
	for _, tx := range b.Txs {
		gas += tx.Gas()
	}
	if _, shown := s.word(vm.GASLIMIT); !shown {
		b.Header.GasLimit = max(b.Header.GasLimit, gas)
	}
}

// standIn is the account that stands for a receiver that is not in the trace. Each
// transaction has its own: two that run other code, or find other storage, are not of one
// account, and two that are of one are told the same by two.
func standIn(tx int) common.Address {
	to := statedReceiver
	binary.BigEndian.PutUint32(to[:4], binary.BigEndian.Uint32(to[:4])+uint32(tx)<<24+uint32(tx)>>8)
	return to
}

// transaction makes a transaction of what its steps tell.
func (t *scannedTx) transaction(i int, b *traces.Bundle, nonce uint64, n *notes) (*types.Transaction, error) {
	h, rules := b.Header, b.Rules()
	to := standIn(i)
	if t.outer.address != nil {
		to = *t.outer.address
	} else {
		n.add("transaction %d: its receiver is not in the trace, %v stands for it", i, to)
	}
	data, unseen := t.input()
	switch {
	case unseen > 0:
		n.add("transaction %d: %d of %d bytes of call data were not read; they are zero", i, unseen, len(data))
	case !t.sized:
		n.add("transaction %d: the size of its call data is not in the trace; it has %d bytes", i, len(data))
	}
	intrinsic, err := core.IntrinsicGas(data, t.warm, nil, false, rules.IsHomestead, rules.IsIstanbul, rules.IsShanghai)
	if err != nil {
		return nil, err
	}
	gas := t.gas + intrinsic
	if rules.IsOsaka && gas > params.MaxTxGas {
		n.add("transaction %d: it has %d gas, and %d is the most that %s allows (EIP-7825): it has that, and steps are compared by what they use", i, gas, params.MaxTxGas, b.Fork())
		gas = params.MaxTxGas
	}
	price := new(big.Int)
	if h.BaseFee != nil {
		price = h.BaseFee
	}
	if t.price != nil {
		if price.Cmp(t.price.ToBig()) > 0 {
			return nil, fmt.Errorf("its gas price is %v, below the block's base fee of %v", t.price.ToBig(), price)
		}
		price = t.price.ToBig()
	}
	value := new(uint256.Int)
	if t.outer.value != nil {
		value = t.outer.value
	}
	switch {
	case len(t.blobs) == 0 && len(t.warm) > 0:
		return types.NewTx(&types.AccessListTx{
			ChainID: new(big.Int).SetUint64(b.ChainID), Nonce: nonce, To: &to, Value: value.ToBig(), Gas: gas, GasPrice: price, Data: data, AccessList: t.warm,
		}), nil
	case len(t.blobs) == 0:
		return types.NewTx(&types.LegacyTx{Nonce: nonce, To: &to, Value: value.ToBig(), Gas: gas, GasPrice: price, Data: data}), nil
	}
	hashes, err := t.blobHashes(i, n)
	if err != nil {
		return nil, err
	}
	fee, err := state.BlobBaseFee(b.Config, h.Time, *cmp.Or(h.ExcessBlobGas, new(uint64)))
	if err != nil {
		return nil, err
	}
	return types.NewTx(&types.BlobTx{
		ChainID: uint256.NewInt(b.ChainID), Nonce: nonce, To: to, Value: value, Gas: gas, Data: data,
		GasTipCap: uint256.MustFromBig(price), GasFeeCap: uint256.MustFromBig(price), BlobFeeCap: uint256.MustFromBig(fee), BlobHashes: hashes,
		AccessList: t.warm,
	}), nil
}

// blobVersion begins the hash of every blob (EIP-4844).
const blobVersion = 1

// blobHashes lists the hashes of a transaction's blobs up to the last that BLOBHASH has found.
func (t *scannedTx) blobHashes(i int, n *notes) ([]common.Hash, error) {
	last := slices.Max(slices.Collect(maps.Keys(t.blobs)))
	if last >= maxBlobs {
		return nil, fmt.Errorf("BLOBHASH finds blob %d, and no transaction has so many", last)
	}
	hashes := make([]common.Hash, last+1)
	for at := range hashes {
		hash, seen := t.blobs[uint64(at)]
		switch {
		case !seen:
			hash[0] = blobVersion
			n.add("transaction %d: the hash of its blob %d is not in the trace, %v stands for it", i, at, hash)
		case hash[0] != blobVersion:
			return nil, fmt.Errorf("BLOBHASH finds %v, which is no hash of a blob: it does not begin with 0x01", hash)
		}
		hashes[at] = hash
	}
	return hashes, nil
}

// maxBlobs bounds what a trace can make of a transaction's blobs: no schedule allows as many.
const maxBlobs = 128
