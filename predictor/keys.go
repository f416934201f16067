package predictor

import "github.com/ooovm/ooovm/isa"

// Key is one location of the chain state: an account, or a slot of its storage.
type Key struct {
	Account, Slot isa.Word
	Storage       bool
}

// Call names a call to the predictors of state keys.
type Call struct {
	Code     uint64 // of the code entered
	Selector uint32 // first four bytes of the input
	Site     uint64 // of the call instruction; 0 for a transaction's own call
	Dynamic  uint64 // number of the block's instruction that follows; oracles look at it
	Declared []Key  // the transaction's own access list (EIP-2930), for its own call only
}

// Recipe says how a key comes about. Account and Slot are expressions over what the
// call is entered with. One that comes from a call further down holds only if that runs
// the same code as before: if account Guard has Code, unless that is 0.
type Recipe struct {
	Account, Slot Node
	Storage       bool
	Guard         Node
	Code          uint64
}

// Touched is a key that a committed call has touched. How is Opaque where its
// dataflow was not understood.
type Touched struct {
	Key Key
	How Recipe
}

// Known reports whether the recipe can be evaluated.
func (r *Recipe) Known() bool {
	return r.Account != Opaque && (!r.Storage || r.Slot != Opaque) && (r.Code == 0 || r.Guard != Opaque)
}

// Keys predicts which state keys a call will touch. Everything it predicts is
// expressed over a graph, which it shares with whoever tells it of committed calls.
type Keys interface {
	// Block lists what is known before the block begins.
	Block() []Key
	// Predict lists what a call will touch, in the order in which it is wanted. The slice
	// is valid until the next call.
	Predict(c *Call) []Recipe
	// Train tells what a committed call has touched, calls below it included, in order.
	Train(c *Call, touched []Touched)
	// Learns says what Train has use for.
	Learns() Learning
	// Graph is where recipes live. Forget empties it, and with it what was learned: no
	// recipe made before may be used again.
	Graph() *Graph
	Forget()
}

// Learning is what a predictor of keys wants to be told.
type Learning uint8

// Train is not called, called with keys alone, or called with their dataflow.
const (
	LearnsNothing Learning = iota
	LearnsKeys
	LearnsDataflow
)

// KeyOracle is what the oracles of state keys ask of the golden run, beyond Golden. It
// is implemented by the Golden that an oracle is made with.
type KeyOracle interface {
	// Touched hands over the keys of the transaction that instruction number dynamic
	// belongs to, in the order of first use.
	Touched(dynamic uint64, each func(account, slot *isa.Word, storage bool))
	// BlockAccessList hands over the keys of the whole block, in the order of EIP-7928:
	// by account, its slots in order.
	BlockAccessList(each func(account, slot *isa.Word, storage bool))
}

func init() {
	KeyPredictors.Register(Maker[Keys]{Name: "none", Doc: "no prefetch", New: func(Params) Keys { return nil }})
	KeyPredictors.Register(Maker[Keys]{Name: "accesslist", Params: []string{"prefetches", "ahead"}, Doc: "the transaction's own access list (EIP-2930), at its entry", New: func(Params) Keys { return &declared{NewConstants()} }})
	KeyPredictors.Register(Maker[Keys]{Name: "last", Params: []string{"keybits", "prefetches", "ahead"}, Doc: "the keys of the last call of the same code and selector from the same site (the last-address prediction of T.-F. Chen and J.-L. Baer, ASPLOS 1992)", New: newLastKeys})
	KeyPredictors.Register(Maker[Keys]{Name: "recipe", Params: []string{"keybits", "prefetches", "ahead"}, Doc: "the dataflow that led to the keys of earlier calls of the same code and selector, evaluated with the new call's input (after A. Roth, A. Moshovos and G. Sohi, Dependence Based Prefetching, ASPLOS 1998)", New: newRecipeKeys})
}

// Constants turns keys into recipes that say nothing else.
type Constants struct {
	graph *Graph
	list  []Recipe
}

// NewConstants makes an empty list.
func NewConstants() Constants { return Constants{graph: NewGraph()} }

// Graph is where the recipes live.
func (k *Constants) Graph() *Graph { return k.graph }

// Forget empties the graph.
func (k *Constants) Forget() { *k.graph = *NewGraph() }

// Of gives the recipes of keys; the slice is valid until the next call.
func (k *Constants) Of(keys []Key) []Recipe {
	k.list = k.list[:0]
	for i := range keys {
		k.list = append(k.list, Recipe{Account: k.graph.Const(&keys[i].Account), Slot: k.graph.Const(&keys[i].Slot), Storage: keys[i].Storage})
	}
	return k.list
}

