package fuel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/ooovm/ooovm/state/fuel"
)

// hasher feeds a hash with values of stated length, so that no two different programs
// have the same bytes.
type hasher struct{ hash.Hash }

func (h hasher) number(n uint64) { _, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) }

func (h hasher) bytes(b []byte) {
	h.number(uint64(len(b)))
	_, _ = h.Write(b)
}

func (h hasher) id(id fuel.ID) { _, _ = h.Write(id[:]) }

// Hash names what the program executes and on what, in hexadecimal: not its name, and not
// what it expects.
func (p *Program) Hash() string {
	h := hasher{sha256.New()}
	q := p.Params
	for _, n := range []uint64{q.ChainID, q.GasPerByte, q.PriceFactor, q.ContractMaxSize, q.MaxMessageDataLength, q.MaxSlotLength, uint64(q.Gas.Version)} {
		h.number(n)
	}
	h.id(q.BaseAsset)
	for _, r := range q.Gas.Rates {
		defined := uint64(0)
		if r.Defined {
			defined = 1
		}
		for _, n := range []uint64{r.Base, r.UnitsPer, r.GasPerUnit, defined} {
			h.number(n)
		}
	}
	b := &p.Block
	h.number(uint64(b.Height))
	h.number(b.Time)
	h.number(b.GasPrice)
	h.id(b.Coinbase)
	for _, height := range names(b.Hashes) {
		h.number(uint64(height))
		h.id(b.Hashes[height])
	}
	for _, height := range names(b.Times) {
		h.number(uint64(height))
		h.number(b.Times[height])
	}
	h.number(uint64(len(p.Contracts)))
	for i := range p.Contracts {
		c := &p.Contracts[i]
		h.id(c.ID)
		h.bytes(c.Code)
		h.number(uint64(len(c.Storage)))
		for _, s := range c.Storage {
			h.id(s.Key)
			h.bytes(s.Value)
		}
		h.number(uint64(len(c.Balances)))
		for _, a := range c.Balances {
			h.id(a.Asset)
			h.number(a.Amount)
		}
	}
	h.number(uint64(len(p.Blobs)))
	for _, blob := range p.Blobs {
		h.id(blob.ID)
		h.bytes(blob.Data)
	}
	h.number(uint64(len(p.Transactions)))
	for i := range p.Transactions {
		encoded, _ := p.Transactions[i].Encode()
		h.bytes(encoded)
	}
	return hex.EncodeToString(h.Sum(nil))
}
