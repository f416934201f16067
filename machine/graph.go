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
	started   []bool
	finished  []bool
	first     int // all below have been started
	committed int // all below are final
	window    int // how many transactions in block order can be seen ahead
}

// newGraph takes, for every transaction, those before it that it waits for.
func newGraph(m *Machine, before [][]int, window int) *graph {
	n := len(before)
	g := &graph{m: m, missing: make([]int, n), after: make([][]int, n), started: make([]bool, n), finished: make([]bool, n), window: window}
	for j, list := range before {
		g.missing[j] = len(list)
		for _, i := range list {
			g.after[i] = append(g.after[i], j)
		}
	}
	return g
}

func (g *graph) Next(int) (Task, Loss, bool) {
	n := len(g.started)
	for g.first < n && g.started[g.first] {
		g.first++
	}
	if g.first == n {
		return Task{}, LossImbalance, false
	}
	seen := 0
	for j := g.first; j < n; j++ {
		if g.started[j] {
			continue
		}
		if seen == g.window {
			break
		}
		seen++
		if g.missing[j] == 0 {
			g.started[j] = true
			return Task{Kind: Execute, Tx: j, Free: g.free != nil && g.free[j]}, LossImbalance, true
		}
	}
	return Task{}, LossConflict, false
}

func (g *graph) Executed(_ int, x *Incarnation) {
	g.m.Publish(x)
	if !g.finished[x.Tx] {
		g.finished[x.Tx] = true
		for _, j := range g.after[x.Tx] {
			g.missing[j]--
		}
		g.after[x.Tx] = nil
	}
	for g.committed < len(g.finished) && g.finished[g.committed] && g.m.runner[g.committed] == none && g.started[g.committed] {
		if y := g.m.latest[g.committed]; !y.Unchanged() {
			g.m.Discard(y)
			g.started[y.Tx] = false
			g.first = min(g.first, y.Tx)
			return
		}
		g.committed++
	}
}

func (g *graph) Validated(int, *Incarnation)    {}
func (g *graph) Stopped(int, *Incarnation, int) {}
func (g *graph) Done() bool                     { return g.committed == len(g.finished) }
