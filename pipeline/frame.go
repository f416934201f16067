package pipeline

import (
	"encoding/binary"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// frame is one call frame in flight: the speculative side that fetch and rename
// work on, and in ctx the committed side. Frames are numbered by their place in
// Core.frames; the rename map has the same number.
type frame struct {
	prog *decoder.Program // nil while fetch waits for the call's target
	rows *rowTable        // of prog
	site uint64           // names the program to predictors, whatever was decoded before it
	path uint64           // names the calls that led here to predictors
	constants
	context     rob.Reg // register of Context0
	bank        rob.Reg // of its transaction: the constants of all its frames
	tx          uint32  // number of its transaction, as the core counts them
	parent      int32   // -1 for the envelope
	resume      int32   // the caller's instruction behind the call
	static      bool
	asked       bool    // a predictor of state keys has been asked about its call
	seen        uint8   // what earlier calls of the block have run
	creation    bool    // runs initialisation code: what it returns is code
	outOff      rob.Reg // where the caller wants what is returned
	outLen      rob.Reg
	space       int32   // the frame whose memory it uses: its own, or the outermost one's
	lastStore   uint64  // youngest store to its memory, by queue position
	refs        int32   // its own execution, and each ReturnSpace that names its memory
	stackBase   int     // stack values of all callers
	builtinCost uint64  // gas that a built-in takes
	account     rob.Reg // what was called, for checking the target
	ctx         decoder.Context
}

// constants are the registers of what a program knows beforehand.
type constants struct {
	constBase  rob.Reg // its constant 0
	codeLength rob.Reg
}

// newFrame takes a free frame number.
func (c *Core) newFrame() int32 {
	if n := len(c.freeFrames); n > 0 {
		i := c.freeFrames[n-1]
		c.freeFrames = c.freeFrames[:n-1]
		return i
	}
	c.frames = append(c.frames, frame{})
	return int32(len(c.frames) - 1)
}

// setProgram gives a frame the code it runs.
func (c *Core) setProgram(f *frame, p *decoder.Program) {
	f.prog = p
	if p == nil {
		return
	}
	f.rows = c.rowFactsOf(p.Rows)
	f.site = binary.LittleEndian.Uint64(p.Hash[:])
	k, known := c.programs[p.ID]
	if !known {
		var n isa.Word
		n.SetUint64(uint64(len(p.Code)))
		k = constants{c.regs.ShareConsts(p.Consts), c.regs.AddConst(&n)}
		c.programs[p.ID] = k
	}
	f.constants = k
}

// dropFrame gives back one reference on a frame.
func (c *Core) dropFrame(i int32) {
	f := &c.frames[i]
	f.refs--
	if f.refs > 0 {
		return
	}
	c.regs.Release(f.outOff)
	c.regs.Release(f.outLen)
	c.regs.Release(f.account)
	f.outOff, f.outLen, f.account = rob.ZeroReg, rob.ZeroReg, rob.ZeroReg
	f.prog = nil
	f.ctx.Memory = f.ctx.Memory[:0]
	if f.parent < 0 {
		c.window.banks = append(c.window.banks, f.bank)
	}
	c.maps.FreeFrame(i)
	c.freeFrames = append(c.freeFrames, i)
}

// grow extends committed memory with zeros.
func grow(mem []byte, size uint64) []byte {
	n := uint64(len(mem))
	if size <= n {
		return mem
	}
	if size <= uint64(cap(mem)) {
		mem = mem[:size]
		clear(mem[n:])
		return mem
	}
	bigger := make([]byte, size, max(size, 2*uint64(cap(mem))))
	copy(bigger, mem)
	return bigger
}

// stackOperands is how many operands name stack slots.
const stackOperands = 16

// operand resolves a template operand of the frame's current instruction.
func (c *Core) operand(fi int32, f *frame, in *decoder.Inst, o decoder.Operand) rob.Reg {
	if o < stackOperands {
		return c.maps.Slot(fi, int(o))
	}
	m := &c.maps.Map[fi]
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
		return c.temp
	}
	return f.context + rob.Reg(o-decoder.Context0)
}
