package predictor

import (
	"golang.org/x/crypto/sha3"

	"github.com/ooovm/ooovm/isa"
)

// A recipe is the dataflow from what a call is entered with to a state key: the
// expression that an address generator would have to evaluate to fetch the key ahead
// of the code that asks for it. It is the precomputation slice of dependence-based
// prefetching (A. Roth, A. Moshovos and G. Sohi, ASPLOS 1998), with Keccak-256 among
// its operations, since that is how contracts place mappings and arrays.

// Node names an expression of a Graph. Two equal expressions have one name.
type Node int32

// Opaque is what no expression is known for.
const Opaque Node = 0

type nodeKind uint8

const (
	nodeConst   nodeKind = iota + 1 // a: index into words
	nodeSelf                        // the running account
	nodeCaller                      // who called it
	nodeValue                       // the value sent
	nodeContext                     // a: word of the transaction's context
	nodeInput                       // 32 bytes of the input from a on
	nodeOp                          // op(a, b, c)
	nodeJoin                        // the bytes of a, then c&0xff bytes of word b from byte c>>8 on
	nodeHash                        // Keccak-256 of the bytes of a
	nodeStored                      // what storage holds at (account a, slot b)
)

type node struct {
	kind    nodeKind
	op      isa.Op
	a, b, c Node
}

// nodeCost bounds expressions.
type nodeCost struct {
	size   uint8 // nodes of the tree
	hashes uint8 // on the longest way through it
	loads  uint8 // storage reads on the longest way
}

const (
	maxNodeSize  = 96
	maxNodeLoads = 4
	// maxNodes is when a graph is full: whoever owns it starts over with an empty one.
	maxNodes = 1 << 20
)

// Graph holds expressions. They refer to older ones only.
type Graph struct {
	nodes []node
	costs []nodeCost
	words []isa.Word
	index map[node]Node
	known map[isa.Word]Node
	hash  interface {
		Reset()
		Write([]byte) (int, error)
		Read([]byte) (int, error)
	}
}

// NewGraph makes an empty graph.
func NewGraph() *Graph {
	return &Graph{
		nodes: make([]node, 1), costs: make([]nodeCost, 1), index: map[node]Node{}, known: map[isa.Word]Node{},
		hash: sha3.NewLegacyKeccak256().(interface {
			Reset()
			Write([]byte) (int, error)
			Read([]byte) (int, error)
		}),
	}
}

// Full reports whether the graph should be given up for a new one.
func (g *Graph) Full() bool { return len(g.nodes) >= maxNodes }

// add names an expression, or gives Opaque when it is too large.
func (g *Graph) add(n node, cost nodeCost) Node {
	if have, ok := g.index[n]; ok {
		return have
	}
	if cost.size > maxNodeSize || cost.loads > maxNodeLoads {
		return Opaque
	}
	name := Node(len(g.nodes))
	g.nodes, g.costs = append(g.nodes, n), append(g.costs, cost)
	g.index[n] = name
	return name
}

// over is the cost of an expression of some others.
func (g *Graph) over(args ...Node) nodeCost {
	sum := 1
	var cost nodeCost
	for _, a := range args {
		c := g.costs[a]
		sum += int(c.size)
		cost.hashes, cost.loads = max(cost.hashes, c.hashes), max(cost.loads, c.loads)
	}
	cost.size = uint8(min(sum, 255))
	return cost
}

// Const is a word.
func (g *Graph) Const(w *isa.Word) Node {
	if n, ok := g.known[*w]; ok {
		return n
	}
	g.words = append(g.words, *w)
	n := g.add(node{kind: nodeConst, a: Node(len(g.words) - 1)}, nodeCost{size: 1})
	g.known[*w] = n
	return n
}

// Word gives the value of a constant.
func (g *Graph) Word(n Node) (*isa.Word, bool) {
	if g.nodes[n].kind != nodeConst {
		return nil, false
	}
	return &g.words[g.nodes[n].a], true
}

// Self is the running account.
func (g *Graph) Self() Node { return g.add(node{kind: nodeSelf}, nodeCost{size: 1}) }

// Caller is the account that called the running one.
func (g *Graph) Caller() Node { return g.add(node{kind: nodeCaller}, nodeCost{size: 1}) }

// Value is the value sent with the call.
func (g *Graph) Value() Node { return g.add(node{kind: nodeValue}, nodeCost{size: 1}) }

// Context is word k of the transaction's context.
func (g *Graph) Context(k int) Node {
	return g.add(node{kind: nodeContext, a: Node(k)}, nodeCost{size: 1})
}

