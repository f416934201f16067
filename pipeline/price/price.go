// Package price says how long built-ins (precompiled contracts) take. Their computation is
// not simulated: each has a price, found from its input when it executes.
package price

import (
	"fmt"
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// Measure says what the price of a built-in grows with.
type Measure uint8

// The measures. The price of the first three is known from the length of the input alone.
const (
	Once   Measure = iota // nothing
	Pieces                // pieces of Row.Size bytes, the last one perhaps not whole: words, pairs
	Blocks                // blocks of 64 bytes that a hash with the padding of SHA-256 compresses
	Gas                   // what it costs: of a sum of products, the discounted number of its pairs (EIP-2537)
	Rounds                // the number at the beginning of the input (EIP-152)
	Work                  // multiplications of words that an exponentiation does, as EIP-2565 estimates them
)

// OfLength reports whether the length of the input is all that a price depends on.
func (m Measure) OfLength() bool { return m <= Blocks }

// Cost is a price: Base, and Each for what the measure counts.
type Cost struct{ Base, Each uint64 }

// Row has the prices of one built-in.
type Row struct {
	Number      int // decoder.Program.Builtin
	Name        string
	Measure     Measure
	Size        uint64
	Software    Cost // picoseconds of a client's thread
	Accelerator Cost // cycles of a published design; zero where there is none, which software does then
}

const (
	nanosecond  = 1000
	microsecond = 1_000_000
)

// A measured multiplication of EIP-2537's first group takes 107 us and costs 12,000 gas. What of
// that EIP nobody has measured is taken to be as well priced: this is the time of a unit of gas.
const curveGas = 107 * microsecond / 12_000

// Table has a row for each built-in from Frontier to Osaka. docs/model.md has the sources.
var Table = [...]Row{
	{Number: decoder.BuiltinRecover, Name: "ecrecover", Software: Cost{Base: 46_900 * nanosecond}, Accelerator: Cost{Base: 190_000}},
	{Number: decoder.BuiltinSHA256, Name: "sha256", Measure: Blocks, Software: Cost{Each: 230 * nanosecond}, Accelerator: Cost{Each: 66}},
	{Number: 0x3, Name: "ripemd160", Measure: Blocks, Software: Cost{Each: 787 * nanosecond}},
	{Number: 0x4, Name: "identity", Measure: Pieces, Size: 32, Software: Cost{Base: 15 * nanosecond, Each: nanosecond}},
	{Number: 0x5, Name: "modexp", Measure: Work, Software: Cost{Base: 6_162 * nanosecond, Each: 818}},
	{Number: decoder.BuiltinAdd, Name: "bn256 add", Software: Cost{Base: 3_800 * nanosecond}},
	{Number: decoder.BuiltinMul, Name: "bn256 mul", Software: Cost{Base: 60_000 * nanosecond}},
	{Number: decoder.BuiltinPairing, Name: "bn256 pairing", Measure: Pieces, Size: 192, Software: Cost{Base: 578 * microsecond, Each: 469 * microsecond}, Accelerator: Cost{Each: 82_340}},
	{Number: 0x9, Name: "blake2f", Measure: Rounds, Software: Cost{Base: 600 * nanosecond, Each: 20 * nanosecond}},
	{Number: 0xa, Name: "point evaluation", Software: Cost{Base: 1_486 * microsecond}},
	{Number: 0xb, Name: "bls12 g1 add", Software: Cost{Base: 5_100 * nanosecond}},
	{Number: 0xc, Name: "bls12 g1 msm", Measure: Gas, Software: Cost{Each: curveGas}},
	{Number: 0xd, Name: "bls12 g2 add", Software: Cost{Base: 7_400 * nanosecond}},
	{Number: 0xe, Name: "bls12 g2 msm", Measure: Gas, Software: Cost{Each: curveGas}},
	{Number: 0xf, Name: "bls12 pairing", Measure: Pieces, Size: 384, Software: Cost{Base: 37_700 * curveGas, Each: 32_600 * curveGas}},
	{Number: 0x10, Name: "bls12 map fp", Software: Cost{Base: 36_900 * nanosecond}},
	{Number: 0x11, Name: "bls12 map fp2", Software: Cost{Base: 120 * microsecond}},
	{Number: decoder.BuiltinP256, Name: "p256 verify", Software: Cost{Base: 75 * microsecond}, Accelerator: Cost{Base: 190_000}},
}

// RowOf finds the row of a built-in.
func RowOf(number int) *Row {
	for i := range Table {
		if Table[i].Number == number {
			return &Table[i]
		}
	}
	return nil
}

// Prices are those of one core, in cycles.
type Prices struct {
	accelerator bool
	perMicro    uint64
	flat        isa.Cycle // not zero: of every built-in
}

// New makes the prices of a set: software, accelerator, or flat cycles for every built-in. A
// microsecond of software is perMicrosecond cycles.
func New(set string, perMicrosecond, flat int) (Prices, error) {
	p := Prices{perMicro: uint64(perMicrosecond)}
	switch set {
	case "software":
	case "accelerator":
		p.accelerator = true
	case "flat":
		p.flat = isa.Cycle(flat)
	default:
		return p, fmt.Errorf("latency.builtins: %q is not software, accelerator or flat", set)
	}
	return p, nil
}

// Of is the time of a built-in with length bytes of input that costs gas. Where the measure
// is of the length, input is not read.
func (p *Prices) Of(number int, length, gas uint64, input []byte) isa.Cycle {
	row := RowOf(number)
	if p.flat != 0 || row == nil {
		return max(p.flat, 1)
	}
	n := row.count(length, gas, input)
	if p.accelerator && row.Accelerator != (Cost{}) {
		return cycles(row.Accelerator, n, 1, 1)
	}
	return cycles(row.Software, n, p.perMicro, microsecond)
}

// longest bounds what overflows.
const longest = isa.Cycle(1) << 50

// cycles is the cost times mul / div, at least 1.
func cycles(c Cost, n, mul, div uint64) isa.Cycle {
	hi, lo := bits.Mul64(c.Each, n)
	sum, carry := bits.Add64(lo, c.Base, 0)
	if hi+carry != 0 {
		return longest
	}
	if hi, lo = bits.Mul64(sum, mul); hi >= div {
		return longest
	}
	q, _ := bits.Div64(hi, lo, div)
	return min(max(isa.Cycle(q), 1), longest)
}

func (r *Row) count(length, gas uint64, input []byte) uint64 {
	switch r.Measure {
	case Pieces:
		return length/r.Size + min(length%r.Size, 1)
	case Blocks: // a byte and the length of eight bytes are added
		return (length+8)/64 + 1
	case Gas:
		return gas
	case Rounds:
		return big(input, 0, 4)
	case Work:
		return work(input)
	}
	return 0
}

// big reads n bytes, at most 8, as a number; what the input lacks is zero.
func big(input []byte, off, n uint64) (v uint64) {
	for i := off; i < off+n; i++ {
		v <<= 8
		if i < uint64(len(input)) {
			v |= uint64(input[i])
		}
	}
	return v
}

// word reads 32 bytes as a number, cut off at the greatest that there is.
func word(input []byte, off uint64) uint64 {
	if big(input, off, 8)|big(input, off+8, 8)|big(input, off+16, 8) != 0 {
		return ^uint64(0)
	}
	return big(input, off+24, 8)
}

// work estimates an exponentiation as EIP-2565 does, whatever the fork charges for it: the
// square of the words of the longer of base and modulus, for each bit of the exponent behind
// its first.
func work(input []byte) uint64 {
	base, exponent, modulus := word(input, 0), word(input, 32), word(input, 64)
	n := max(base, modulus)
	words := n/8 + min(n%8, 1)
	head := uint64(0) // bits of the exponent's first 32 bytes
	for i := range min(exponent, 32) {
		if b := big(input, satAdd(96, satAdd(base, i)), 1); b != 0 {
			head = 8*(min(exponent, 32)-i-1) + uint64(bits.Len64(b))
			break
		}
	}
	steps := head - min(head, 1)
	if exponent > 32 {
		steps = satAdd(steps, satMul(8, exponent-32))
	}
	return satMul(satMul(words, words), max(steps, 1))
}

func satAdd(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return sum | -carry
}

func satMul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return ^uint64(0)
	}
	return lo
}
