package pipeline

import "fmt"

// stage is one step of a cycle. It reports whether anything has moved: when nothing has, in
// any stage, time skips to the next event.
type stage struct {
	name string
	run  func(*Core) (moved bool)
	// has reports whether the core has what the stage is for; nil: every core has it.
	has func(*Core) bool
}

// stages is one cycle, in order.
var stages = []stage{
	{name: "commit", run: (*Core).commit},
	{name: "write-back", run: (*Core).writeBack},
	{
		name: "prefix gas", run: func(c *Core) bool { return c.opt.prefix.step() },
		has: func(c *Core) bool { return c.opt.prefix != nil },
	},
	{name: "runahead", run: (*Core).endRunahead, has: func(c *Core) bool { return c.opt.runahead != nil }},
	{name: "chaos", run: (*Core).chaosStep, has: func(c *Core) bool { return c.opt.chaos != nil }},
	{name: "issue", run: func(c *Core) bool { return c.win.issue() }},
	{name: "dispatch", run: func(c *Core) bool { return c.win.dispatch() }},
	{name: "fetch", run: func(c *Core) bool { return c.front.fetchCycle() }},
	{
		name: "prefetch", run: func(c *Core) bool { return c.opt.prefetch.Step() },
		has: func(c *Core) bool { return c.opt.prefetch != nil },
	},
}

// constraint says that one stage comes before another, and why.
type constraint struct{ first, then, why string }

// stageOrder is what the order of the stages has to keep. From commit to fetch they run
// against the flow of micro-ops, so that none passes two stages in one cycle.
var stageOrder = []constraint{
	{"commit", "write-back", "commit alone ends a transaction, and what completes in a cycle retires in the next at the earliest"},
	{"write-back", "prefix gas", "an answer needs all that is older to have executed, what ends in this cycle included"},
	{"prefix gas", "issue", "a reader of the gas left issues in the cycle of the answer"},
	{"write-back", "runahead", "it ends in the cycle in which the oldest has its data"},
	{"write-back", "chaos", "a random squash hits what is in flight after the cycle's results"},
	{"runahead", "issue", "what lies beyond the window is gone before its units are taken"},
	{"chaos", "issue", "what is squashed takes no unit"},
	{"write-back", "issue", "a result wakes its readers in the cycle in which it is there"},
	{"issue", "dispatch", "what enters the window issues in the next cycle at the earliest, and room that issue makes is used at once"},
	{"dispatch", "fetch", "what is fetched goes through the front end, and room that dispatch makes in it is used at once"},
	{"fetch", "prefetch", "a call that is entered asks for its keys in the same cycle; the core's own accesses have taken their miss registers before"},
}

func init() {
	if err := checkOrder(stages, stageOrder); err != nil {
		panic(err)
	}
}

// checkOrder reports the first constraint that a list of stages breaks.
func checkOrder(list []stage, order []constraint) error {
	place := map[string]int{}
	for i := range list {
		if _, twice := place[list[i].name]; twice {
			return fmt.Errorf("two stages are called %s", list[i].name)
		}
		place[list[i].name] = i
	}
	for _, o := range order {
		first, ok := place[o.first]
		then, ok2 := place[o.then]
		switch {
		case !ok || !ok2:
			return fmt.Errorf("a constraint is about %s and %s, which are not both stages", o.first, o.then)
		case first >= then:
			return fmt.Errorf("%s comes before %s: %s", o.then, o.first, o.why)
		}
	}
	return nil
}

// stagesOf are the stages that a core has, nil if it has only those that every core has.
func stagesOf(c *Core) []func(*Core) bool {
	list, plain := listStages(c)
	if plain {
		return nil
	}
	return list
}

// listStages are the stages that a core has; plain: those that every core has, and no other.
func listStages(c *Core) (list []func(*Core) bool, plain bool) {
	plain = true
	for i := range stages {
		s := &stages[i]
		if s.has != nil && !s.has(c) {
			continue
		}
		plain = plain && s.has == nil
		list = append(list, s.run)
	}
	return list, plain
}

// tick simulates one cycle and reports whether any stage moved. Only commit, the first stage,
// ends a transaction or the run; the others have nothing to do then.
func (c *Core) tick() (moved bool) {
	c.clock.now++
	if c.stages == nil {
		return c.plainTick()
	}
	moved = c.stages[0](c)
	if c.tx.finished || c.err != nil {
		return moved
	}
	for _, run := range c.stages[1:] {
		moved = run(c) || moved
	}
	return moved
}

// plainTick is tick of a core without optional mechanisms, with the calls written out: most
// runs are of such cores, and going through the list costs the host 3 % of their time.
// TestPlainTick holds it to the list.
func (c *Core) plainTick() (moved bool) {
	moved = c.commit()
	if c.tx.finished || c.err != nil {
		return moved
	}
	moved = c.writeBack() || moved
	moved = c.win.issue() || moved
	moved = c.win.dispatch() || moved
	return c.front.fetchCycle() || moved
}
