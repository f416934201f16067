package fetch

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// Listed is a block that is wanted: whatever has the number, or with a hash that block alone. The
// hash is over the header, and so over all that the block is; the pre-state has to reproduce it.
type Listed struct {
	Number uint64
	Hash   common.Hash // zero for any
}

func (l Listed) is(hash common.Hash) bool { return l.Hash == (common.Hash{}) || l.Hash == hash }

// OtherBlockError is that the node has another block of the number than the list.
type OtherBlockError struct{ Want, Got common.Hash }

func (e *OtherBlockError) Error() string {
	return fmt.Sprintf("the node has another block of this number: its hash is %v, the list has %v", e.Got, e.Want)
}

// Range lists every so manieth block from one to another, both included.
func Range(from, to, every uint64) iter.Seq[Listed] {
	return func(yield func(Listed) bool) {
		for n := from; n <= to && yield(Listed{Number: n}); n += every {
			if n+every < n {
				break
			}
		}
	}
}

// ReadList reads a CSV file whose heading has number and hash. Its other columns are for readers:
// the hash determines them.
func ReadList(r io.Reader) ([]Listed, error) {
	rows := csv.NewReader(r)
	heading, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; a heading with number and hash is expected")
	}
	if err != nil {
		return nil, err
	}
	number, hash := slices.Index(heading, "number"), slices.Index(heading, "hash")
	if number < 0 || hash < 0 {
		return nil, fmt.Errorf("line 1: the heading is %q; number and hash are expected in it", heading)
	}
	var list []Listed
	seen := make(map[uint64]int)
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		n, err := strconv.ParseUint(row[number], 10, 64)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("line %d: number %q: a decimal number from 1 is expected", line, row[number])
		}
		if before, ok := seen[n]; ok {
			return nil, fmt.Errorf("line %d: number %d: line %d has it already", line, n, before)
		}
		seen[n] = line
		h, err := hexutil.Decode(row[hash])
		if err != nil || len(h) != common.HashLength || common.Hash(h) == (common.Hash{}) {
			return nil, fmt.Errorf("line %d: hash %q: 0x and 64 hexadecimal digits are expected", line, row[hash])
		}
		list = append(list, Listed{n, common.Hash(h)})
	}
	if len(list) == 0 {
		return nil, errors.New("it lists no blocks")
	}
	return list, nil
}
