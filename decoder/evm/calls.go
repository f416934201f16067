package evm

import (
	"bytes"

	"golang.org/x/crypto/sha3"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

const (
	maxDepth       = 1024
	codeByteGas    = 200  // G_codedeposit, per byte of deposited code
	firstCodeByte  = 0xef // rejected by EIP-3541
	createdAccount = 1    // nonce of a new contract (EIP-161)
)

// Enter begins the frame of a call, as decoder.System says. The gas is what the
// Charge of the same instruction has set aside, and the stipend.
func (s *System) Enter(c, child *decoder.Context, in *decoder.Inst, args *decoder.Args) (entered bool) {
	shape := c.Prog.Rows[in.Code].Call
	target := state.AddressOf(&args[1])
	beginFrame(child, shape.Kind, c)
	child.Gas = s.forwarded
	child.Static = c.Static || shape.Static
	switch shape.Kind {
	case decoder.EnterCall:
		child.Self, child.Caller, child.Value = target, c.Self, args[2]
	case decoder.EnterCallCode:
		child.Self, child.Caller, child.Value = c.Self, c.Self, args[2]
	case decoder.EnterDelegate:
		child.Self, child.Caller, child.Value = c.Self, c.Caller, c.Value
	case decoder.EnterStatic:
		child.Self, child.Caller, child.Value = target, c.Self, isa.Word{}
	}
	pays := (shape.Kind == decoder.EnterCall || shape.Kind == decoder.EnterCallCode) && !child.Value.IsZero()
	if pays {
		child.Gas += callStipend
	}
	if c.Depth > maxDepth || pays && !s.canPay(c.Self, &child.Value) {
		c.Gas += child.Gas
		c.Returned = 0
		return false
	}
	child.Snapshot = s.World.Snapshot()
	switch shape.Kind {
	case decoder.EnterCall:
		s.enterAccount(c.Self, target, &child.Value)
	case decoder.EnterStatic:
		s.World.Touch(target)
	}
	s.enters(target)
	child.Prog = s.CodeOf(&args[1])
	return true
}

// beginFrame resets what every new frame starts with.
func beginFrame(child *decoder.Context, kind decoder.EnterKind, parent *decoder.Context) {
	child.Kind = kind
	child.Depth = parent.Depth + 1
	child.Memory = child.Memory[:0]
	child.Returned = 0
}

func (s *System) canPay(a state.Address, value *isa.Word) bool {
	return s.World.CanPay(a, value)
}

// enterAccount moves a call's value to its target, which comes into being where
// it did not exist. Since EIP-158 a call without value to an absent account
// leaves it absent, unless it is a precompiled contract.
func (s *System) enterAccount(from, to state.Address, value *isa.Word) {
	if !s.World.Exist(to) {
		_, builtin := s.Env.Precompiles.Lookup(to)
		if !builtin && s.Fork >= SpuriousDragon && value.IsZero() {
			return
		}
		s.World.CreateAccount(to)
	}
	s.transfer(from, to, value)
}

// transfer moves value; a value of zero touches the recipient.
func (s *System) transfer(from, to state.Address, value *isa.Word) {
	s.World.SubBalance(from, value)
	s.World.AddBalance(to, value)
}

// Create begins the frame of a creation, as decoder.System says. It takes all
// gas, since EIP-150 all but one 64th.
func (s *System) Create(c, child *decoder.Context, in *decoder.Inst, args *decoder.Args, init []byte) (entered bool) {
	gas := c.Gas
	if s.Fork >= TangerineWhistle {
		gas -= gas / 64
	}
	c.Returned = 0
	nonce := s.World.Nonce(c.Self)
	if c.Depth > maxDepth || !s.canPay(c.Self, &args[0]) || nonce+1 == 0 { // EIP-2681
		return false
	}
	c.Gas -= gas
	initHash := keccak(init)
	kind, address := decoder.EnterCreate, state.Address{}
	if in.Code == CREATE2 {
		kind, address = decoder.EnterCreate2, create2Address(c.Self, &args[3], initHash)
	} else {
		address = state.CreateAddress(c.Self, nonce)
	}
	s.World.SetNonce(c.Self, nonce+1)
	beginFrame(child, kind, c)
	child.Gas = gas
	child.Static = c.Static
	return s.enterCreation(child, c.Self, address, &args[0], initHash, init)
}

// enterCreation begins the frame of a new contract whose creator's nonce has been
// counted. It fails, with the gas lost, when the address is taken: by a nonce, by
// code (EIP-684) or by storage (EIP-7610). The address is warm either way.
func (s *System) enterCreation(child *decoder.Context, creator, address state.Address, value *isa.Word, initHash state.Hash, init []byte) (entered bool) {
	w := s.World
	if s.Fork >= Berlin {
		w.WarmAddress(address)
	}
	if w.Nonce(address) != 0 || len(w.Code(address)) != 0 || w.HasStorage(address) {
		return false
	}
	child.Self, child.Caller, child.Value = address, creator, *value
	child.Snapshot = w.Snapshot()
	if !w.Exist(address) {
		w.CreateAccount(address)
	}
	w.MarkContract(address)
	if s.Fork >= SpuriousDragon {
		w.SetNonce(address, createdAccount)
	}
	s.transfer(creator, address, value)
	child.Prog = emptyProgram
	if len(init) > 0 {
		child.Prog = s.Cache.Program(initHash, bytes.Clone(init), s.Rows) // init may be a frame's memory
	}
	return true
}

// create2Address is the address of EIP-1014.
func create2Address(creator state.Address, salt *isa.Word, initHash state.Hash) state.Address {
	saltBytes := salt.Bytes32()
	hash := keccak([]byte{0xff}, creator[:], saltBytes[:], initHash[:])
	return state.Address(hash[12:])
}

// keccak is the Keccak-256 of the concatenated data.
func keccak(data ...[]byte) (hash state.Hash) {
	h := sha3.NewLegacyKeccak256()
	for _, d := range data {
		h.Write(d)
	}
	h.Sum(hash[:0])
	return hash
}

// Leave ends a frame, as decoder.System says. A call's word is 1 for success and
// 0 for failure, a creation's is the address of the new contract or 0.
func (s *System) Leave(child, parent *decoder.Context, revert bool, f decoder.Fault, data []byte) (result isa.Word, returned []byte) {
	if f == decoder.NoFault && !revert {
		result.SetOne()
		if child.Kind == decoder.EnterCreate || child.Kind == decoder.EnterCreate2 {
			result, f = s.deposit(child, data)
			data = nil
		}
	}
	if f != decoder.NoFault || revert {
		s.World.Revert(child.Snapshot)
	}
	if f != decoder.NoFault { // the frame's gas is lost
		return isa.Word{}, nil
	}
	parent.Gas += child.Gas
	return result, data
}

// deposit makes code the code of a new contract, charges its frame, and gives the
// word that its creator sees. Frontier let a creation that could not pay for its
// code succeed without any; only the transaction's own counts as failed then.
func (s *System) deposit(child *decoder.Context, code []byte) (isa.Word, decoder.Fault) {
	if s.Fork >= SpuriousDragon && len(code) > maxCodeSize {
		return isa.Word{}, decoder.FaultCode
	}
	if s.Fork >= London && len(code) > 0 && code[0] == firstCodeByte {
		return isa.Word{}, decoder.FaultCode
	}
	cost := codeByteGas * uint64(len(code))
	switch {
	case cost > child.Gas && s.Fork >= Homestead:
		return isa.Word{}, decoder.FaultOutOfGas
	case cost > child.Gas && child.Depth == 1:
		return isa.Word{}, decoder.NoFault
	case cost <= child.Gas && len(code) > 0:
		child.Gas -= cost
		s.World.SetCode(child.Self, bytes.Clone(code))
	}
	return child.Self.Word(), decoder.NoFault
}

// Destroy makes the effect of SELFDESTRUCT: all value goes to the beneficiary and
// the account goes at the end of the transaction; since EIP-6780 only if it was
// created in this one. Value sent to the account itself is then burnt, or kept
// by an account that stays.
func (s *System) Destroy(c *decoder.Context, _ *decoder.Inst, args *decoder.Args) {
	w := s.World
	beneficiary := state.AddressOf(&args[0])
	balance := w.Balance(c.Self)
	if s.Fork < Cancun {
		w.AddBalance(beneficiary, &balance)
		w.SelfDestruct(c.Self)
		return
	}
	w.SubBalance(c.Self, &balance)
	w.AddBalance(beneficiary, &balance)
	w.SelfDestruct6780(c.Self)
}
