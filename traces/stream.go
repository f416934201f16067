package traces

import (
	"errors"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/invariant"
)

// batchSteps is how many steps a stream hands over at once. Its batches end where the
// pieces of a recording end, so that what is at hand for a message about a difference is
// the same.
const batchSteps = pieceSize

// streamBytes is what a stream takes however long its runs are: a batch is being filled, one
// is under way, and two are being compared.
const streamBytes = 4 * batchSteps * stepBytes

// Stream is the golden run of transactions that execute while they are compared, so that
// billions of instructions need not be kept: go-ethereum runs in a goroutine and stays at
// most a batch or two ahead. What is compared does not depend on when it arrives. A
// transaction is executed when it begins, as often as it begins; another one, or Close, ends
// what is left of it. A Stream serves one core.
type Stream struct {
	// first numbers the first step of a transaction; some tells whether it may have any.
	first func(tx int) (step int, some, ok bool)
	open  func(tx int) (*session, error)

	run   *execution // nil: none is under way
	last  *Golden    // of the latest run that ended by itself
	err   error      // the first of a run
	spare chan []Step

	previous, current batch
	late              map[int]uint64
}

// session is one golden run of one transaction, before it executes.
type session struct {
	name     string
	golden   *Golden
	recorder *recorder
	apply    func() error
}

// execution is a session that executes in a goroutine.
type execution struct {
	*session
	batches chan batch // closed at its end
	stop    chan struct{}
	err     error // once batches is closed
}

// batch is a piece of the stream, and what has become known of calls before it.
type batch struct {
	steps []Step
	base  int
	late  []callEffect
}

// callEffect is Step.Effect of a call whose step has been handed over before it
// returned.
type callEffect struct {
	step   int
	effect uint64
}

// errStopped ends a run that nobody compares any more.
var errStopped = errors.New("stopped")

func newStream(memory *budget.Budget) (*Stream, error) {
	if err := memory.Take(streamBytes, "the stream of a golden run"); err != nil {
		return nil, err
	}
	return &Stream{spare: make(chan []Step, 4), late: make(map[int]uint64)}, nil
}

// StreamMessage makes a stream of a message. It must be closed.
func StreamMessage(m *Message) (*Stream, error) {
	s, err := newStream(m.Memory)
	if err != nil {
		return nil, err
	}
	s.first = func(tx int) (step int, some, ok bool) { return 0, tx == 0, tx == 0 }
	s.open = func(int) (*session, error) { return m.prepare() }
	return s, nil
}

// execute runs the session to its end, by itself or by a panic of a hook.
func (s *session) execute() (err error) {
	defer recovered(s.name, &err)
	return s.apply()
}

// start executes a session in a goroutine, which ends with it or when stop is closed.
func (s *Stream) start(of *session) *execution {
	x := &execution{session: of, batches: make(chan batch, 1), stop: make(chan struct{})}
	r := of.recorder
	r.lean, r.batch = true, s.room(false)
	r.ship = func(steps []Step, base int, late []callEffect) []Step {
		select {
		case x.batches <- batch{steps, base, late}:
			return s.room(true)
		case <-x.stop:
			panic(halt{errStopped})
		}
	}
	apply := x.apply
	x.apply = func() error {
		err := apply()
		r.flush()
		return err
	}
	go func() {
		defer close(x.batches)
		x.err = invariant.Guard(x.name, x.execute)
	}()
	return x
}

// room is for a batch. Most transactions have one that is not full: the first grows as it is
// filled.
func (s *Stream) room(full bool) []Step {
	select {
	case room := <-s.spare:
		return room[:0]
	default:
	}
	if full {
		return make([]Step, 0, batchSteps)
	}
	return nil
}

// Begin implements Source.
func (s *Stream) Begin(tx int) (int, bool) {
	s.end()
	first, some, ok := s.first(tx)
	s.current.base = first
	if some {
		of, err := s.open(tx)
		if err != nil {
			s.fail(err)
			return first, ok
		}
		s.run = s.start(of)
	}
	return first, ok
}

// StepsFrom implements Source.
func (s *Stream) StepsFrom(_, from int) []Step {
	for from >= s.current.base+len(s.current.steps) {
		next, ok := s.next()
		if !ok {
			return nil
		}
		s.recycle(s.previous.steps)
		s.previous, s.current = s.current, next
		for _, l := range next.late {
			s.late[l.step] = l.effect
		}
	}
	if i := from - s.current.base; i >= 0 {
		return s.current.steps[i:]
	}
	return nil
}

// next waits for a batch of the run, false at its end.
func (s *Stream) next() (batch, bool) {
	if s.run == nil {
		return batch{}, false
	}
	b, ok := <-s.run.batches
	if !ok {
		s.last = s.run.golden
		s.fail(s.run.err)
		s.run = nil
	}
	return b, ok
}

func (s *Stream) fail(err error) {
	if s.err == nil && !errors.Is(err, errStopped) {
		s.err = err
	}
}

func (s *Stream) recycle(steps []Step) {
	if cap(steps) == 0 {
		return
	}
	select {
	case s.spare <- steps:
	default:
	}
}

// CallEffect implements Source.
func (s *Stream) CallEffect(step int) uint64 {
	if effect, ok := s.late[step]; ok {
		delete(s.late, step)
		return effect
	}
	for _, b := range []*batch{&s.current, &s.previous} {
		if i := step - b.base; i >= 0 && i < len(b.steps) {
			return b.steps[i].Effect
		}
	}
	return 0
}

// Finish waits for the end of a message's run, passing over what has not been compared, and
// gives it, without its steps. The error is that of RecordMessage.
func (s *Stream) Finish() (*Golden, error) {
	if s.run == nil && s.last == nil {
		s.Begin(0)
	}
	for ok := true; ok; {
		_, ok = s.next()
	}
	return s.last, s.err
}

// end ends the run that is under way, early if it has not ended, and forgets its steps.
func (s *Stream) end() {
	if s.run != nil {
		close(s.run.stop)
		for ok := true; ok; {
			var b batch
			b, ok = s.next()
			s.recycle(b.steps)
		}
	}
	s.recycle(s.previous.steps)
	s.recycle(s.current.steps)
	s.previous, s.current = batch{}, batch{}
	clear(s.late)
}

// Close implements Source.
func (s *Stream) Close() error {
	s.end()
	return s.err
}
