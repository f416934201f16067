package traces

import (
	"sync"

	"github.com/ooovm/ooovm/invariant"
)

// batchSteps is how many steps a stream hands over at once. Three batches exist at
// any time, 72 bytes a step, however long the run.
const batchSteps = pieceSize

// Stream is the golden run of a message that executes while it is compared, so that
// billions of instructions need not be kept: go-ethereum runs in a goroutine of its
// own and stays at most a batch or two ahead. What is compared does not depend on
// when it arrives. A Stream is compared once, from its first step to its last.
type Stream struct {
	run     *messageRun
	batches chan batch
	spare   chan []Step // for the recorder to use again
	stop    chan struct{}
	stopped sync.Once
	err     error // of the run, once batches is closed

	previous, current batch
	late              map[int]uint64
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

// StreamMessage starts the golden run of a message. It must be closed.
func StreamMessage(m *Message) (*Stream, error) {
	run, err := m.prepare()
	if err != nil {
		return nil, err
	}
	s := &Stream{
		run:     run,
		batches: make(chan batch, 1),
		spare:   make(chan []Step, 2),
		stop:    make(chan struct{}),
		late:    make(map[int]uint64),
	}
	run.recorder.ship = s.ship
	go func() {
		defer close(s.batches)
		s.err = invariant.Guard(m.Name, func() error {
			err := run.execute()
			run.recorder.flush()
			return err
		})
	}()
	return s, nil
}

// ship gives a batch to the comparison, and the recorder room for the next one.
func (s *Stream) ship(steps []Step, base int, late []callEffect) []Step {
	select {
	case s.batches <- batch{steps, base, late}:
	case <-s.stop:
		return steps[:0]
	}
	select {
	case room := <-s.spare:
		return room[:0]
	default:
		return nil
	}
}

func (s *Stream) FirstStep(tx int) (int, bool) { return 0, tx == 0 }

func (s *Stream) StepsFrom(_, from int) []Step {
	for from >= s.current.base+len(s.current.steps) {
		next, ok := <-s.batches
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

func (s *Stream) recycle(steps []Step) {
	if cap(steps) < batchSteps {
		return
	}
	select {
	case s.spare <- steps:
	default:
	}
}

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

// Finish waits for the end of the run, passing over what has not been compared,
// and gives it, without its steps. The error is that of RecordMessage.
func (s *Stream) Finish() (*Golden, error) {
	for range s.batches {
	}
	return s.run.golden, s.err
}

// Close ends the run early, if it has not ended. It may be called at any time and
// again.
func (s *Stream) Close() {
	s.stopped.Do(func() {
		close(s.stop)
		s.run.evm.Cancel()
	})
	for range s.batches {
	}
}
