// Package fuel holds what the FuelVM is, apart from how fast it runs: the instruction
// table, gas schedules, the script transaction and the memory it begins with, the
// memory rules, contracts and their storage, receipts, cryptography. The golden
// model and the simulated machine share it; it knows no timing.
//
// It follows fuel-specs and, where the two differ, fuel-vm 0.66.
package fuel

// Opcode is the first byte of an instruction word.
type Opcode uint8

// Format says which fields a word has below its opcode. Registers take 6 bits each,
// from bit 18 down; an immediate takes the low bits; what is left must be zero.
type Format uint8

// The formats, named by their fields.
const (
	FormatNone Format = iota
	FormatR
	FormatRR
	FormatRRR
	FormatRRRR
	FormatRRRI // three registers and 6 bits
	FormatRRI  // two registers and 12 bits
	FormatRI   // a register and 18 bits
	FormatI    // 24 bits
)

var formats = [...]struct{ registers, immediate uint }{
	FormatNone: {0, 0},
	FormatR:    {1, 0},
	FormatRR:   {2, 0},
	FormatRRR:  {3, 0},
	FormatRRRR: {4, 0},
	FormatRRRI: {3, 6},
	FormatRRI:  {2, 12},
	FormatRI:   {1, 18},
	FormatI:    {0, 24},
}

// Registers is the number of register fields.
func (f Format) Registers() int { return int(formats[f].registers) }

// ImmediateBits is the width of the immediate, 0 when there is none.
func (f Format) ImmediateBits() int { return int(formats[f].immediate) }

// reserved is the mask of the bits that must be zero.
func (f Format) reserved() uint32 {
	used := 6*formats[f].registers + formats[f].immediate
	return 1<<(24-used) - 1 // an immediate fills its word: what is left is at the bottom, and then there is no immediate
}

// Class groups instructions by what executing them touches.
type Class uint8

// The classes.
const (
	ClassALU Class = iota
	ClassControl
	ClassMemory
	ClassContract
	ClassLog
	ClassStorage
	ClassCrypto
	ClassMeta
	ClassWide
)

// Attr are properties of an instruction that its format does not tell.
type Attr uint8

// The attributes.
const (
	WriteA     Attr = 1 << iota // field A is a destination register
	WriteB                      // field B is (a status)
	WriteFlags                  // $of and $err are written
	WriteErr                    // only $err is
	Predicate                   // may run in a predicate
)

// Op is one instruction of the table.
type Op struct {
	Name   string
	Code   Opcode
	Format Format
	Class  Class
	Cost   Cost
	Attr   Attr
}

// Ops gives the table, in the order of the opcodes.
func Ops() []Op { return table[:] }

// byCode finds a row by opcode; a nil row is an opcode that does not exist.
var byCode = func() (rows [256]*Op) {
	for i := range table {
		rows[table[i].Code] = &table[i]
	}
	return rows
}()

// OpOf gives the row of an opcode, nil when there is none.
func OpOf(c Opcode) *Op { return byCode[c] }

// Inst is a decoded word. Fields that the format does not have are zero.
type Inst struct {
	Op         *Op
	A, B, C, D uint8
	Imm        uint32
}

// Decode splits a word into its fields. It gives PanicInvalidInstruction for an
// opcode that does not exist and for reserved bits that are not zero.
func Decode(word uint32) (Inst, Panic) {
	op := byCode[word>>24]
	if op == nil || word&op.Format.reserved() != 0 {
		return Inst{}, PanicInvalidInstruction
	}
	in := Inst{Op: op, Imm: word & (1<<formats[op.Format].immediate - 1)}
	for i, field := range [...]*uint8{&in.A, &in.B, &in.C, &in.D} {
		if i < op.Format.Registers() {
			*field = uint8(word>>(18-6*i)) & 63
		}
	}
	return in, NoPanic
}

// Encode is the inverse of Decode. Bits of a field beyond its width are dropped.
func (in Inst) Encode() uint32 {
	f := formats[in.Op.Format]
	word := uint32(in.Op.Code)<<24 | in.Imm&(1<<f.immediate-1)
	for i, field := range [...]uint8{in.A, in.B, in.C, in.D} {
		if i < int(f.registers) {
			word |= uint32(field&63) << (18 - 6*i)
		}
	}
	return word
}
