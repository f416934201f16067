package evm

import (
	"bytes"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// interpreter runs programs in order, one instruction at a time, from the same
// rows and through the same System as the simulated core: the simplest machine
// that the package has to satisfy.
type interpreter struct {
	sys *System
	// step sees every counted instruction before it executes, charged with cost
	// unless it faults.
	step func(f *frame, in *decoder.Inst, cost uint64, fault decoder.Fault)
	// fault sees the instruction of the last step fault after it was charged.
	fault func()
}

// frame is what the interpreter keeps beside the architectural context.
type frame struct {
	*decoder.Context
	in       *decoder.Inst
	stack    []isa.Word
	input    []byte
	returned []byte
}

// transaction executes a transaction of the block with its envelope.
func (m *interpreter) transaction(i int) error {
	envelope, err := m.sys.Begin(i)
	if err != nil {
		return err
	}
	root, top := decoder.Context{Kind: decoder.EnterRoot}, decoder.Context{}
	var result isa.Word
	if m.sys.Start(&top) {
		data, revert, fault := m.run(&top, envelope.Input)
		result, _ = m.sys.Leave(&top, &root, revert, fault, data)
	}
	m.sys.Finish(&root, result)
	return nil
}

// run executes a frame until it ends.
func (m *interpreter) run(c *decoder.Context, input []byte) (data []byte, revert bool, fault decoder.Fault) {
	f := &frame{Context: c, input: input}
	insts := c.Prog.Insts
	for i := isa.InstIndex(0); ; {
		in := &insts[i]
		row := &c.Prog.Rows[in.Code]
		f.in = in
		var args decoder.Args
		for k := range min(int(row.Pops), len(f.stack)) {
			args[k] = f.stack[len(f.stack)-1-k]
		}
		cost, memory, fault := m.charge(f, row, &args)
		if row.Flags&decoder.Uncounted == 0 && m.step != nil {
			m.step(f, in, cost, fault)
		}
		if fault == decoder.NoFault && row.Flags&decoder.NoStatic != 0 && c.Static {
			m.late()
			fault = decoder.FaultStatic
		}
		if fault != decoder.NoFault {
			return nil, false, fault
		}
		c.Gas -= cost
		if memory > uint64(len(c.Memory)) {
			c.Memory = append(c.Memory, make([]byte, memory-uint64(len(c.Memory)))...)
		}
		if row.Kind.Foldable() {
			f.rearrange(in)
			i++
			continue
		}
		f.stack = f.stack[:len(f.stack)-int(row.Pops)]
		next := i + 1
		switch row.Kind {
		case decoder.KindExec:
			result := m.execute(f, row, &args)
			if row.Pushes > 0 {
				f.stack = append(f.stack, result)
			}
			if row.Flags&decoder.Effect != 0 {
				m.sys.Apply(c, in, &args)
			}
		case decoder.KindJump, decoder.KindBranch:
			if row.Kind == decoder.KindJump || !args[1].IsZero() {
				next = c.Prog.Target(&args[0])
				if next < 0 || in.Aux >= 0 && isa.InstIndex(in.Aux) != next {
					m.late()
					return nil, false, decoder.FaultInvalidJump
				}
			}
		case decoder.KindCall:
			f.stack = append(f.stack, m.call(f, row, &args))
		case decoder.KindCreate:
			f.stack = append(f.stack, m.create(f, &args))
		case decoder.KindLeave:
			return bytes.Clone(memoryRange(c, &args[0], &args[1])), false, decoder.NoFault
		case decoder.KindAbort:
			return bytes.Clone(memoryRange(c, &args[0], &args[1])), true, decoder.NoFault
		case decoder.KindDestroy:
			m.sys.Destroy(c, in, &args)
			return nil, false, decoder.NoFault
		case decoder.KindBuiltin:
			output, ok := m.sys.Builtin(c, f.input)
			if !ok {
				return nil, false, decoder.FaultOther
			}
			return output, false, decoder.NoFault
		}
		i = next
	}
}

// late reports a fault of an instruction that step has seen without one.
func (m *interpreter) late() {
	if m.fault != nil {
		m.fault()
	}
}

// charge finds the first fault of an instruction or its cost.
func (m *interpreter) charge(f *frame, row *decoder.Row, args *decoder.Args) (cost, memory uint64, fault decoder.Fault) {
	switch {
	case len(f.stack) < int(row.MinStack):
		return 0, 0, decoder.FaultStackUnderflow
	case len(f.stack) > int(row.MaxStack):
		return 0, 0, decoder.FaultStackOverflow
	case row.Kind == decoder.KindInvalid:
		return 0, 0, decoder.FaultInvalidOpcode
	}
	cost = uint64(row.Gas)
	if row.Flags&decoder.Dynamic != 0 {
		cost, memory, fault = m.sys.Charge(f.Context, f.in, args)
	}
	if fault == decoder.NoFault && cost > f.Gas {
		fault = decoder.FaultOutOfGas
	}
	return cost, memory, fault
}

func (f *frame) rearrange(in *decoder.Inst) {
	top := len(f.stack) - 1
	switch in.Kind {
	case decoder.KindPush:
		f.stack = append(f.stack, f.Prog.Consts[in.Aux])
	case decoder.KindDup:
		f.stack = append(f.stack, f.stack[top+1-int(in.N)])
	case decoder.KindSwap:
		f.stack[top], f.stack[top-int(in.N)] = f.stack[top-int(in.N)], f.stack[top]
	case decoder.KindPop:
		f.stack = f.stack[:top]
	}
}

func (m *interpreter) call(f *frame, row *decoder.Row, args *decoder.Args) isa.Word {
	shape := row.Call
	input := bytes.Clone(memoryRange(f.Context, &args[shape.InputOffset], &args[shape.InputLength]))
	var child decoder.Context
	if !m.sys.Enter(f.Context, &child, f.in, args) {
		f.returned = nil
		return isa.Word{}
	}
	result := m.finish(f, &child, input)
	copy(memoryRange(f.Context, &args[shape.OutputOffset], &args[shape.OutputLength]), f.returned)
	return result
}

func (m *interpreter) create(f *frame, args *decoder.Args) isa.Word {
	var child decoder.Context
	if !m.sys.Create(f.Context, &child, f.in, args, memoryRange(f.Context, &args[1], &args[2])) {
		f.returned = nil
		return isa.Word{}
	}
	return m.finish(f, &child, nil)
}

// finish runs a child to its end and leaves its data with the parent.
func (m *interpreter) finish(f *frame, child *decoder.Context, input []byte) isa.Word {
	data, revert, fault := m.run(child, input)
	result, returned := m.sys.Leave(child, f.Context, revert, fault, data)
	f.returned = returned
	f.Returned = uint64(len(returned))
	return result
}

// execute computes an instruction's micro-ops and gives the result of the last.
func (m *interpreter) execute(f *frame, row *decoder.Row, args *decoder.Args) (result isa.Word) {
	var destination []byte // of the store in progress
	var temp isa.Word
	for _, u := range row.Uops {
		var src [4]isa.Word
		for k, operand := range u.Src {
			src[k] = m.operand(f, operand, args, &temp)
		}
		switch u.Op {
		case isa.Load:
			result.SetBytes32(f.Memory[src[0][0]:])
		case isa.LoadInput:
			result.SetBytes32(padded(f.input, &src[0], 32))
		case isa.Hash:
			hash := keccak(memoryRange(f.Context, &src[0], &src[1]))
			result.SetBytes32(hash[:])
		case isa.StoreAddr:
			destination = f.Memory[src[0][0]:][:32]
		case isa.StoreAddr1:
			destination = f.Memory[src[0][0]:][:1]
		case isa.StoreData:
			word := src[0].Bytes32()
			copy(destination, word[:])
		case isa.StoreData1:
			destination[0] = byte(src[0][0])
		case isa.CopyAddr:
			destination = memoryRange(f.Context, &src[0], &src[1])
		case isa.CopyData:
			var from []byte
			switch isa.CopySource(u.Imm) {
			case isa.CopyMemory:
				from = f.Memory
			case isa.CopyInput:
				from = f.input
			case isa.CopyReturn:
				from = f.returned
			case isa.CopyCode:
				from = f.Prog.Code
			case isa.CopyForeignCode:
				from = m.sys.ForeignCode(&src[2])
			}
			copy(destination, padded(from, &src[0], len(destination)))
		case isa.StateLoad:
			result = m.sys.ReadStorage(isa.Space(u.Imm), &src[0], &src[1])
		case isa.AccountLoad:
			result = m.sys.ReadAccount(isa.AccountField(u.Imm), &src[0])
		case isa.Lookup:
			result = m.sys.Lookup(isa.LookupTable(u.Imm), &src[0])
		case isa.StateKey, isa.StateData, isa.RangeAddress, isa.Argument: // read by commit
		case isa.Counter:
			result = isa.Word{uint64(len(f.Memory))}
			if isa.CounterKind(u.Imm) == isa.CounterGas {
				result = isa.Word{f.Gas}
			}
		default:
			isa.Exec(u.Op, &result, &src[0], &src[1], &src[2])
		}
		temp = result
	}
	return result
}

// operand reads a micro-op's source.
func (m *interpreter) operand(f *frame, o decoder.Operand, args *decoder.Args, temp *isa.Word) isa.Word {
	switch {
	case o < 16:
		return args[o]
	case o >= decoder.Context0 && o != decoder.None:
		return m.sys.Context()[o-decoder.Context0]
	}
	switch o {
	case decoder.FrameSelf:
		return f.Self.Word()
	case decoder.FrameCaller:
		return f.Caller.Word()
	case decoder.FrameValue:
		return f.Value
	case decoder.InputLength:
		return isa.Word{uint64(len(f.input))}
	case decoder.ReturnLength:
		return isa.Word{f.Returned}
	case decoder.CodeLength:
		return isa.Word{uint64(len(f.Prog.Code))}
	case decoder.InstAddress:
		return isa.Word{uint64(f.in.PC)}
	case decoder.Temp:
		return *temp
	}
	return isa.Word{} // input and returned data begin at zero here
}

// padded is n bytes of data from offset on, zero past its end.
func padded(data []byte, offset *isa.Word, n int) []byte {
	out := make([]byte, n)
	if offset.LtUint64(uint64(len(data))) {
		copy(out, data[offset[0]:])
	}
	return out
}
