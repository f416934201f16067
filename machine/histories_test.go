package machine

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// A campaign is this test with -histories; docs/validation.md has its totals.
var (
	histories   = flag.Uint64("histories", 3000, "random histories that TestHistories runs")
	historyFrom = flag.Uint64("history-from", 0, "number of the first of them")
)

const (
	historyAccounts = 4
	historySlots    = 3
)

// history is a few transactions on few accounts, so that they meet: what one destroys
// the next funds, and the one after creates again.
type history struct {
	pre         state.Prestate
	deleteEmpty bool // EIP-158
	cancun      bool // EIP-6780
	txs         [][]step
}

// step is one thing that a transaction does or asks, as the decoder does it.
type step func(w *state.World, said *strings.Builder)

func account(i int) state.Address { return state.Address{0: 0xa0, 19: byte(i + 1)} }

func newHistory(r *rand.Rand) *history {
	h := &history{pre: state.Prestate{}, deleteEmpty: r.IntN(4) > 0, cancun: r.IntN(3) == 0}
	for i := range historyAccounts {
		if acct := randomAccount(r); acct != nil {
			h.pre[account(i)] = acct
		}
	}
	for range 2 + r.IntN(5) {
		var tx []step
		for range 1 + r.IntN(4) {
			tx = append(tx, h.randomStep(r, 0))
		}
		h.txs = append(h.txs, tx)
	}
	return h
}

// randomAccount is absent, empty, funded, a contract, or, as only genesis files and
// state tests have it, one with storage and nothing else (EIP-7610).
func randomAccount(r *rand.Rand) *state.Account {
	acct := &state.Account{Storage: map[isa.Word]isa.Word{}}
	kind := r.IntN(6)
	switch kind {
	case 0:
		return nil
	case 1:
		return acct
	case 2:
		acct.Balance, acct.Nonce = isa.Word{uint64(r.IntN(30))}, uint64(r.IntN(3))
	case 3, 4:
		acct.Balance, acct.Nonce, acct.Code = isa.Word{uint64(r.IntN(30))}, uint64(r.IntN(2)), []byte{0}
	}
	if kind > 2 {
		for slot := range uint64(historySlots) {
			if v := uint64(r.IntN(3)); r.IntN(2) == 0 {
				acct.Storage[isa.Word{slot}] = isa.Word{v} // a listed zero is one, too
			}
		}
	}
	return acct
}

func (h *history) randomStep(r *rand.Rand, depth int) step {
	a, b := account(r.IntN(historyAccounts)), account(r.IntN(historyAccounts))
	slot, n := isa.Word{uint64(r.IntN(historySlots))}, isa.Word{uint64(r.IntN(12))}
	switch kind := r.IntN(12); kind {
	case 0, 1:
		return pay(a, b, n)
	case 2:
		return func(w *state.World, _ *strings.Builder) { w.Credit(a, &n) }
	case 3, 4:
		return h.create(r, a, b, depth)
	case 5, 6:
		return h.destroy(a, b)
	case 7:
		return store(a, slot, isa.Word{uint64(r.IntN(3))})
	case 8:
		return delegate(a, r.IntN(3) > 0)
	case 9:
		return func(w *state.World, _ *strings.Builder) { w.Touch(a) }
	case 10:
		if depth < 2 {
			return undone(h.randomStep(r, depth+1), h.randomStep(r, depth+1))
		}
	}
	questions := asks(a, slot, n)
	q := questions[r.IntN(len(questions))]
	return func(w *state.World, said *strings.Builder) { said.WriteString(q.ask(w)) }
}

func undone(steps ...step) step {
	return func(w *state.World, said *strings.Builder) {
		mark := w.Snapshot()
		for _, s := range steps {
			s(w, said)
		}
		w.Revert(mark)
	}
}

func pay(from, to state.Address, n isa.Word) step {
	return func(w *state.World, said *strings.Builder) {
		can := w.CanPay(from, &n)
		fmt.Fprintf(said, "pay %v;", can)
		if can {
			w.SubBalance(from, &n)
			w.AddBalance(to, &n)
		}
	}
}

