package fuel

import "github.com/ooovm/ooovm/state/fuel"

// crypto executes hashes, signatures and curves.
func (g *golden) crypto(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	a, b, c, d := r[in.A], r[in.B], r[in.C], r[in.D]
	switch in.Op.Code {
	case fuel.K256:
		return g.hash(a, b, c, fuel.Keccak256)
	case fuel.S256:
		return g.hash(a, b, c, fuel.Sha256)
	case fuel.ECK1:
		return g.recover(a, b, c, fuel.RecoverK1)
	case fuel.ECR1:
		return g.recover(a, b, c, fuel.RecoverR1)
	case fuel.ED19:
		return g.verify(a, b, c, fuel.EdMessageLength(d))
	case fuel.ECOP:
		return g.curve(a, b, c, d)
	}
	return g.set(in.A, func() (uint64, fuel.Panic) { // EPAR
		length, p := fuel.PairingInput(b, c)
		if p != fuel.NoPanic {
			return 0, p
		}
		points, p := g.Memory.Read(d, length)
		if p != fuel.NoPanic {
			return 0, p
		}
		one, p := fuel.Pairing(points)
		return truth(one), p
	})
}

func (g *golden) hash(dst, src, length uint64, of func([]byte) fuel.ID) fuel.Panic {
	data, p := g.Memory.Read(src, length)
	if p != fuel.NoPanic {
		return p
	}
	digest := of(data)
	return g.Memory.Put(g.Owner(), dst, digest[:])
}

// recover writes a public key, or zeros and $err.
func (g *golden) recover(dst, sigPtr, hashPtr uint64, of func([]byte, fuel.ID) ([64]byte, bool)) fuel.Panic {
	sig, p := g.Memory.Read(sigPtr, 64)
	if p != fuel.NoPanic {
		return p
	}
	hash, p := g.Memory.ReadID(hashPtr)
	if p != fuel.NoPanic {
		return p
	}
	key, ok := of(sig, hash)
	if !ok {
		key = [64]byte{}
	}
	if p := g.Memory.Put(g.Owner(), dst, key[:]); p != fuel.NoPanic {
		return p
	}
	g.Reg[fuel.RegErr] = truth(!ok)
	return fuel.NoPanic
}

func (g *golden) verify(keyPtr, sigPtr, messagePtr, length uint64) fuel.Panic {
	key, p := g.Memory.Read(keyPtr, 32)
	if p != fuel.NoPanic {
		return p
	}
	sig, p := g.Memory.Read(sigPtr, 64)
	if p != fuel.NoPanic {
		return p
	}
	message, p := g.Memory.Read(messagePtr, length)
	if p != fuel.NoPanic {
		return p
	}
	g.Reg[fuel.RegErr] = truth(!fuel.VerifyEd(key, sig, message))
	return fuel.NoPanic
}

func (g *golden) curve(dst, curve, operation, ptr uint64) fuel.Panic {
	length, p := fuel.CurveInput(curve, operation)
	if p != fuel.NoPanic {
		return p
	}
	input, p := g.Memory.Read(ptr, length)
	if p != fuel.NoPanic {
		return p
	}
	point, p := fuel.Curve(operation, input)
	if p != fuel.NoPanic {
		return p
	}
	return g.Memory.Put(g.Owner(), dst, point[:])
}
