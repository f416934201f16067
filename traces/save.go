package traces

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/klauspost/compress/zstd"

	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// ContentHash is the SHA-256, in hexadecimal, of a canonical serialization of a
// pre-state and of block hashes. All numbers are big-endian and of fixed width:
//
//	"ooovm content 1\n"
//	u64 number of accounts, then by ascending address:
//	    address (20), balance (32), nonce (u64), length of code (u64), code,
//	    u64 number of slots, then by ascending slot: slot (32), value (32)
//	u64 number of block hashes, then by ascending number: number (u64), hash (32)
//
// Slots that are listed as zero count: a listed slot is known to be read.
func ContentHash(prestate state.Prestate, hashes map[uint64]common.Hash) string {
	c := canon{sha256.New()}
	c.content(prestate, hashes)
	return c.hex()
}

// Hash is the identity of what the bundle holds, whatever file it came from: the
// SHA-256, in hexadecimal, of "ooovm bundle 1\n", chain id, the fork schedule (as JSON)
// where it is not that of a known chain, stated block hash, the header's RLP,
// transactions (with their senders where they are unsigned) and withdrawals in their
// canonical encodings, each with its length, and the serialization of ContentHash.
func (b *Bundle) Hash() (string, error) {
	c := canon{sha256.New()}
	io.WriteString(c, "ooovm bundle 1\n")
	c.number(b.ChainID)
	if b.ownSchedule() {
		schedule, err := json.Marshal(b.Config)
		if err != nil {
			return "", fmt.Errorf("%s: fork schedule: %w", b.Name, err)
		}
		c.blob(schedule)
	}
	c.Write(b.BlockHash[:])
	header, err := rlp.EncodeToBytes(b.Header)
	if err != nil {
		return "", fmt.Errorf("%s: header: %w", b.Name, err)
	}
	c.blob(header)
	c.number(uint64(len(b.Txs)))
	for i, tx := range b.Txs {
		raw, err := tx.MarshalBinary()
		if err != nil {
			return "", fmt.Errorf("%s: transaction %d: %w", b.Name, i, err)
		}
		c.blob(raw)
		if b.Unsigned {
			from, err := b.Sender(i)
			if err != nil {
				return "", err
			}
			c.Write(from[:])
		}
	}
	c.number(uint64(len(b.Withdrawals)))
	for _, w := range b.Withdrawals {
		c.number(w.Index)
		c.number(w.Validator)
		c.Write(w.Address[:])
		c.number(w.Amount)
	}
	c.content(b.Prestate, b.BlockHashes)
	return c.hex(), nil
}

// canon writes canonical serializations into a hash. Writing to a hash cannot fail.
type canon struct{ hash.Hash }

func (c canon) number(n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	c.Write(b[:])
}

func (c canon) word(w isa.Word) {
	b := w.Bytes32()
	c.Write(b[:])
}

func (c canon) blob(b []byte) {
	c.number(uint64(len(b)))
	c.Write(b)
}

func (c canon) hex() string { return hex.EncodeToString(c.Sum(nil)) }

func (c canon) content(prestate state.Prestate, hashes map[uint64]common.Hash) {
	io.WriteString(c, "ooovm content 1\n")
	c.number(uint64(len(prestate)))
	for _, address := range sortedAddresses(maps.Keys(prestate)) {
		acct := prestate[address]
		c.Write(address[:])
		c.word(acct.Balance)
		c.number(acct.Nonce)
		c.blob(acct.Code)
		c.number(uint64(len(acct.Storage)))
		for _, slot := range sortedWords(maps.Keys(acct.Storage)) {
			c.word(slot)
			c.word(acct.Storage[slot])
		}
	}
	c.number(uint64(len(hashes)))
	for _, number := range slices.Sorted(maps.Keys(hashes)) {
		c.number(number)
		h := hashes[number]
		c.Write(h[:])
	}
}

func sortedAddresses(seq func(func(state.Address) bool)) []state.Address {
	return slices.SortedFunc(seq, func(a, b state.Address) int { return bytes.Compare(a[:], b[:]) })
}

func sortedWords(seq func(func(isa.Word) bool)) []isa.Word {
	return slices.SortedFunc(seq, func(a, b isa.Word) int {
		for i := 3; i > 0; i-- {
			if a[i] != b[i] {
				return cmp.Compare(a[i], b[i])
			}
		}
		return cmp.Compare(a[0], b[0])
	})
}

