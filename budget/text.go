package budget

import (
	"encoding/json"
	"fmt"
	"io"
)

// valueBytes is how much memory a byte of a JSON value takes while that is read: the decoder's
// buffer, which doubles, and what is made of it, mostly of lists of small things.
const valueBytes = 12

// NewDecoder reads JSON values within a budget: one so long that reading it would not fit is
// an error before it is read. Of every byte of text, what is made of it keeps so many.
func NewDecoder(text io.Reader, memory *Budget, keeps int64) *json.Decoder {
	t := &boundedText{r: text, memory: memory, keeps: keeps}
	t.dec = json.NewDecoder(t)
	return t.dec
}

// boundedText looks how much text the decoder that reads it holds: all since the value began.
type boundedText struct {
	r      io.Reader
	dec    *json.Decoder
	memory *Budget
	keeps  int64
	read   int64
}

// Read implements io.Reader.
func (t *boundedText) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.read += int64(n)
	held := t.read - t.dec.InputOffset()
	if most := t.memory.Left() / valueBytes; held > most {
		return 0, t.memory.exceeded(held*valueBytes, fmt.Sprintf("a JSON value of more than %s", Size(held)))
	}
	if err := t.memory.TakeFor(int64(n)*t.keeps, func() string { return fmt.Sprintf("what %s of text say", Size(t.read)) }); err != nil {
		return 0, err
	}
	return n, err
}

// ReadAll reads a text whole, as NewDecoder would read one value of it.
func ReadAll(text io.Reader, memory *Budget) ([]byte, error) {
	most := memory.Left() / valueBytes
	all, err := io.ReadAll(io.LimitReader(text, most+1))
	if n := int64(len(all)); n > most && err == nil {
		return nil, memory.exceeded(n*valueBytes, fmt.Sprintf("a text of more than %s", Size(most)))
	}
	return all, err
}
