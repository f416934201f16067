package decoder

import (
	"sync"
	"sync/atomic"

	"github.com/ooovm/ooovm/state"
)

// lastID is the Program.ID given out last.
var lastID atomic.Int32

// NextID gives a Program.ID that no other program of the process has. IDs depend
// on who decoded first: key by them, but let no result depend on their values.
func NextID() int32 { return lastID.Add(1) }

// Decode turns code into a program under a table of rows.
type Decode func(code []byte, rows *RowTable) *Program

// Cache keeps decoded programs by code hash and table, so that each code is
// decoded once however many transactions, cores and runs enter it. It is safe for
// concurrent use.
type Cache struct {
	decode   Decode
	mu       sync.RWMutex
	programs map[cacheKey]*Program
}

type cacheKey struct {
	hash state.Hash
	rows *RowTable
}

// NewCache makes an empty cache that fills itself with decode.
func NewCache(decode Decode) *Cache {
	return &Cache{decode: decode, programs: make(map[cacheKey]*Program)}
}

// Program gives the program of the code with the hash, decoding it when it is
// seen for the first time. Two callers get the same one.
func (c *Cache) Program(hash state.Hash, code []byte, rows *RowTable) *Program {
	key := cacheKey{hash, rows}
	c.mu.RLock()
	p := c.programs[key]
	c.mu.RUnlock()
	if p != nil {
		return p
	}
	decoded := c.decode(code, rows)
	if decoded.Hash == (state.Hash{}) && len(code) > 0 { // pseudo-programs are shared and have no hash
		decoded.Hash = hash
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.programs[key]; p != nil {
		return p
	}
	c.programs[key] = decoded
	return decoded
}

// Len is the number of programs in the cache.
func (c *Cache) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.programs)
}
