package sweep

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// A model of processes that share a directory. Each runs the code of this package over a
// host that answers from a script; where the script ends the process stands, about to do
// the operation that it asks for. What a process does next depends on the answers that it
// has had alone, so a state of all is the files and, of each, its answers. The model goes
// through every state that any order of the operations leads to, with every process killed
// at any of its operations, and in the midst of writing. Three things make it small and leave
// nothing out:
//
//   - States that have been seen are not seen again.
//   - An operation inside the folder of the process itself meets nobody else's (others look
//     in there only when it is dead), so it is not tried before and after theirs; that the
//     process is killed there is.
type model struct {
	t       *testing.T
	program []func(h host, stop context.Context, i int) error // phases
	noLinks bool
	apart   bool // on hosts of their own: nothing is known of the others

	trees    []tree
	treeOf   map[string]int32
	contents map[string]int32
	ops      []operation
	opOf     map[operation]int32
	answers  []answer
	answerOf map[answer]int32
	effects  map[[2]int32]effect
	wholes   map[int32][]bool
	past     []history
	pastOf   map[[3]int32]int32 // process, history, answer

	states []state
	from   []int32 // the state from which a state was first reached
	seen   map[state]int32
	edges  [][]int32 // without those where a process is killed
	checks checks
}

// effect is what an operation does to files.
type effect struct{ tree, answer int32 }

// history is what a process has been answered so far, and what it asks next.
type history struct {
	phase  int32
	before int32 // -1: nothing, in this phase
	answer int32
	next   int32 // operation; -1: it has ended
	err    error
	poll   int32 // the latest history before that ended in a pause, -1 for none
}

const most = 3 // processes

// gone is a process that was killed.
const gone = -1

type state struct {
	tree int32
	past [most]int32
}

// checks are what has to hold.
type checks struct {
	points    []Point
	exclusive bool // no two processes that live run one point
	// ended looks at the files when every process has ended, killed or not.
	ended func(left tree, killed bool) error
	n     int // of processes
	kills int // how many of them are killed at most
}

func newModel(t *testing.T, c checks) *model {
	return &model{
		t: t, checks: c, treeOf: map[string]int32{}, contents: map[string]int32{}, opOf: map[operation]int32{}, answerOf: map[answer]int32{},
		wholes: map[int32][]bool{}, effects: map[[2]int32]effect{}, pastOf: map[[3]int32]int32{}, seen: map[state]int32{},
	}
}

func (m *model) tree(t tree) int32 {
	var key strings.Builder
	for _, e := range t {
		id, ok := m.contents[e.data]
		if !ok {
			id = int32(len(m.contents))
			m.contents[e.data] = id
		}
		fmt.Fprintf(&key, "%s %t %d\n", e.path, e.dir, id)
	}
	id, ok := m.treeOf[key.String()]
	if !ok {
		id = int32(len(m.trees))
		m.treeOf[key.String()], m.trees = id, append(m.trees, t)
	}
	return id
}

func (m *model) op(o operation) int32 {
	id, ok := m.opOf[o]
	if !ok {
		id = int32(len(m.ops))
		m.opOf[o], m.ops = id, append(m.ops, o)
	}
	return id
}

func (m *model) answer(a answer) int32 {
	id, ok := m.answerOf[a]
	if !ok {
		id = int32(len(m.answers))
		m.answerOf[a], m.answers = id, append(m.answers, a)
	}
	return id
}

// script answers a process from its history, and holds the operation that comes after it.
type script struct {
	answers []answer
	place   int
	next    *operation
	stop    context.CancelFunc
}

var errScriptEnds = errors.New("the script ends")

func (s *script) answer(o operation) (answer, error) {
	if s.place < len(s.answers) {
		s.place++
		return s.answers[s.place-1], nil
	}
	if s.next == nil {
		s.next = &o
		s.stop()
	}
	return answer{}, errScriptEnds
}

func processName(i int) string { return fmt.Sprintf("p%d", i) }

// follow gives the history of a process that has had one more answer.
func (m *model) follow(i int, before, given int32) int32 {
	key := [3]int32{int32(i), before, given}
	if id, ok := m.pastOf[key]; ok {
		return id
	}
	id := m.play(i, m.past[before].phase, before, given)
	m.pastOf[key] = id
	return id
}

// play runs a phase of a process as far as its answers go, and what comes after it.
func (m *model) play(i int, phase, before, given int32) int32 {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s := &script{stop: stop}
	h := history{phase: phase, before: before, answer: given, poll: -1}
	for p := &h; p.answer >= 0; p = &m.past[p.before] {
		s.answers = append(s.answers, m.answers[p.answer])
		if p.before >= 0 && h.poll < 0 && m.ops[m.past[p.before].next].kind == opPause {
			h.poll = p.before
		}
		if p.before < 0 {
			break
		}
	}
	slices.Reverse(s.answers)
	h.err = m.program[phase](&modelHost{answerer: s, name: processName(i), noLinks: m.noLinks}, ctx, i)
	h.next = -1
	switch {
	case s.next != nil:
		h.next, h.err = m.op(*s.next), nil
	case h.err == nil && int(phase+1) < len(m.program):
		return m.start(i, phase+1)
	}
	id := m.waiting(i, &h)
	if id < 0 {
		id = int32(len(m.past))
		m.past = append(m.past, h)
	}
	return id
}