// Input is the 32 bytes of the input at a byte offset.
func (g *Graph) Input(at Node) Node {
	if at == Opaque {
		return Opaque
	}
	return g.add(node{kind: nodeInput, a: at}, g.over(at))
}

// Op is a pure micro-op; operands that it does not have are Opaque.
func (g *Graph) Op(op isa.Op, a, b, c Node) Node {
	args := [3]Node{a, b, c}
	constant := true
	for _, n := range args[:isa.Table[op].Sources] {
		if n == Opaque {
			return Opaque
		}
		constant = constant && g.nodes[n].kind == nodeConst
	}
	if constant {
		w := g.exec(op, args, func(n Node) isa.Word { return g.words[g.nodes[n].a] })
		return g.Const(&w)
	}
	return g.add(node{nodeOp, op, a, b, c}, g.over(args[:isa.Table[op].Sources]...))
}

func (g *Graph) exec(op isa.Op, args [3]Node, value func(Node) isa.Word) (result isa.Word) {
	var words [3]isa.Word
	for i, n := range args[:isa.Table[op].Sources] {
		words[i] = value(n)
	}
	isa.Exec(op, &result, &words[0], &words[1], &words[2])
	return result
}

// Piece is Len bytes of a word, from byte From (0 is the most significant) on.
type Piece struct {
	Node      Node
	From, Len uint8
}

// Join is a string of bytes made of pieces; only Hash and Slice take it.
func (g *Graph) Join(pieces []Piece) Node {
	joined := Opaque
	for _, p := range pieces {
		if p.Node == Opaque {
			return Opaque
		}
		joined = g.add(node{kind: nodeJoin, a: joined, b: p.Node, c: Node(p.From)<<8 | Node(p.Len)}, g.over(joined, p.Node))
		if joined == Opaque {
			return Opaque
		}
	}
	return joined
}

// Bytes is the word whose bytes the pieces are, 32 in all.
func (g *Graph) Bytes(pieces []Piece) Node {
	if len(pieces) == 1 && pieces[0].From == 0 && pieces[0].Len == 32 {
		return pieces[0].Node
	}
	joined := g.Join(pieces)
	if joined == Opaque {
		return Opaque
	}
	// A word of pieces is itself a join that is read as a word.
	if b, ok := g.constBytes(joined); ok {
		var w isa.Word
		w.SetBytes(b)
		return g.Const(&w)
	}
	return joined
}

// Hash is Keccak-256 of a join.
func (g *Graph) Hash(joined Node) Node {
	if joined == Opaque {
		return Opaque
	}
	if b, ok := g.constBytes(joined); ok {
		w := g.keccak(b)
		return g.Const(&w)
	}
	cost := g.over(joined)
	cost.hashes++
	return g.add(node{kind: nodeHash, a: joined}, cost)
}

// constBytes gives the bytes of a join of constants.
func (g *Graph) constBytes(joined Node) ([]byte, bool) {
	var parts [][]byte
	for n := joined; n != Opaque; n = g.nodes[n].a {
		x := g.nodes[n]
		w, ok := g.Word(x.b)
		if !ok {
			return nil, false
		}
		b := w.Bytes32()
		parts = append(parts, append([]byte(nil), b[x.c>>8:x.c>>8+x.c&0xff]...))
	}
	var all []byte
	for i := len(parts) - 1; i >= 0; i-- {
		all = append(all, parts[i]...)
	}
	return all, true
}

func (g *Graph) keccak(b []byte) (w isa.Word) {
	var sum [32]byte
	g.hash.Reset()
	_, _ = g.hash.Write(b)
	_, _ = g.hash.Read(sum[:])
	w.SetBytes32(sum[:])
	return w
}

// Stored is what storage holds.
func (g *Graph) Stored(owner, slot Node) Node {
	if owner == Opaque || slot == Opaque {
		return Opaque
	}
	cost := g.over(owner, slot)
	cost.loads++
	return g.add(node{kind: nodeStored, a: owner, b: slot}, cost)
}

// Hashes is how many hashes follow one another in an expression: its latency.
func (g *Graph) Hashes(n Node) int { return int(g.costs[n].hashes) }

// Caller's side of a call: what the callee's leaves are in the caller's terms.
type Binding struct {
	Self, Caller, Value Node
	Code                Node // the account whose code the callee runs
	// Input gives 32 bytes of the input at an offset that is constant in the caller.
	Input func(at uint64) Node
	// Through: the input is the caller's own from this offset on, so that offsets
	// which are not constant stay expressions. Negative: it is not.
	Through int64

	memo map[Node]Node
}