// Save writes the bundle to a file, compressed as its extension says (.gz, .zst,
// else plain). The file appears whole or not at all, and equal bundles give equal
// bytes. It always carries a contentHash.
func (b *Bundle) Save(path string) error {
	return files.Write(path, func(w io.Writer) error { return b.write(w, filepath.Ext(path)) })
}

func (b *Bundle) write(w io.Writer, ext string) error {
	switch ext {
	case ".gz":
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := b.Write(z); err != nil {
			return err
		}
		return z.Close()
	case ".zst":
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
		if err != nil {
			return err
		}
		if err := b.Write(z); err != nil {
			return err
		}
		return z.Close()
	}
	return b.Write(w)
}

// bundleJSON is the file format; encoding/json sorts the maps.
type bundleJSON struct {
	ChainID     uint64                     `json:"chainId"`
	ChainConfig *params.ChainConfig        `json:"chainConfig,omitempty"`
	Unsigned    bool                       `json:"unsigned,omitempty"`
	Block       map[string]json.RawMessage `json:"block"`
	Prestate    map[string]accountJSON     `json:"prestate"`
	BlockHashes map[string]common.Hash     `json:"blockHashes"`
	ContentHash string                     `json:"contentHash"`
	Provenance  *Provenance                `json:"provenance,omitempty"`
}

type accountJSON struct {
	Balance string                 `json:"balance"`
	Nonce   string                 `json:"nonce"`
	Code    string                 `json:"code,omitempty"`
	Storage map[string]common.Hash `json:"storage,omitempty"`
}

// Write writes the bundle as one line of JSON.
func (b *Bundle) Write(w io.Writer) error {
	block, err := b.blockJSON()
	if err != nil {
		return err
	}
	out := bundleJSON{
		ChainID:     b.ChainID,
		Block:       block,
		Prestate:    make(map[string]accountJSON, len(b.Prestate)),
		BlockHashes: make(map[string]common.Hash, len(b.BlockHashes)),
		ContentHash: ContentHash(b.Prestate, b.BlockHashes),
		Unsigned:    b.Unsigned,
		Provenance:  b.Provenance,
	}
	if b.ownSchedule() {
		out.ChainConfig = b.Config
	}
	for address, acct := range b.Prestate {
		a := accountJSON{Balance: acct.Balance.Hex(), Nonce: hexutil.EncodeUint64(acct.Nonce)}
		if len(acct.Code) > 0 {
			a.Code = hexutil.Encode(acct.Code)
		}
		if len(acct.Storage) > 0 {
			a.Storage = make(map[string]common.Hash, len(acct.Storage))
			for slot, value := range acct.Storage {
				a.Storage[common.Hash(slot.Bytes32()).Hex()] = value.Bytes32()
			}
		}
		out.Prestate[hexutil.Encode(address[:])] = a
	}
	for number, hash := range b.BlockHashes {
		out.BlockHashes[strconv.FormatUint(number, 10)] = hash
	}
	return json.NewEncoder(w).Encode(out)
}

// blockJSON gives the block as eth_getBlockByNumber(n, true) does, without the
// fields that follow from others.
func (b *Bundle) blockJSON() (map[string]json.RawMessage, error) {
	block, err := members(b.Header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if block["hash"], err = json.Marshal(b.BlockHash); err != nil {
		return nil, err
	}
	txs := make([]map[string]json.RawMessage, len(b.Txs))
	for i, tx := range b.Txs {
		if txs[i], err = members(tx); err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
		from, err := b.Sender(i)
		if err != nil {
			return nil, err
		}
		if txs[i]["from"], err = json.Marshal(strings.ToLower(from.Hex())); err != nil {
			return nil, err
		}
	}
	if block["transactions"], err = json.Marshal(txs); err != nil {
		return nil, err
	}
	if b.Withdrawals != nil {
		if block["withdrawals"], err = json.Marshal(b.Withdrawals); err != nil {
			return nil, err
		}
	}
	return block, nil
}

// members gives the members of the object that a value marshals to.
func members(v any) (map[string]json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	return m, json.Unmarshal(raw, &m)
}
