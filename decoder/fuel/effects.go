package fuel

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/ooovm/ooovm/state/fuel"
)

// operation is an instruction that executes on committed registers and memory.
type operation struct {
	*fuel.Session
	fuel.Inst
	a, b, c, d uint64 // its register operands
	imm        uint64
}

// effects execute the instructions that go on with the next word and are not of
// ClassALU. They are what the system does as a whole.
var effects = map[fuel.Opcode]func(o *operation) fuel.Panic{
	fuel.LB:   func(o *operation) fuel.Panic { return o.load(1) },
	fuel.LQW:  func(o *operation) fuel.Panic { return o.load(2) },
	fuel.LHW:  func(o *operation) fuel.Panic { return o.load(4) },
	fuel.LW:   func(o *operation) fuel.Panic { return o.load(8) },
	fuel.SB:   func(o *operation) fuel.Panic { return o.store(1) },
	fuel.SQW:  func(o *operation) fuel.Panic { return o.store(2) },
	fuel.SHW:  func(o *operation) fuel.Panic { return o.store(4) },
	fuel.SW:   func(o *operation) fuel.Panic { return o.store(8) },
	fuel.MCL:  func(o *operation) fuel.Panic { return o.zero(o.a, o.b) },
	fuel.MCLI: func(o *operation) fuel.Panic { return o.zero(o.a, o.imm) },
	fuel.MCP:  func(o *operation) fuel.Panic { return o.Memory.Copy(o.Owner(), o.a, o.b, o.c) },
	fuel.MCPI: func(o *operation) fuel.Panic { return o.Memory.Copy(o.Owner(), o.a, o.b, o.imm) },
	fuel.MEQ:  func(o *operation) fuel.Panic { return o.equal() },
	fuel.ALOC: func(o *operation) fuel.Panic { return o.allocate() },
	fuel.CFE:  func(o *operation) fuel.Panic { return o.extend(o.a) },
	fuel.CFEI: func(o *operation) fuel.Panic { return o.extend(o.imm) },
	fuel.CFS:  func(o *operation) fuel.Panic { return o.shrink(o.a) },
	fuel.CFSI: func(o *operation) fuel.Panic { return o.shrink(o.imm) },
	fuel.PSHL: func(o *operation) fuel.Panic { return o.push() },
	fuel.PSHH: func(o *operation) fuel.Panic { return o.push() },
	fuel.POPL: func(o *operation) fuel.Panic { return o.pop() },
	fuel.POPH: func(o *operation) fuel.Panic { return o.pop() },

	fuel.BHSH: func(o *operation) fuel.Panic { return o.BlockHash(o.a, o.b) },
	fuel.BHEI: func(o *operation) fuel.Panic { return o.give(o.A, uint64(o.Block.Height), fuel.NoPanic) },
	fuel.TIME: func(o *operation) fuel.Panic { v, p := o.Time(o.b); return o.give(o.A, v, p) },
	fuel.CB:   func(o *operation) fuel.Panic { return o.CoinbaseTo(o.a) },
	fuel.CCP:  func(o *operation) fuel.Panic { return o.CodeCopy(o.a, o.b, o.c, o.d) },
	fuel.CROO: func(o *operation) fuel.Panic { return o.CodeRootOf(o.a, o.b) },
	fuel.CSIZ: func(o *operation) fuel.Panic { v, p := o.CodeSize(o.b); return o.give(o.A, v, p) },
	fuel.LDC:  func(o *operation) fuel.Panic { return o.LoadCode(o.a, o.b, o.c, o.Imm) },
	fuel.BSIZ: func(o *operation) fuel.Panic { v, p := o.BlobSize(o.b); return o.give(o.A, v, p) },
	fuel.BLDD: func(o *operation) fuel.Panic { return o.BlobCopy(o.a, o.b, o.c, o.d) },
	fuel.BAL:  func(o *operation) fuel.Panic { v, p := o.BalanceOf(o.b, o.c); return o.give(o.A, v, p) },
	fuel.MINT: func(o *operation) fuel.Panic { return o.Mint(o.a, o.b) },
	fuel.BURN: func(o *operation) fuel.Panic { return o.Burn(o.a, o.b) },
	fuel.TR:   func(o *operation) fuel.Panic { return o.Transfer(o.a, o.b, o.c) },
	fuel.TRO:  func(o *operation) fuel.Panic { return o.TransferOut(o.a, o.b, o.c, o.d) },
	fuel.SMO:  func(o *operation) fuel.Panic { return o.MessageOut(o.a, o.b, o.c, o.d) },
	fuel.LOG:  func(o *operation) fuel.Panic { return o.Log(o.a, o.b, o.c, o.d) },
	fuel.LOGD: func(o *operation) fuel.Panic { return o.LogData(o.a, o.b, o.c, o.d) },
	fuel.FLAG: func(o *operation) fuel.Panic { return o.setFlags() },
	fuel.GM:   func(o *operation) fuel.Panic { v, p := o.Metadata(o.Imm); return o.give(o.A, v, p) },
	fuel.GTF:  func(o *operation) fuel.Panic { v, p := o.TransactionField(o.Imm, o.b); return o.give(o.A, v, p) },
	fuel.ECAL: func(*operation) fuel.Panic { return fuel.PanicEcalError },

	fuel.SRW: func(o *operation) fuel.Panic {
		v, set, p := o.ReadWord(o.c, o.Imm)
		if p == fuel.NoPanic {
			o.Reg[o.A], o.Reg[o.B] = v, truth(set)
		}
		return p
	},
	fuel.SWW: func(o *operation) fuel.Panic {
		created, p := o.WriteWord(o.a, o.c)
		return o.give(o.B, truth(created), p)
	},
	fuel.SRWQ: func(o *operation) fuel.Panic { all, p := o.ReadSlots(o.a, o.c, o.d); return o.give(o.B, truth(all), p) },
	fuel.SWWQ: func(o *operation) fuel.Panic { n, p := o.WriteSlots(o.a, o.c, o.d); return o.give(o.B, n, p) },
	fuel.SCWQ: func(o *operation) fuel.Panic { all, p := o.ClearAndTell(o.a, o.c); return o.give(o.B, truth(all), p) },
	fuel.SCLR: func(o *operation) fuel.Panic { return o.ClearSlots(o.a, o.b) },
	fuel.SRDD: func(o *operation) fuel.Panic { return o.missing(o.ReadBytes(o.a, o.b, o.c, o.d)) },
	fuel.SRDI: func(o *operation) fuel.Panic { return o.missing(o.ReadBytes(o.a, o.b, o.c, o.imm)) },
	fuel.SWRD: func(o *operation) fuel.Panic { return o.WriteBytes(o.a, o.b, o.c) },
	fuel.SWRI: func(o *operation) fuel.Panic { return o.WriteBytes(o.a, o.b, o.imm) },
	fuel.SUPD: func(o *operation) fuel.Panic { return o.UpdateBytes(o.a, o.b, o.c, o.d) },
	fuel.SUPI: func(o *operation) fuel.Panic { return o.UpdateBytes(o.a, o.b, o.c, o.imm) },
	fuel.SPLD: func(o *operation) fuel.Panic {
		length, set, p := o.SlotLength(o.b)
		if p = o.missing(set, p); p != fuel.NoPanic || o.A == fuel.RegZero {
			return p
		}
		if !writable(o.A) {
			return fuel.PanicReservedRegisterNotWritable
		}
		return o.give(o.A, length, p)
	},

	fuel.K256: func(o *operation) fuel.Panic { return o.hash(fuel.Keccak256) },
	fuel.S256: func(o *operation) fuel.Panic { return o.hash(fuel.Sha256) },
	fuel.ECK1: func(o *operation) fuel.Panic { return o.recover(fuel.RecoverK1) },
	fuel.ECR1: func(o *operation) fuel.Panic { return o.recover(fuel.RecoverR1) },
	fuel.ED19: func(o *operation) fuel.Panic { return o.verify() },
	fuel.ECOP: func(o *operation) fuel.Panic { return o.curve() },
	fuel.EPAR: func(o *operation) fuel.Panic { return o.pair() },
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// give writes a result unless there was a panic.
func (o *operation) give(register uint8, v uint64, p fuel.Panic) fuel.Panic {
	if p == fuel.NoPanic {
		o.Reg[register] = v
	}
	return p
}

// missing writes to $err whether a slot was missing.
func (o *operation) missing(set bool, p fuel.Panic) fuel.Panic {
	return o.give(fuel.RegErr, truth(!set), p)
}

// destinations gives the panic for destinations that cannot be written. What is not in
// the rows (JAL, SPLD) takes $zero and looks later.
func (o *operation) destinations() fuel.Panic {
	switch attr := o.Op.Attr; {
	case o.Op.Code == fuel.SPLD:
		return fuel.NoPanic
	case attr&fuel.WriteA != 0 && !writable(o.A),
		attr&fuel.WriteB != 0 && !writable(o.B),
		attr&(fuel.WriteA|fuel.WriteB) == fuel.WriteA|fuel.WriteB && o.A == o.B:
		return fuel.PanicReservedRegisterNotWritable
	}
	return fuel.NoPanic
}

// run executes an instruction of no matter which class that does not jump.
func (o *operation) run() fuel.Panic {
	switch {
	case o.Op.Code == fuel.NIOP && !fuel.NarrowValid(o.Imm),
		o.Op.Class == fuel.ClassWide && !fuel.WideValid(o.Op.Code, o.Imm):
		return fuel.PanicInvalidImmediateValue
	}
	if p := o.destinations(); p != fuel.NoPanic {
		return p
	}
	switch o.Op.Class {
	case fuel.ClassALU:
		return o.compute()
	case fuel.ClassWide:
		return o.wide()
	}
	return effects[o.Op.Code](o)
}

// compute executes ClassALU.
func (o *operation) compute() fuel.Panic {
	b, c := o.b, o.c
	switch o.Op.Format {
	case fuel.FormatRRI:
		c = o.imm
	case fuel.FormatRI:
		b = o.imm
	}
	r, p := fuel.Compute(o.Op.Code, b, c, o.d, o.Imm, o.Reg[fuel.RegFlag])
	if p != fuel.NoPanic {
		return p
	}
	if o.Op.Attr&fuel.WriteA != 0 {
		o.Reg[o.A] = r.Value
	}
	o.Reg[fuel.RegOf], o.Reg[fuel.RegErr] = r.Of, r.Err
	return fuel.NoPanic
}

// wideOperands reads the numbers of ClassWide.
func (o *operation) wideOperands() (n [3]fuel.Wide, p fuel.Panic) {
	indirect := fuel.WideIndirect(o.Op.Code, o.Imm)
	for i, v := range [3]uint64{o.b, o.c, o.d} {
		if !indirect[i] {
			n[i].SetUint64(v)
			continue
		}
		data, p := o.Memory.Read(v, fuel.WideBytes(o.Op.Code))
		if p != fuel.NoPanic {
			return n, p
		}
		n[i].SetBytes(data)
	}
	return n, fuel.NoPanic
}

// wide executes ClassWide.
func (o *operation) wide() fuel.Panic {
	n, p := o.wideOperands()
	if p != fuel.NoPanic {
		return p
	}
	r, p := fuel.WideCompute(o.Op.Code, &n[0], &n[1], &n[2], o.Imm, o.Reg[fuel.RegFlag])
	if p != fuel.NoPanic {
		return p
	}
	if o.Op.Attr&fuel.WriteA != 0 { // a comparison
		o.Reg[o.A] = r.Value[0]
	} else {
		result := r.Value.Bytes32()
		if p := o.Memory.Put(o.Owner(), o.a, result[32-fuel.WideBytes(o.Op.Code):]); p != fuel.NoPanic {
			return p
		}
	}
	o.Reg[fuel.RegOf], o.Reg[fuel.RegErr] = r.Of, r.Err
	return fuel.NoPanic
}

// setFlags changes the mode.
func (o *operation) setFlags() fuel.Panic {
	if o.a&^(fuel.FlagUnsafeMath|fuel.FlagWrapping) != 0 {
		return fuel.PanicInvalidFlags
	}
	o.Reg[fuel.RegFlag] = o.a
	return fuel.NoPanic
}

// at is an address with the immediate, in units of an access.
func (o *operation) at(base, unit uint64) (uint64, fuel.Panic) {
	addr, carry := bits.Add64(base, o.imm*unit, 0)
	if carry != 0 {
		return 0, fuel.PanicMemoryOverflow
	}
	return addr, fuel.NoPanic
}

func (o *operation) load(size uint64) fuel.Panic {
	addr, p := o.at(o.b, size)
	if p != fuel.NoPanic {
		return p
	}
	data, p := o.Memory.Read(addr, size)
	v := uint64(0)
	for _, b := range data {
		v = v<<8 | uint64(b)
	}
	return o.give(o.A, v, p)
}

func (o *operation) store(size uint64) fuel.Panic {
	addr, p := o.at(o.a, size)
	if p != fuel.NoPanic {
		return p
	}
	word := binary.BigEndian.AppendUint64(nil, o.b)
	return o.Memory.Put(o.Owner(), addr, word[8-size:])
}

func (o *operation) zero(addr, length uint64) fuel.Panic {
	data, p := o.Memory.Write(o.Owner(), addr, length)
	clear(data)
	return p
}

func (o *operation) equal() fuel.Panic {
	x, p := o.Memory.Read(o.b, o.d)
	if p != fuel.NoPanic {
		return p
	}
	y, p := o.Memory.Read(o.c, o.d)
	return o.give(o.A, truth(bytes.Equal(x, y)), p)
}

func (o *operation) allocate() fuel.Panic {
	hp, p := o.Memory.GrowHeap(o.Reg[fuel.RegSP], o.a)
	o.Reg[fuel.RegHP] = hp
	return p
}

func (o *operation) extend(by uint64) fuel.Panic {
	sp, carry := bits.Add64(o.Reg[fuel.RegSP], by, 0)
	switch {
	case carry != 0:
		return fuel.PanicMemoryOverflow
	case sp > o.Reg[fuel.RegHP]:
		return fuel.PanicMemoryGrowthOverlap
	}
	o.Reg[fuel.RegSP] = sp
	return o.Memory.GrowStack(sp)
}

func (o *operation) shrink(by uint64) fuel.Panic {
	sp, borrow := bits.Sub64(o.Reg[fuel.RegSP], by, 0)
	if borrow != 0 || sp < o.Reg[fuel.RegSSP] {
		return fuel.PanicMemoryOverflow
	}
	o.Reg[fuel.RegSP] = sp
	return fuel.NoPanic
}

func (o *operation) push() fuel.Panic {
	at := o.Reg[fuel.RegSP]
	var words []byte
	size := listed(&o.Inst, func(_ uint64, r uint8) { words = binary.BigEndian.AppendUint64(words, o.Reg[r]) })
	if p := o.extend(size); p != fuel.NoPanic {
		return p
	}
	return o.Memory.PutSystem(at, words)
}

func (o *operation) pop() fuel.Panic {
	size := 8 * uint64(bits.OnesCount32(o.Imm))
	if p := o.shrink(size); p != fuel.NoPanic {
		return p
	}
	words, p := o.Memory.Read(o.Reg[fuel.RegSP], size)
	if p != fuel.NoPanic {
		return p
	}
	listed(&o.Inst, func(n uint64, r uint8) { o.Reg[r] = binary.BigEndian.Uint64(words[8*n:]) })
	return fuel.NoPanic
}

func (o *operation) hash(of func([]byte) fuel.ID) fuel.Panic {
	data, p := o.Memory.Read(o.b, o.c)
	if p != fuel.NoPanic {
		return p
	}
	digest := of(data)
	return o.Memory.Put(o.Owner(), o.a, digest[:])
}

// recover writes a public key, or zeros and $err.
func (o *operation) recover(of func([]byte, fuel.ID) ([64]byte, bool)) fuel.Panic {
	sig, p := o.Memory.Read(o.b, 64)
	if p != fuel.NoPanic {
		return p
	}
	digest, p := o.Memory.ReadID(o.c)
	if p != fuel.NoPanic {
		return p
	}
	key, ok := of(sig, digest)
	if !ok {
		key = [64]byte{}
	}
	return o.missing(ok, o.Memory.Put(o.Owner(), o.a, key[:]))
}

func (o *operation) verify() fuel.Panic {
	key, p := o.Memory.Read(o.a, 32)
	if p != fuel.NoPanic {
		return p
	}
	sig, p := o.Memory.Read(o.b, 64)
	if p != fuel.NoPanic {
		return p
	}
	message, p := o.Memory.Read(o.c, fuel.EdMessageLength(o.d))
	if p != fuel.NoPanic {
		return p
	}
	return o.missing(fuel.VerifyEd(key, sig, message), p)
}

func (o *operation) curve() fuel.Panic {
	length, p := fuel.CurveInput(o.b, o.c)
	if p != fuel.NoPanic {
		return p
	}
	input, p := o.Memory.Read(o.d, length)
	if p != fuel.NoPanic {
		return p
	}
	point, p := fuel.Curve(o.c, input)
	if p != fuel.NoPanic {
		return p
	}
	return o.Memory.Put(o.Owner(), o.a, point[:])
}

func (o *operation) pair() fuel.Panic {
	length, p := fuel.PairingInput(o.b, o.c)
	if p != fuel.NoPanic {
		return p
	}
	points, p := o.Memory.Read(o.d, length)
	if p != fuel.NoPanic {
		return p
	}
	one, p := fuel.Pairing(points)
	return o.give(o.A, truth(one), p)
}
