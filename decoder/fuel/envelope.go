package fuel

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// Words of an envelope.
const (
	txPayer decoder.Operand = decoder.Context0 + iota
	txCoinbase
	txWords = iota
)

// Opcodes of the envelope's pseudo-program, which are also its instructions' positions.
const (
	txBegin = iota
	txEnter
	txEnd
	txHalt
)

// Envelopes read who pays, enter the script unless there is none, and settle with who pays
// and who takes the fees.
var (
	envelopeProgram = envelopeOf(txBegin, txEnter, txEnd, txHalt)
	withoutScript   = envelopeOf(txBegin, txEnd, txHalt)
)

func envelopeOf(codes ...uint8) *decoder.Program {
	touch := func(o decoder.Operand) decoder.Uop {
		u := pseudo(isa.Touch, o)
		u.Imm = isa.Imm(isa.Touch, isa.TouchWrite)
		return u
	}
	rows := &decoder.RowTable{
		txBegin: {Name: "tx.begin", Kind: decoder.KindExec, Uops: []decoder.Uop{touch(txPayer)}},
		txEnter: {
			Name: "tx.enter", Kind: decoder.KindCall,
			Uops: []decoder.Uop{pseudo(isa.Enter, decoder.Zero, decoder.Zero)},
			Call: &decoder.CallShape{
				Account: decoder.Zero, Self: decoder.Zero, Caller: decoder.Zero, Value: decoder.Zero,
				InputOffset: decoder.Zero, InputLength: decoder.Zero, OutputOffset: decoder.Zero, OutputLength: decoder.Zero,
			},
		},
		txEnd:  {Name: "tx.end", Kind: decoder.KindExec, Uops: []decoder.Uop{touch(txPayer), touch(txCoinbase)}},
		txHalt: {Name: "tx.halt", Kind: decoder.KindHalt, Uops: []decoder.Uop{pseudo(isa.Nop)}},
	}
	p := &decoder.Program{Rows: rows, ID: decoder.NextID()}
	for _, code := range codes {
		rows[code].Flags, rows[code].MaxStack = decoder.Uncounted, maxHeight
		p.Insts = append(p.Insts, decoder.Inst{PC: uint32(code), Aux: -1, Code: code, Kind: rows[code].Kind, Size: 1})
	}
	return p
}

func pseudo(op isa.Op, sources ...decoder.Operand) decoder.Uop {
	u := decoder.Uop{Op: op, Src: systemUop.Src}
	copy(u.Src[:], sources)
	return u
}

// envelope describes the transaction that has been laid out.
func (s *System) envelope() decoder.Envelope {
	words := make([]isa.Word, txWords)
	words[txPayer-decoder.Context0] = wordOf(s.payer())
	words[txCoinbase-decoder.Context0] = wordOf(s.Block.Coinbase)
	program := envelopeProgram
	if s.NoScript() {
		program = withoutScript
	}
	return decoder.Envelope{
		Program: program, Words: words, Gas: s.Reg[fuel.RegCGas],
		Registers: s.Reg[:], Space: s.Memory,
	}
}

// payer is the owner of the first coin or message that the transaction spends.
func (s *System) payer() fuel.ID {
	for i := range s.Tx.Inputs {
		switch in := &s.Tx.Inputs[i]; in.Type {
		case fuel.InputCoin:
			return in.Owner
		case fuel.InputMessage:
			return in.Recipient
		}
	}
	return fuel.ID{}
}

func wordOf(id fuel.ID) (w isa.Word) {
	w.SetBytes32(id[:])
	return w
}
