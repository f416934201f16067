package chain

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Judge has go-ethereum alone do all that the next item demands: the block is taken into the chain
// and returned, or refused, and nil. The error says that the test goes otherwise than it has to.
func (c *Chain) Judge(stop context.Context, item *Item) (*traces.Bundle, error) {
	b, _, err := c.judge(stop, item)
	return b, err
}

func (c *Chain) judge(stop context.Context, item *Item) (*traces.Bundle, *Refusal, error) {
	c.Stop = stop
	b, refused, err := c.Propose(item)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", item.Field, err)
	}
	if refused == nil {
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
		err = refused
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", t.ID(), t.Items[index].Field, err)
	}
	return b, nil
}