// declared is the transaction's own list.
type declared struct{ Constants }

func (*declared) Block() []Key               { return nil }
func (d *declared) Predict(c *Call) []Recipe { return d.Of(c.Declared) }
func (*declared) Train(*Call, []Touched)     {}
func (*declared) Learns() Learning           { return LearnsNothing }

// callName is what the learning predictors index their tables by.
type callName struct {
	code, site uint64
	selector   uint32
}

func nameOf(c *Call) callName { return callName{c.Code, c.Site, c.Selector} }

// keyTable holds an entry for each of the last calls, first in first out.
type keyTable[T any] struct {
	entries map[callName]T
	order   []callName
	next    int
}

func newKeyTable[T any](bits int) keyTable[T] {
	return keyTable[T]{entries: map[callName]T{}, order: make([]callName, 0, 1<<bits)}
}

func (t *keyTable[T]) put(n callName, v T) {
	if _, have := t.entries[n]; !have {
		if len(t.order) < cap(t.order) {
			t.order = append(t.order, n)
		} else {
			delete(t.entries, t.order[t.next])
			t.order[t.next] = n
			t.next = (t.next + 1) % len(t.order)
		}
	}
	t.entries[n] = v
}

// maxKeys is how many keys a table entry has room for.
const maxKeys = 256

// lastKeys remembers the keys themselves.
type lastKeys struct {
	Constants
	table keyTable[[]Key]
}

func newLastKeys(p Params) Keys {
	return &lastKeys{NewConstants(), newKeyTable[[]Key](p.TableBits)}
}

func (*lastKeys) Block() []Key               { return nil }
func (*lastKeys) Learns() Learning           { return LearnsKeys }
func (l *lastKeys) Predict(c *Call) []Recipe { return l.Of(l.table.entries[nameOf(c)]) }

func (l *lastKeys) Train(c *Call, touched []Touched) {
	keys := l.table.entries[nameOf(c)][:0]
	for i := range touched[:min(len(touched), maxKeys)] {
		keys = append(keys, touched[i].Key)
	}
	l.table.put(nameOf(c), keys)
}

// learned is a recipe with its confidence, 0..3: used from 2 on.
type learned struct {
	Recipe
	confidence uint8
	seen       bool
}

// recipeKeys remembers how keys came about. A call that it does not know from its
// site is taken for the last one of the same code and selector from anywhere.
type recipeKeys struct {
	graph *Graph
	table keyTable[[]learned]
	list  []Recipe
}

func newRecipeKeys(p Params) Keys {
	return &recipeKeys{graph: NewGraph(), table: newKeyTable[[]learned](p.TableBits)}
}

func (*recipeKeys) Block() []Key     { return nil }
func (*recipeKeys) Learns() Learning { return LearnsDataflow }
func (k *recipeKeys) Graph() *Graph  { return k.graph }

// Forget empties graph and table.
func (k *recipeKeys) Forget() {
	*k.graph = *NewGraph()
	k.table = keyTable[[]learned]{entries: map[callName][]learned{}, order: make([]callName, 0, cap(k.table.order))}
}

func anywhere(n callName) callName { n.site = 1; return n }

func (k *recipeKeys) Predict(c *Call) []Recipe {
	entry, ok := k.table.entries[nameOf(c)]
	if !ok {
		entry = k.table.entries[anywhere(nameOf(c))]
	}
	k.list = k.list[:0]
	for i := range entry {
		if entry[i].confidence >= 2 {
			k.list = append(k.list, entry[i].Recipe)
		}
	}
	return k.list
}

func (k *recipeKeys) Train(c *Call, touched []Touched) {
	k.learn(nameOf(c), touched)
	k.learn(anywhere(nameOf(c)), touched)
}

// learn raises the confidence of recipes that were seen again, lowers that of the
// others, and takes up the new ones in the order of the call.
func (k *recipeKeys) learn(n callName, touched []Touched) {
	old := k.table.entries[n]
	place := make(map[Recipe]int, len(old))
	for i := range old {
		old[i].seen = false
		place[old[i].Recipe] = i
	}
	for i := range touched {
		r := touched[i].How
		if !r.Known() {
			continue
		}
		if at, have := place[r]; have {
			e := &old[at]
			if !e.seen {
				e.seen, e.confidence = true, min(e.confidence+1, 3)
			}
		} else if len(old) < maxKeys {
			place[r] = len(old)
			old = append(old, learned{Recipe: r, confidence: 2, seen: true})
		}
	}
	kept := old[:0]
	for _, e := range old {
		if !e.seen {
			if e.confidence == 0 {
				continue
			}
			e.confidence--
		}
		kept = append(kept, e)
	}
	k.table.put(n, kept)
}
