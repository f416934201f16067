package pipeline

import (
	"encoding/binary"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/prefetch"
	"github.com/ooovm/ooovm/rob"
)

// frame is one call frame in flight: the speculative side that fetch and rename
// work on, and in ctx the committed side. Frames are numbered by their place in
// Core.frames; the rename map has the same number.
type frame struct {
	machine machine          // of prog
	prog    *decoder.Program // nil while fetch waits for the call's target
	rows    *rowTable        // of prog
	site    uint64           // names the program to predictors, whatever was decoded before it
	path    uint64           // names the calls that led here to predictors
	constants
	context     rob.Reg       // register of Context0
	bank        rob.Reg       // of its transaction: the constants of all its frames
	tx          uint32        // number of its transaction, as the core counts them
	parent      rob.FrameID   // -1 for the envelope
	resume      isa.InstIndex // the caller's instruction after the call
	static      bool
	asked       bool          // a predictor of state keys has been asked about its call
	seen        prefetch.Seen // what earlier calls of the block have run
	creation    bool          // runs initialization code: what it returns is code
	outOff      rob.Reg       // where the caller wants what is returned
	outLen      rob.Reg
	space       rob.FrameID // the frame whose memory it uses: its own, or the outermost one's
	lastStore   uint64      // youngest store to its memory, by queue position
	refs        int32       // its own execution, and each ReturnSpace that names its memory
	stackBase   int         // stack values of all callers
	builtinCost uint64      // gas that a built-in takes
	account     rob.Reg     // what was called, for checking the target
	ctx         decoder.Context
}

// constants are the registers of what a program knows beforehand.
type constants struct {
	constBase  rob.Reg // its constant 0
	codeLength rob.Reg
}

// newFrame takes a free frame number.
func (rn *renamer) newFrame() rob.FrameID {
	if n := len(rn.freeFrames); n > 0 {
		i := rn.freeFrames[n-1]
		rn.freeFrames = rn.freeFrames[:n-1]
		return i
	}
	rn.frames = append(rn.frames, frame{})
	return rob.FrameID(len(rn.frames) - 1)
}

// setProgram gives a frame the code it runs.
func (rn *renamer) setProgram(f *frame, p *decoder.Program) {
	f.prog = p
	if p == nil {
		return
	}
	f.machine = machineOf(p)
	f.rows = rn.rowFactsOf(p.Rows)
	f.site = binary.LittleEndian.Uint64(p.Hash[:])
	k, known := rn.programs[p.ID]
	if !known {
		var n isa.Word
		n.SetUint64(uint64(len(p.Code)))
		k = constants{rn.regs.ShareConsts(p.Consts), rn.regs.AddConst(&n)}
		rn.programs[p.ID] = k
	}
	f.constants = k
}

// dropFrame gives back one reference on a frame.
func (rn *renamer) dropFrame(i rob.FrameID) {
	f := &rn.frames[i]
	f.refs--
	if f.refs > 0 {
		return
	}
	rn.regs.Release(f.outOff)
	rn.regs.Release(f.outLen)
	rn.regs.Release(f.account)
	f.outOff, f.outLen, f.account = rob.ZeroReg, rob.ZeroReg, rob.ZeroReg
	f.prog = nil
	f.ctx.Memory = f.ctx.Memory[:0]
	if f.parent < 0 {
		rn.banks = append(rn.banks, f.bank)
	}
	rn.maps.FreeFrame(i)
	rn.freeFrames = append(rn.freeFrames, i)
}

// grow extends committed memory with zeros.
func (rn *renamer) grow(mem []byte, size uint64) []byte {
	n := uint64(len(mem))
	if size <= n {
		return mem
	}
	if size <= uint64(cap(mem)) {
		mem = mem[:size]
		clear(mem[n:])
		return mem
	}
	room := max(size, 2*uint64(cap(mem)))
	rn.memory.NeedFor(int64(room), func() string { return "a memory of " + budget.Size(int64(size)) })
	bigger := make([]byte, size, room)
	copy(bigger, mem)
	rn.memory.Give(int64(cap(mem)))
	return bigger
}

// operand resolves a template operand of the frame's current instruction.
func (rn *renamer) operand(fi rob.FrameID, f *frame, in *decoder.Inst, o decoder.Operand) rob.Reg {
	if o < decoder.StackOperands {
		return rn.maps.Slot(fi, int(o))
	}
	m := &rn.maps.Map[fi]
	switch o {
	case decoder.None:
		return rob.NoReg
	case decoder.FrameSelf:
		return m.Env[rob.EnvSelf]
	case decoder.FrameCaller:
		return m.Env[rob.EnvCaller]
	case decoder.FrameValue:
		return m.Env[rob.EnvValue]
	case decoder.InputOffset:
		return m.Env[rob.EnvInputOffset]
	case decoder.InputLength:
		return m.Env[rob.EnvInputLength]
	case decoder.ReturnOffset:
		return m.Env[rob.EnvReturnOffset]
	case decoder.ReturnLength:
		return m.Env[rob.EnvReturnLength]
	case decoder.CodeLength:
		return f.codeLength
	case decoder.InstAddress:
		return f.constBase + rob.Reg(in.Aux)
	case decoder.Zero:
		return rob.ZeroReg
	case decoder.Temp:
		return rn.temp
	}
	return f.context + rob.Reg(o-decoder.Context0)
}