// create is a creation at a given address, collision, endowment, constructor and all;
// some constructors store, some fail, some destroy what they make.
func (h *history) create(r *rand.Rand, a, creator state.Address, depth int) step {
	value := isa.Word{uint64(r.IntN(4))}
	var constructor []step
	for range r.IntN(3) {
		slot, v := isa.Word{uint64(r.IntN(historySlots))}, isa.Word{uint64(r.IntN(3))}
		constructor = append(constructor, func(w *state.World, _ *strings.Builder) { w.SetStorage(a, &slot, &v) })
	}
	if depth < 2 && r.IntN(3) == 0 {
		constructor = append(constructor, h.randomStep(r, depth+1))
	}
	code, fails, destroys := slices.Repeat([]byte{0}, r.IntN(3)), r.IntN(4) == 0, r.IntN(4) == 0
	return func(w *state.World, said *strings.Builder) {
		taken := w.Nonce(a) != 0 || len(w.Code(a)) != 0 || w.HasStorage(a)
		fmt.Fprintf(said, "create %v;", taken)
		if taken || !w.CanPay(creator, &value) {
			return
		}
		mark := w.Snapshot()
		if !w.Exist(a) {
			w.CreateAccount(a)
		}
		w.MarkContract(a)
		if h.deleteEmpty { // EIP-161 came with EIP-158
			w.SetNonce(a, 1)
		}
		w.SubBalance(creator, &value)
		w.AddBalance(a, &value)
		for _, s := range constructor {
			s(w, said)
		}
		if destroys {
			h.selfDestruct(w, a, creator)
		}
		if fails {
			w.Revert(mark)
			return
		}
		if len(code) > 0 {
			w.SetCode(a, code)
		}
	}
}

func (h *history) destroy(a, to state.Address) step {
	return func(w *state.World, said *strings.Builder) {
		if is := len(w.Code(a)) > 0; is {
			h.selfDestruct(w, a, to)
		}
	}
}

func (h *history) selfDestruct(w *state.World, a, to state.Address) {
	balance := w.Balance(a)
	if h.cancun {
		w.SubBalance(a, &balance)
		w.AddBalance(to, &balance)
		w.SelfDestruct6780(a)
		return
	}
	w.AddBalance(to, &balance)
	w.SelfDestruct(a)
}

// store is an SSTORE of a contract, which asks for the original value too.
func store(a state.Address, slot, v isa.Word) step {
	return func(w *state.World, said *strings.Builder) {
		if len(w.Code(a)) == 0 {
			return
		}
		original, now := w.Original(a, &slot), w.Storage(a, &slot)
		fmt.Fprintf(said, "store over %s %s;", original.Hex(), now.Hex())
		w.SetStorage(a, &slot, &v)
	}
}

// delegate sets or clears a delegation (EIP-7702).
func delegate(a state.Address, sets bool) step {
	return func(w *state.World, said *strings.Builder) {
		code, nonce := w.Code(a), w.Nonce(a)
		fmt.Fprintf(said, "delegate %x %d %v;", code, nonce, w.Exist(a))
		if len(code) > 0 && code[0] != 0xef {
			return
		}
		w.SetNonce(a, nonce+1)
		if sets {
			w.SetCode(a, []byte{0xef, 0x01, byte(nonce)})
		} else {
			w.SetCode(a, nil)
		}
	}
}

// question is one thing that the core, the envelope or a policy asks of a world.
type question struct {
	name string
	ask  func(*state.World) string
}

// asks lists every question about an account, one of its slots and an amount.
func asks(a state.Address, slot, n isa.Word) []question {
	return append(slotAsks(a, slot),
		question{"Exist", says(func(w *state.World) bool { return w.Exist(a) })},
		question{"Empty", says(func(w *state.World) bool { return w.Empty(a) })},
		question{"Balance", says(func(w *state.World) isa.Word { return w.Balance(a) })},
		question{"CanPay", says(func(w *state.World) bool { return w.CanPay(a, &n) })},
		question{"Nonce", says(func(w *state.World) uint64 { return w.Nonce(a) })},
		question{"Code", says(func(w *state.World) []byte { return w.Code(a) })},
		question{"CodeHash", says(func(w *state.World) state.Hash { return w.CodeHash(a) })},
		question{"HasStorage", says(func(w *state.World) bool { return w.HasStorage(a) })},
		question{"HasSelfDestructed", says(func(w *state.World) bool { return w.HasSelfDestructed(a) })},
	)
}

func slotAsks(a state.Address, slot isa.Word) []question {
	return []question{
		{"Storage", says(func(w *state.World) isa.Word { return w.Storage(a, &slot) })},
		{"Original", says(func(w *state.World) isa.Word { return w.Original(a, &slot) })},
	}
}

