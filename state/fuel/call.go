package fuel

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// FrameSize is the size of a call frame in bytes: contract, asset, registers, size
// of the code, two parameters. The code follows it.
const FrameSize = 600

// frameCodeSize is where the frame keeps the size of its code.
const frameCodeSize = 576

// Call enters a contract (CALL): target points at its id and two parameters.
func (s *Session) Call(target, amount, assetPtr, gas uint64) Panic {
	params, p := s.Memory.Read(target, 48)
	if p != NoPanic {
		return p
	}
	to := ID(params[:32])
	a, b := binary.BigEndian.Uint64(params[32:]), binary.BigEndian.Uint64(params[40:])
	asset, p := s.Memory.ReadID(assetPtr)
	if p != NoPanic {
		return p
	}
	code, exists := s.World.Code(to)
	if !exists {
		return PanicContractNotFound
	}
	size := uint64(len(code)+7) &^ 7
	if p := s.chargeUnits(CostCall, size); p != NoPanic {
		return p
	}
	if p := s.debit(asset, amount); p != NoPanic {
		return p
	}
	if p := s.listed(to); p != NoPanic {
		return p
	}
	if p := s.credit(to, asset, amount); p != NoPanic {
		return p
	}

	r := &s.Reg
	forwarded := min(r[RegCGas], gas)
	r[RegCGas] -= forwarded // and the frame keeps what is left
	frame := Frame{Contract: to, Saved: *r}
	fp := r[RegSP]
	if p := s.Memory.GrowStack(fp + FrameSize + size); p != NoPanic {
		return p
	}
	var w writer
	w.id(to)
	w.id(asset)
	w.words(frame.Saved[:]...)
	w.words(size, a, b)
	w.bytes(code)
	if p := s.Memory.PutSystem(fp, w.b); p != NoPanic {
		return p
	}

	receipt := s.receipt(ReceiptCall)
	r[RegFP] = fp
	r[RegSP] = fp + FrameSize + size
	r[RegSSP] = r[RegSP]
	r[RegPC] = fp + FrameSize
	r[RegIS] = r[RegPC]
	r[RegBal] = amount
	r[RegCGas] = forwarded
	r[RegFlag] = 0
	s.Frames = append(s.Frames, frame)
	receipt.PC, receipt.IS = r[RegPC], r[RegIS]
	receipt.To, receipt.Amount, receipt.Asset = to, amount, asset
	receipt.Gas, receipt.A, receipt.B = forwarded, a, b
	return s.push(receipt)
}

// Return ends the call with a value (RET). done reports that it was the script that returned.
func (s *Session) Return(value uint64) (done bool, p Panic) {
	r := s.receipt(ReceiptReturn)
	r.A = value
	s.Reg[RegRet], s.Reg[RegRetL] = value, 0
	return s.leave(r)
}

// ReturnData ends the call with a range of memory (RETD).
func (s *Session) ReturnData(ptr, length uint64) (done bool, p Panic) {
	data, p := s.Memory.Read(ptr, length)
	if p != NoPanic {
		return false, p
	}
	r := s.receipt(ReceiptReturnData)
	r.Ptr, r.Len, r.Data, r.Digest = ptr, length, slices.Clone(data), sha256.Sum256(data)
	s.Reg[RegRet], s.Reg[RegRetL] = ptr, length
	return s.leave(r)
}

// leave restores the caller's registers, all but the gas counters, what was returned, and
// the heap, and goes on behind its CALL. The script's own return leaves $pc alone.
func (s *Session) leave(receipt Receipt) (done bool, p Panic) {
	n := len(s.Frames)
	if n == 0 {
		return true, s.push(receipt)
	}
	frame := &s.Frames[n-1]
	saved := frame.Saved
	r := &s.Reg
	saved[RegCGas] += r[RegCGas]
	for _, keep := range [...]uint8{RegGGas, RegRet, RegRetL, RegHP} {
		saved[keep] = r[keep]
	}
	*r = saved
	s.Frames = s.Frames[:n-1]
	if p := s.push(receipt); p != NoPanic {
		return false, p
	}
	r[RegPC] += 4
	return false, NoPanic
}

// Revert ends the transaction without effects (RVRT).
func (s *Session) Revert(value uint64) Panic {
	r := s.receipt(ReceiptRevert)
	r.A = value
	return s.push(r)
}

// Log appends a receipt with four values (LOG).
func (s *Session) Log(a, b, c, d uint64) Panic {
	r := s.receipt(ReceiptLog)
	r.A, r.B, r.C, r.D = a, b, c, d
	return s.push(r)
}

// LogData appends a receipt with a range of memory (LOGD).
func (s *Session) LogData(a, b, ptr, length uint64) Panic {
	data, p := s.Memory.Read(ptr, length)
	if p != NoPanic {
		return p
	}
	r := s.receipt(ReceiptLogData)
	r.A, r.B, r.Ptr, r.Len, r.Data, r.Digest = a, b, ptr, length, slices.Clone(data), sha256.Sum256(data)
	return s.push(r)
}