// start is the history of a process at the beginning of a phase.
func (m *model) start(i int, phase int32) int32 {
	key := [3]int32{int32(i), -1 - phase, -1}
	id, ok := m.pastOf[key]
	if !ok {
		id = m.play(i, phase, -1, -1)
		m.pastOf[key] = id
	}
	return id
}

// waiting finds the history of a process that waits already. A process that waits for a
// point that others run keeps nothing in mind but which points are left, and there is one:
// however it came to wait, it goes on in the same way. With several points it is the same
// if it asked and was answered the same since it last waited.
func (m *model) waiting(i int, h *history) int32 {
	if h.next < 0 || m.ops[h.next].kind != opPause {
		return -1
	}
	if len(m.checks.points) == 1 {
		key := [3]int32{int32(i), -1 - h.phase, -2}
		id, ok := m.pastOf[key]
		if !ok {
			m.pastOf[key] = int32(len(m.past))
			return -1
		}
		return id
	}
	if h.poll < 0 {
		return -1
	}
	last := m.past[h.poll]
	if last.poll < 0 || !slices.Equal(m.round(h, h.poll), m.round(&last, last.poll)) {
		return -1
	}
	return h.poll
}

// round lists the answers since a pause.
func (m *model) round(h *history, pause int32) (list []int32) {
	for p := h; ; p = &m.past[p.before] {
		list = append(list, p.answer)
		if p.before == pause {
			return list
		}
	}
}

// run goes through all states from the files at the beginning.
func (m *model) run(begin tree) {
	first := state{tree: m.tree(begin)}
	for i := range most {
		first.past[i] = gone
		if i < m.checks.n {
			first.past[i] = m.start(i, 0)
		}
	}
	m.reach(first, -1)
	for at := int32(0); int(at) < len(m.states); at++ {
		m.expand(at)
		if m.t.Failed() {
			return
		}
	}
	m.everyStateEnds()
}

// reach notes a state.
func (m *model) reach(s state, from int32) int32 {
	id, ok := m.seen[s]
	if !ok {
		id = int32(len(m.states))
		m.seen[s] = id
		m.states, m.from, m.edges = append(m.states, s), append(m.from, from), append(m.edges, nil)
	}
	return id
}

// expand makes the states that follow one.
func (m *model) expand(at int32) {
	s := m.states[at]
	m.look(at)
	movers := m.movers(s)
	if len(movers) == 0 {
		m.end(at)
	}
	for _, i := range movers {
		next := m.ops[m.past[s.past[i]].next]
		after, given := m.step(s, i)
		moved := s
		moved.tree, moved.past[i] = after, m.follow(i, s.past[i], given)
		to := m.reach(moved, at)
		m.edges[at] = append(m.edges[at], to)
		m.kept(at, to)
		if m.killed(s) == m.checks.kills {
			continue
		}
		killed := s
		killed.past[i] = gone
		m.reach(killed, at)
		if next.kind == opFill { // half of it is there
			next.data = next.data[:len(next.data)/2]
			half, _ := m.trees[s.tree].apply(next)
			killed.tree = m.tree(half)
			m.reach(killed, at)
		}
	}
}

// killed counts the processes that were.
func (m *model) killed(s state) (n int) {
	for i := range m.checks.n {
		if s.past[i] == gone {
			n++
		}
	}
	return n
}

// movers lists the processes that go on from a state: one whose operation is its own, or
// all.
func (m *model) movers(s state) (list []int) {
	for i := range m.checks.n {
		if s.past[i] == gone || m.past[s.past[i]].next < 0 {
			continue
		}
		if m.private(i, m.ops[m.past[s.past[i]].next]) {
			return []int{i}
		}
		list = append(list, i)
	}
	return list
}

// private reports whether an operation is inside the folder of a process.
func (m *model) private(i int, o operation) bool {
	mine := func(name string) bool {
		rest, ok := strings.CutPrefix(name, path.Join(modelDir, tmpDir, processName(i)+"-"))
		return ok && (strings.Contains(rest, "/") || o.kind == opList || o.kind == opUnlink) // which cannot unlink it
	}
	return o.kind == opRun || mine(o.path) && (o.to == "" || mine(o.to))
}

// step does the next operation of a process.
func (m *model) step(s state, i int) (after, given int32) {
	id := m.past[s.past[i]].next
	switch o := m.ops[id]; o.kind {
	case opPause, opRun, opRan:
		return s.tree, m.answer(answer{})
	case opStanding:
		return s.tree, m.answer(answer{standing: m.standing(s, i, o.path)})
	}
	e, ok := m.effects[[2]int32{s.tree, id}]
	if !ok {
		t, a := m.trees[s.tree].apply(m.ops[id])
		e = effect{m.tree(t), m.answer(a)}
		m.effects[[2]int32{s.tree, id}] = e
	}
	return e.tree, e.answer
}

