package machine

// graph runs transactions whose conflicts are known before: each one starts when
// those that it waits for have finished. Nothing is executed twice as long as what
// was declared is right. That is not taken on trust: transactions commit in block
// order, and one whose reads have turned out stale is run again.
type graph struct {
	m         *Machine
	missing   []int   // transactions that each one still waits for
	after     [][]int // those that wait for it
	free      []bool  // those that need no scheduling; nil for none
	waiting   set     // not started
	ready     set     // of these, those that wait for nobody
	finished  []bool
	committed int // all below are final
}

// newGraph takes, for every transaction, those before it that it waits for.
func newGraph(m *Machine, before [][]int) *graph {
	n := len(before)
	g := &graph{m: m, missing: make([]int, n), after: make([][]int, n), waiting: fullSet(n), ready: newSet(n), finished: make([]bool, n)}
	for j, list := range before {
		g.missing[j] = len(list)
		g.ready.put(j, len(list) == 0)
		for _, i := range list {
			g.after[i] = append(g.after[i], j)
		}
	}
	return g
}

func (g *graph) Next(int) (Task, Loss, bool) {
	j := g.ready.next(0)
	switch {
	case j != none:
		g.start(j)
		return Task{Kind: Execute, Tx: j, Free: g.free != nil && g.free[j]}, LossImbalance, true
	case g.waiting.n == 0:
		return Task{}, LossImbalance, false
	}
	return Task{}, LossConflict, false
}

// Own is no core.
func (g *graph) Own(int) int { return none }

func (g *graph) start(j int) {
	g.waiting.remove(j)
	g.ready.remove(j)
}

func (g *graph) Executed(_ int, x *Incarnation) {
	g.m.Publish(x)
	if !g.finished[x.Tx] {
		g.finished[x.Tx] = true
		for _, j := range g.after[x.Tx] {
			if g.missing[j]--; g.missing[j] == 0 && g.waiting.has(j) {
				g.ready.add(j)
			}
		}
		g.after[x.Tx] = nil
	}
	for g.committed < len(g.finished) && g.finished[g.committed] && g.m.runner[g.committed] == none && !g.waiting.has(g.committed) {
		if y := g.m.latest[g.committed]; !y.Unchanged() {
			g.m.Discard(y)
			g.waiting.add(y.Tx)
			g.ready.add(y.Tx)
			return
		}
		g.committed++
	}
}

func (g *graph) Validated(int, *Incarnation)    {}
func (g *graph) Stopped(int, *Incarnation, int) {}
func (g *graph) Done() bool                     { return g.committed == len(g.finished) }
