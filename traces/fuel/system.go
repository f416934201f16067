package fuel

import "github.com/ooovm/ooovm/state/fuel"

// contract executes what has to do with contracts, code, coins and the chain.
func (g *golden) contract(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	a, b, c, d := r[in.A], r[in.B], r[in.C], r[in.D]
	switch in.Op.Code {
	case fuel.BHSH:
		return g.BlockHash(a, b)
	case fuel.BHEI:
		return g.set(in.A, func() (uint64, fuel.Panic) { return uint64(g.Block.Height), fuel.NoPanic })
	case fuel.TIME:
		return g.set(in.A, func() (uint64, fuel.Panic) { return g.Time(b) })
	case fuel.CB:
		return g.CoinbaseTo(a)
	case fuel.CCP:
		return g.CodeCopy(a, b, c, d)
	case fuel.CROO:
		return g.CodeRootOf(a, b)
	case fuel.CSIZ:
		return g.set(in.A, func() (uint64, fuel.Panic) { return g.CodeSize(b) })
	case fuel.LDC:
		return g.LoadCode(a, b, c, in.Imm)
	case fuel.BSIZ:
		return g.set(in.A, func() (uint64, fuel.Panic) { return g.BlobSize(b) })
	case fuel.BLDD:
		return g.BlobCopy(a, b, c, d)
	case fuel.BAL:
		return g.set(in.A, func() (uint64, fuel.Panic) { return g.BalanceOf(b, c) })
	case fuel.MINT:
		return g.Mint(a, b)
	case fuel.BURN:
		return g.Burn(a, b)
	case fuel.TR:
		return g.Transfer(a, b, c)
	case fuel.TRO:
		return g.TransferOut(a, b, c, d)
	}
	return g.MessageOut(a, b, c, d) // SMO
}

func (g *golden) log(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	if in.Op.Code == fuel.LOG {
		return g.Log(r[in.A], r[in.B], r[in.C], r[in.D])
	}
	return g.LogData(r[in.A], r[in.B], r[in.C], r[in.D])
}

// meta executes flags, metadata, and the hook that nothing is behind.
func (g *golden) meta(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	switch in.Op.Code {
	case fuel.FLAG:
		if r[in.A]&^(fuel.FlagUnsafeMath|fuel.FlagWrapping) != 0 {
			return fuel.PanicInvalidFlags
		}
		r[fuel.RegFlag] = r[in.A]
		return fuel.NoPanic
	case fuel.GM:
		return g.set(in.A, func() (uint64, fuel.Panic) { return g.Metadata(in.Imm) })
	case fuel.GTF:
		return g.set(in.A, func() (uint64, fuel.Panic) { return g.TransactionField(in.Imm, r[in.B]) })
	}
	return fuel.PanicEcalError // ECAL
}

// storage executes what reads and writes slots.
func (g *golden) storage(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	a, b, c, d := r[in.A], r[in.B], r[in.C], r[in.D]
	imm := uint64(in.Imm)
	switch in.Op.Code {
	case fuel.SRW:
		return g.readWord(in)
	case fuel.SWW:
		return g.set(in.B, func() (uint64, fuel.Panic) {
			created, p := g.WriteWord(a, c)
			return truth(created), p
		})
	case fuel.SRWQ:
		return g.set(in.B, func() (uint64, fuel.Panic) {
			all, p := g.ReadSlots(a, c, d)
			return truth(all), p
		})
	case fuel.SWWQ:
		return g.set(in.B, func() (uint64, fuel.Panic) { return g.WriteSlots(a, c, d) })
	case fuel.SCWQ:
		return g.set(in.B, func() (uint64, fuel.Panic) {
			all, p := g.ClearAndTell(a, c)
			return truth(all), p
		})
	case fuel.SCLR:
		return g.ClearSlots(a, b)
	case fuel.SRDD:
		return g.tell(g.ReadBytes(a, b, c, d))
	case fuel.SRDI:
		return g.tell(g.ReadBytes(a, b, c, imm))
	case fuel.SWRD:
		return g.WriteBytes(a, b, c)
	case fuel.SWRI:
		return g.WriteBytes(a, b, imm)
	case fuel.SUPD:
		return g.UpdateBytes(a, b, c, d)
	case fuel.SUPI:
		return g.UpdateBytes(a, b, c, imm)
	}
	length, set, p := g.SlotLength(b) // SPLD
	if p = g.tell(set, p); p != fuel.NoPanic || in.A == fuel.RegZero {
		return p
	}
	return g.set(in.A, func() (uint64, fuel.Panic) { return length, fuel.NoPanic })
}

// tell writes to $err whether a slot was missing.
func (g *golden) tell(set bool, p fuel.Panic) fuel.Panic {
	if p == fuel.NoPanic {
		g.Reg[fuel.RegErr] = truth(!set)
	}
	return p
}

// readWord has two destinations, which must differ.
func (g *golden) readWord(in *fuel.Inst) fuel.Panic {
	if in.A < fuel.RegWritable || in.B < fuel.RegWritable || in.A == in.B {
		return fuel.PanicReservedRegisterNotWritable
	}
	value, set, p := g.ReadWord(g.Reg[in.C], in.Imm)
	if p == fuel.NoPanic {
		g.Reg[in.A], g.Reg[in.B] = value, truth(set)
	}
	return p
}