// standing is what a process is told of another.
func (m *model) standing(s state, i int, name string) standing {
	for k := range most {
		switch {
		case !strings.HasPrefix(name, processName(k)+"-"):
		case m.apart && k != i:
			return unknown
		case s.past[k] != gone && m.past[s.past[k]].next >= 0:
			return alive
		}
	}
	if strings.HasPrefix(name, "p") {
		return dead
	}
	return unknown
}

// whole tells which points can be read.
func (m *model) whole(id int32) (list []bool) {
	if list, ok := m.wholes[id]; ok {
		return list
	}
	defer func() { m.wholes[id] = list }()
	st := &store{host: &modelHost{answerer: &direct{tree: m.trees[id]}}, dir: modelDir}
	for i := range m.checks.points {
		_, err := st.read(&m.checks.points[i])
		list = append(list, err == nil)
	}
	return list
}

// kept: a point that is done stays done.
func (m *model) kept(from, to int32) {
	a, b := m.states[from].tree, m.states[to].tree
	if a == b {
		return
	}
	before, after := m.whole(a), m.whole(b)
	for i := range before {
		if before[i] && !after[i] {
			m.fail(to, "point %d was done, and is not anymore", i)
		}
	}
}

// look: nobody fails, who ends well has all points, and a point is run by one at a time.
func (m *model) look(at int32) {
	s := m.states[at]
	running := map[string]bool{}
	for i := range m.checks.n {
		if s.past[i] == gone {
			continue
		}
		h := m.past[s.past[i]]
		if h.next < 0 {
			if h.err != nil {
				m.fail(at, "process %d: %v", i, h.err)
			} else if slices.Contains(m.whole(s.tree), false) {
				m.fail(at, "process %d has ended, and points are not done", i)
			}
			continue
		}
		if o := m.ops[h.next]; o.kind == opRan && m.checks.exclusive {
			if running[o.path] {
				m.fail(at, "two processes run point %s", o.path)
			}
			running[o.path] = true
		}
	}
}

// end: what is left when all have ended is right, or is made right by one process more.
func (m *model) end(at int32) {
	s := m.states[at]
	if err := m.checks.ended(m.trees[s.tree], m.killed(s) > 0); err != nil {
		m.fail(at, "in the end: %v", err)
	}
}

// everyStateEnds: from every state there is a way to an end in which nobody is killed.
func (m *model) everyStateEnds() {
	back := make([][]int32, len(m.states))
	var queue []int32
	ends := make([]bool, len(m.states))
	for at, to := range m.edges {
		for _, k := range to {
			back[k] = append(back[k], int32(at))
		}
		if len(to) == 0 {
			ends[at] = true
			queue = append(queue, int32(at))
		}
	}
	for len(queue) > 0 {
		k := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, at := range back[k] {
			if !ends[at] {
				ends[at] = true
				queue = append(queue, at)
			}
		}
	}
	for at := range ends {
		if !ends[at] {
			m.fail(int32(at), "nothing leads to an end")
			return
		}
	}
}

// fail says what is wrong in a state, and how it came about.
func (m *model) fail(at int32, format string, args ...any) {
	var way []string
	for s := at; m.from[s] >= 0; s = m.from[s] {
		a, b := m.states[m.from[s]], m.states[s]
		for i := range m.checks.n {
			if a.past[i] == b.past[i] {
				continue
			}
			o := m.ops[m.past[a.past[i]].next]
			line := fmt.Sprintf("process %d: %s", i, o)
			if b.past[i] == gone {
				line += " - killed"
			} else if given := m.past[b.past[i]].answer; given >= 0 && m.answers[given].errno != 0 {
				line += ": " + m.answers[given].errno.Error()
			}
			way = append(way, line)
		}
	}
	slices.Reverse(way)
	var files []string
	for _, e := range m.trees[m.states[at].tree] {
		files = append(files, fmt.Sprintf("%s (%d bytes)", e.path, len(e.data)))
	}
	m.t.Fatalf("%s, after\n%s\nwith files\n%s", fmt.Sprintf(format, args...), strings.Join(way, "\n"), strings.Join(files, "\n"))
}

func (o operation) String() string {
	names := [...]string{"open", "list", "create", "fill", "create exclusively", "mkdir", "link", "rename", "unlink", "rmdir", "standing of", "pause", "run", "ran"}
	return strings.TrimSpace(names[o.kind] + " " + o.path + " " + o.to)
}

// direct answers at once, as if there were one process.
type direct struct{ tree tree }

func (d *direct) answer(o operation) (a answer, err error) {
	switch o.kind {
	case opPause, opRun, opRan:
		return a, nil
	case opStanding:
		if strings.HasPrefix(o.path, "p") {
			a.standing = dead
		}
		return a, nil
	}
	d.tree, a = d.tree.apply(o)
	return a, nil
}