// Rebase rewrites an expression of a callee in terms of its caller.
func (g *Graph) Rebase(n Node, b *Binding) Node {
	if n == Opaque {
		return Opaque
	}
	x := g.nodes[n]
	switch x.kind {
	case nodeConst, nodeContext:
		return n
	case nodeSelf:
		return b.Self
	case nodeCaller:
		return b.Caller
	case nodeValue:
		return b.Value
	}
	if b.memo == nil {
		b.memo = map[Node]Node{}
	}
	if have, ok := b.memo[n]; ok {
		return have
	}
	out := Opaque
	switch x.kind {
	case nodeInput:
		at := g.Rebase(x.a, b)
		if at == Opaque {
			break
		}
		if w, ok := g.Word(at); ok {
			if w.IsUint64() {
				out = b.Input(w.Uint64())
			}
		} else if b.Through >= 0 {
			out = g.Input(g.Op(isa.Add, at, g.Const(&isa.Word{uint64(b.Through)}), Opaque))
		}
	case nodeOp:
		out = g.Op(x.op, g.Rebase(x.a, b), g.Rebase(x.b, b), g.Rebase(x.c, b))
	case nodeJoin:
		rest, word := g.Rebase(x.a, b), g.Rebase(x.b, b)
		if word != Opaque && (x.a == Opaque || rest != Opaque) {
			out = g.add(node{kind: nodeJoin, a: rest, b: word, c: x.c}, g.over(rest, word))
		}
	case nodeHash:
		out = g.Hash(g.Rebase(x.a, b))
	case nodeStored:
		out = g.Stored(g.Rebase(x.a, b), g.Rebase(x.b, b))
	}
	b.memo[n] = out
	return out
}

// Entry is what a call is entered with: the values of an expression's leaves.
type Entry struct {
	Self, Caller, Value isa.Word
	Context             []isa.Word
	Input               []byte
	// Load reads storage; ok is false while the value is not on chip.
	Load func(owner, slot *isa.Word) (w isa.Word, ok bool)
	// Missing is the key that an evaluation stopped at.
	Missing Key
}

// Eval computes an expression. ok is false when it needs storage that is not there:
// e.Missing names it.
func (g *Graph) Eval(n Node, e *Entry) (w isa.Word, ok bool) {
	x := g.nodes[n]
	switch x.kind {
	case nodeConst:
		return g.words[x.a], true
	case nodeSelf:
		return e.Self, true
	case nodeCaller:
		return e.Caller, true
	case nodeValue:
		return e.Value, true
	case nodeContext:
		if int(x.a) < len(e.Context) {
			w = e.Context[x.a]
		}
		return w, true
	case nodeInput:
		at, ok := g.Eval(x.a, e)
		if !ok {
			return w, false
		}
		var b [32]byte
		if at.IsUint64() && at.Uint64() < uint64(len(e.Input)) {
			copy(b[:], e.Input[at.Uint64():])
		}
		w.SetBytes32(b[:])
		return w, true
	case nodeOp:
		ok = true
		w = g.exec(x.op, [3]Node{x.a, x.b, x.c}, func(n Node) (v isa.Word) {
			if ok {
				v, ok = g.Eval(n, e)
			}
			return v
		})
		return w, ok
	case nodeJoin:
		b, ok := g.bytes(n, e, nil)
		w.SetBytes(b)
		return w, ok
	case nodeHash:
		b, ok := g.bytes(x.a, e, nil)
		if !ok {
			return w, false
		}
		return g.keccak(b), true
	}
	owner, ok := g.Eval(x.a, e)
	if !ok {
		return w, false
	}
	slot, ok := g.Eval(x.b, e)
	if !ok {
		return w, false
	}
	if w, ok = e.Load(&owner, &slot); !ok {
		e.Missing = Key{Account: owner, Slot: slot, Storage: true}
	}
	return w, ok
}

// bytes appends the bytes of a join.
func (g *Graph) bytes(n Node, e *Entry, to []byte) ([]byte, bool) {
	if n == Opaque {
		return to, true
	}
	x := g.nodes[n]
	to, ok := g.bytes(x.a, e, to)
	if !ok {
		return nil, false
	}
	w, ok := g.Eval(x.b, e)
	if !ok {
		return nil, false
	}
	b := w.Bytes32()
	return append(to, b[x.c>>8:x.c>>8+x.c&0xff]...), true
}