// peeks lists the questions of the speculative side, which nothing committed depends on.
func peeks(a state.Address, slot isa.Word) []question {
	return []question{
		{"PeekBalance", says(func(w *state.World) isa.Word { return w.PeekBalance(a) })},
		{"PeekCode", says(func(w *state.World) []byte { return w.PeekCode(a) })},
		{"PeekCodeHash", says(func(w *state.World) state.Hash { return w.PeekCodeHash(a) })},
		{"PeekEmpty", says(func(w *state.World) bool { return w.PeekEmpty(a) })},
		{"PeekStorage", says(func(w *state.World) isa.Word { return w.PeekStorage(a, &slot) })},
	}
}

func says[T any](f func(*state.World) T) func(*state.World) string {
	return func(w *state.World) string { return fmt.Sprintf("%v;", f(w)) }
}

// play runs one transaction on a world and returns all that it was told.
func (h *history) play(w *state.World, tx int) string {
	var said strings.Builder
	w.BeginTx()
	for _, s := range h.txs[tx] {
		s(w, &said)
	}
	w.EndTx(h.deleteEmpty)
	return said.String()
}

// incarnation runs one transaction over the view that it has at present.
func (h *history) incarnation(store *state.Versions, c state.Crediting, tx, number int) (x *Incarnation, said string) {
	var now isa.Cycle
	x = &Incarnation{Tx: tx, Number: number, view: newView(store, tx, &now, nil)}
	w := state.NewView(&x.view, c)
	said = h.play(w, tx)
	x.Writes = slices.Clone(w.Writes())
	return x, said
}

// TestHistories: whatever transactions do to accounts, one that runs over the
// multi-version state is told what a plain world tells it, or is found stale; and
// every question about every account is answered as of the transaction that asks.
func TestHistories(t *testing.T) {
	for seed := *historyFrom; seed < *historyFrom+*histories; seed++ {
		if err := runHistory(seed); err != nil {
			t.Fatalf("history %d: %v", seed, err)
		}
	}
}

func runHistory(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0))
	h := newHistory(r)
	crediting, byValue := state.Crediting(r.IntN(len(state.Creditings))), r.IntN(2) == 0
	plain, origin := state.NewWorld(h.pre), state.NewWorld(h.pre)
	store := state.NewVersions(origin, len(h.txs))
	latest, said := make([]*Incarnation, len(h.txs)), make([]string, len(h.txs))
	begin := func(tx int) {
		number := 0
		if latest[tx] != nil {
			number = latest[tx].Number + 1
		}
		latest[tx], said[tx] = h.incarnation(store, crediting, tx, number)
	}
	publish := func(tx int) { store.Publish(latest[tx].version(), latest[tx].Writes) }

	for range r.IntN(2 * len(h.txs)) { // ahead of their turn, on whatever is there
		tx := r.IntN(len(h.txs))
		if begin(tx); r.IntN(4) > 0 {
			publish(tx)
		}
		if r.IntN(4) == 0 {
			store.Expect(tx)
		}
	}
	for tx := range h.txs {
		want := h.play(plain, tx)
		x := latest[tx]
		if x == nil || x.view.blocked != none || byValue && !x.Unchanged() || !byValue && !x.Current() {
			begin(tx)
		}
		publish(tx)
		if said[tx] != want {
			return fmt.Errorf("transaction %d, incarnation %d, %s: was told %s, a plain world says %s",
				tx, latest[tx].Number, state.Creditings[crediting], said[tx], want)
		}
		if err := h.askAll(store, crediting, plain, tx+1); err != nil {
			return fmt.Errorf("after transaction %d: %w", tx, err)
		}
	}
	for _, x := range latest {
		origin.Apply(x.Writes)
	}
	for i := range historyAccounts {
		got, exists := origin.Dump(account(i))
		want, wanted := plain.Dump(account(i))
		if exists != wanted || fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("account %d at the end: %v %v, want %v %v", i, exists, got, wanted, want)
		}
	}
	return nil
}

// askAll asks everything about every account as of a transaction, each question in a
// world of its own, so that no answer is left over from another.
func (h *history) askAll(store *state.Versions, c state.Crediting, plain *state.World, tx int) error {
	for i := range historyAccounts {
		a := account(i)
		questions := append(asks(a, isa.Word{}, isa.Word{7}), peeks(a, isa.Word{})...)
		for slot := uint64(1); slot < historySlots; slot++ {
			questions = append(questions, slotAsks(a, isa.Word{slot})...)
		}
		for k, q := range questions {
			var now isa.Cycle
			v := newView(store, tx, &now, nil)
			w := state.NewView(&v, c)
			w.BeginTx()
			if got, want := q.ask(w), q.ask(plain); got != want {
				return fmt.Errorf("account %d, question %d, %s: %s, a plain world says %s", i, k, q.name, got, want)
			}
		}
	}
	return nil
}
