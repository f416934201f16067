package chain

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// errEnough ends a scan of which no more is wanted.
var errEnough = errors.New("enough")

// Blocks gives the blocks that the chains of a fixture's tests accept, each with the whole state
// before it, for those who take them as blocks: a file, a folder or an archive, and of it the
// tests whose name matches, nil for all. go-ethereum alone executes them. What is wrong with a test
// comes as an error, and the next test after it.
func Blocks(stop context.Context, path string, match *regexp.Regexp) iter.Seq2[*traces.Bundle, error] {
	return func(yield func(*traces.Bundle, error) bool) {
		give := func(b *traces.Bundle, err error) error {
			if !yield(b, err) {
				return errEnough
			}
			return stop.Err()
		}
		err := fixtures.Scan([]string{path}, &fixtures.Handler{
			Block: func(t *Test) error {
				if match != nil && !match.MatchString(t.ID()) {
					return nil
				}
				return accepted(stop, t, give)
			},
			Ignored: func(string, string) {},
			Broken:  func(err *fixtures.FileError) error { return give(nil, err) },
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// accepted gives the accepted blocks of a test, then what is wrong with it. An error is give's.
func accepted(stop context.Context, t *Test, give func(*traces.Bundle, error) error) error {
	wrong := func(err error) error { return give(nil, fmt.Errorf("%s: %w", t.ID(), err)) }
	c, err := New(t)
	if err != nil {
		return wrong(err)
	}
	for i := range t.Items {
		item := &t.Items[i]
		b, err := c.Judge(stop, item)
		switch {
		case err != nil:
			return wrong(err)
		case b == nil:
			continue
		}
		if err := give(b, nil); err != nil {
			return err
		}
	}
	if err := c.Finish(); err != nil {
		return wrong(err)
	}
	return nil
}

// Judge has go-ethereum alone do all that the next item demands: the block is taken into the chain
// and returned, or refused, and nil. The error says that the test goes otherwise than it has to.
func (c *Chain) Judge(stop context.Context, item *Item) (*traces.Bundle, error) {
	b, _, err := c.judge(stop, item)
	return b, err
}

func (c *Chain) judge(stop context.Context, item *Item) (*traces.Bundle, *Refusal, error) {
	b, refused, err := c.Propose(item)
	if err == nil && refused == nil {
		var post state.Prestate
		if post, err = Execute(stop, b); err == nil && !item.Invalid {
			return b, nil, c.Accept(b, post)
		}
		if err != nil {
			refused, err = NewRefusal(err), nil
		}
	}
	switch {
	case stop.Err() != nil:
		return nil, nil, stop.Err()
	case err != nil:
		return nil, nil, err
	case refused == nil:
		return nil, nil, fmt.Errorf("%s: accepted; it has to be refused: %s", item.Field, item.Exception)
	case !item.Invalid:
		return nil, nil, fmt.Errorf("%s: %w", item.Field, refused)
	}
	if err := refused.Meets(item); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", item.Field, err)
	}
	return nil, refused, nil
}

// Open gives the valid item of a test at a place, with the whole state before it: go-ethereum
// alone does what the items before demand.
func Open(stop context.Context, t *Test, index int) (*traces.Bundle, error) {
	c, err := New(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.ID(), err)
	}
	for i := range t.Items[:index] {
		if _, err := c.Judge(stop, &t.Items[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", t.ID(), err)
		}
	}
	b, refused, err := c.Propose(&t.Items[index])
	if err == nil && refused != nil {
		err = fmt.Errorf("%s: %w", t.Items[index].Field, refused)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.ID(), err)
	}
	return b, nil
}
