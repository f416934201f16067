package fuel

import "encoding/binary"

// contractCode finds a contract that must be among the inputs.
func (s *Session) contractCode(idPtr uint64) ([]byte, Panic) {
	id, p := s.Memory.ReadID(idPtr)
	if p != NoPanic {
		return nil, p
	}
	if p := s.listed(id); p != NoPanic {
		return nil, p
	}
	code, exists := s.World.Code(id)
	if !exists {
		return nil, PanicContractNotFound
	}
	return code, NoPanic
}

func (s *Session) blob(idPtr uint64) ([]byte, Panic) {
	id, p := s.Memory.ReadID(idPtr)
	if p != NoPanic {
		return nil, p
	}
	blob, exists := s.World.Blob(id)
	if !exists {
		return nil, PanicBlobNotFound
	}
	return blob, NoPanic
}

// CodeCopy copies a contract's code to memory (CCP), with zeros behind its end.
func (s *Session) CodeCopy(dst, idPtr, offset, length uint64) Panic {
	if p := s.Memory.Check(idPtr, 32); p != NoPanic {
		return p
	}
	if p := s.Memory.Check(dst, length); p != NoPanic {
		return p
	}
	if !s.Owner().Owns(dst, length) {
		return PanicMemoryOwnership
	}
	code, p := s.contractCode(idPtr)
	if p != NoPanic {
		return p
	}
	if p := s.chargeUnits(CostCcp, max(uint64(len(code)), length)); p != NoPanic {
		return p
	}
	return s.copyTo(dst, code, offset, length)
}

// copyTo writes a part of bytes from outside memory, with zeros behind their end.
func (s *Session) copyTo(dst uint64, from []byte, offset, length uint64) Panic {
	to, p := s.Memory.Write(s.Owner(), dst, length)
	if p != NoPanic {
		return p
	}
	clear(to)
	if offset < uint64(len(from)) {
		copy(to, from[offset:])
	}
	return NoPanic
}

// CodeSize gives the size of a contract's code (CSIZ).
func (s *Session) CodeSize(idPtr uint64) (uint64, Panic) {
	code, p := s.contractCode(idPtr)
	if p != NoPanic {
		return 0, p
	}
	return uint64(len(code)), s.chargeUnits(CostCsiz, uint64(len(code)))
}

// CodeRootOf writes the root of a contract's code (CROO).
func (s *Session) CodeRootOf(dst, idPtr uint64) Panic {
	if p := s.Memory.Check(dst, 32); p != NoPanic {
		return p
	}
	code, p := s.contractCode(idPtr)
	if p != NoPanic {
		return p
	}
	if p := s.chargeUnits(CostCroo, uint64(len(code))); p != NoPanic {
		return p
	}
	root := CodeRoot(code)
	return s.Memory.Put(s.Owner(), dst, root[:])
}

// BlobSize gives the size of a blob (BSIZ).
func (s *Session) BlobSize(idPtr uint64) (uint64, Panic) {
	blob, p := s.blob(idPtr)
	if p != NoPanic {
		return 0, p
	}
	return uint64(len(blob)), s.chargeUnits(CostBsiz, uint64(len(blob)))
}

// BlobCopy copies a blob to memory (BLDD), with zeros behind its end.
func (s *Session) BlobCopy(dst, idPtr, offset, length uint64) Panic {
	blob, p := s.blob(idPtr)
	if p != NoPanic {
		return p
	}
	if p := s.chargeUnits(CostBldd, max(uint64(len(blob)), length)); p != NoPanic {
		return p
	}
	return s.copyTo(dst, blob, offset, length)
}

// Where LDC loads code from.
const (
	loadContract = iota
	loadBlob
	loadMemory
)

// LoadCode appends code to the code that runs (LDC), at $ssp, which nothing may lie
// above: from a contract, a blob or memory.
func (s *Session) LoadCode(ptr, offset, length uint64, mode uint32) Panic {
	if mode > loadMemory {
		return PanicInvalidImmediateValue
	}
	r := &s.Reg
	if r[RegSSP] != r[RegSP] {
		return PanicExpectedUnallocatedStack
	}
	if mode == loadMemory && length == 0 {
		return NoPanic
	}
	padded, ok := PadLength(length)
	if !ok {
		return PanicMemoryOverflow
	}
	source, p := s.loadSource(ptr, &offset, length, padded, mode)
	if p != NoPanic {
		return p
	}
	start := r[RegSSP]
	if padded > MemorySize {
		return PanicMemoryOverflow
	}
	if p := s.Memory.GrowStack(start + padded); p != NoPanic {
		return p
	}
	r[RegSP] = start + padded
	to, p := s.Memory.Write(Owner{SSP: start, SP: start + padded, HP: r[RegHP], CallerHP: r[RegHP]}, start, padded)
	if p != NoPanic {
		return p
	}
	clear(to)
	if offset < uint64(len(source)) {
		copy(to, source[offset:])
	}
	r[RegSSP] = r[RegSP]
	return s.growFrameCode(padded)
}

// loadSource checks, charges for and gives what LDC copies from; the offset of a range of memory is taken into it.
func (s *Session) loadSource(ptr uint64, offset *uint64, length, padded uint64, mode uint32) (source []byte, p Panic) {
	switch mode {
	case loadContract:
		if p := s.Memory.Check(ptr, 32); p != NoPanic {
			return nil, p
		}
		if padded > s.Params.ContractMaxSize {
			return nil, PanicContractMaxSize
		}
		if source, p = s.contractCode(ptr); p != NoPanic {
			return nil, p
		}
	case loadBlob:
		if source, p = s.blob(ptr); p != NoPanic {
			return nil, p
		}
	default:
		at := ptr + *offset
		if at < ptr {
			return nil, PanicMemoryOverflow
		}
		if p := s.chargeUnits(CostLdc, padded); p != NoPanic {
			return nil, p
		}
		*offset = 0
		return s.Memory.Read(at, length)
	}
	return source, s.chargeUnits(CostLdc, max(uint64(len(source)), padded))
}

// growFrameCode adds to the size of the code that the frame names.
func (s *Session) growFrameCode(n uint64) Panic {
	if !s.Internal() {
		return NoPanic
	}
	at := s.Reg[RegFP] + frameCodeSize
	b, p := s.Memory.Read(at, 8)
	if p != NoPanic {
		return p
	}
	size := (binary.BigEndian.Uint64(b)+7)&^7 + n
	return s.Memory.PutSystem(at, binary.BigEndian.AppendUint64(nil, size))
}
