package fuel

import (
	"testing"

	"github.com/ooovm/ooovm/state/fuel"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

// script makes a program of one transaction from assembly text.
func script(t *testing.T, text string) *Program {
	t.Helper()
	code, err := asm.Assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Program{
		Name: t.Name(), Params: fuel.Standard(), Block: fuel.Block{Height: 5},
		Transactions: []fuel.Transaction{{GasLimit: 10000, Script: code}},
	}
}

// TestScripts runs small programs; gas is counted by hand from the schedule standard-v7.
func TestScripts(t *testing.T) {
	for _, c := range []struct {
		name, text string
		value      uint64 // returned, or in the first log
		panic      fuel.Panic
		gas        uint64
	}{
		{"sum of 1 to 10", `
			movi $r16 10
			loop: add $r17 $r17 $r16
			subi $r16 $r16 1
			jnzb $r16 $zero loop
			ret $r17`, 55, fuel.NoPanic, 1 + 10*3 + 13},
		{"memory keeps its order of bytes", `
			cfei 8
			movi $r16 0x1234
			sw $ssp $r16 0
			lqw $r17 $ssp 3
			ret $r17`, 0x1234, fuel.NoPanic, 2 + 4 - 1 + 13},
		{"push and pop", `
			movi $r16 1
			movi $r18 3
			pshl 5
			movi $r16 9
			movi $r18 9
			popl 5
			add $r16 $r16 $r18
			ret $r16`, 4, fuel.NoPanic, 5 + 4 + 13},
		{"a call within the script", `
			addi $r17 $is 16
			jal $r20 $r17 1
			ret $r16
			noop
			noop
			movi $r16 42
			jal $zero $r20 0`, 42, fuel.NoPanic, 4 + 13},
		{"division by zero", "div $r16 $one $zero", 0, fuel.PanicArithmeticError, 1},
		{"division by zero that is asked for", `
			movi $r16 1
			flag $r16
			div $r17 $one $zero
			ret $err`, 1, fuel.NoPanic, 3 + 13},
		{"overflow that is asked for", `
			movi $r16 2
			flag $r16
			sub $r17 $zero $one
			ret $of`, ^uint64(0), fuel.NoPanic, 3 + 13},
		{"overflow", "not $r16 $zero\nadd $r16 $r16 $one", 0, fuel.PanicArithmeticOverflow, 2},
		{"a register that cannot be written", "add $one $one $one", 0, fuel.PanicReservedRegisterNotWritable, 1},
		{"out of gas", "loop: ji loop", 0, fuel.PanicOutOfGas, 10000},
		{"below the script", "jmpb $zero 100000", 0, fuel.PanicMemoryOverflow, 1},
		{"into the data before the script", "jmpb $zero 30", 0, fuel.PanicMemoryNotExecutable, 1},
		{"wide multiplication", `
			movi $r16 1000
			cfei 16
			wdml $ssp $r16 $r16 0
			lw $r17 $ssp 1
			ret $r17`, 1000000, fuel.NoPanic, 1 + 2 + 1 + 1 + 13},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Run(script(t, c.text), nil)
			if err != nil {
				t.Fatal(err)
			}
			r := &b.Results[0]
			if r.Ending.Panic != c.panic || r.GasUsed != c.gas {
				t.Errorf("%v, %d gas where %v, %d is expected", r.Ending.Panic, r.GasUsed, c.panic, c.gas)
			}
			if c.panic == fuel.NoPanic && r.Receipts[0].A != c.value {
				t.Errorf("%d where %d is expected", r.Receipts[0].A, c.value)
			}
		})
	}
}

// TestSteps looks at what single instructions are said to have done.
func TestSteps(t *testing.T) {
	p := script(t, `
		cfei 8
		movi $r16 7
		sb $ssp $r16 2
		log $r16 $zero $zero $zero
		ret $one`)
	var steps []Step
	if _, err := Run(p, func(s *Step) {
		kept := *s
		kept.Registers = append([]RegisterWrite(nil), s.Registers...)
		kept.Memory = append([]MemoryWrite(nil), s.Memory...)
		steps = append(steps, kept)
	}); err != nil {
		t.Fatal(err)
	}
	if len(steps) != 5 {
		t.Fatalf("%d steps", len(steps))
	}
	if s := &steps[1]; len(s.Registers) != 2 || s.Registers[1] != (RegisterWrite{16, 7}) || s.Registers[0].Register != fuel.RegPC {
		t.Errorf("movi wrote %v", s.Registers)
	}
	if s := &steps[2]; len(s.Memory) != 1 || s.Memory[0].Length != 1 || s.PC != fuel.ScriptOffset+8 {
		t.Errorf("sb wrote %v", s.Memory)
	}
	if s := &steps[3]; len(s.Receipts) != 1 || s.GGas.Before-s.GGas.After != 9 {
		t.Errorf("log: %d receipts, %+v", len(s.Receipts), s.GGas)
	}
}

// TestTransactionsShareTheState runs two transactions of one block on one slot.
func TestTransactionsShareTheState(t *testing.T) {
	counter, err := asm.Assemble(`
		cfei 32
		srw $r16 $r17 $ssp 0
		addi $r16 $r16 1
		sww $ssp $r17 $r16
		ret $r16`)
	if err != nil {
		t.Fatal(err)
	}
	p := script(t, "gtf $r16 $zero 0x00a\ncall $r16 $zero $zero $cgas\nret $ret")
	id := fuel.ID{1}
	p.Contracts = []Contract{{ID: id, Code: counter}}
	tx := &p.Transactions[0]
	tx.ScriptData = append(id[:], make([]byte, 16)...)
	tx.Inputs = []fuel.Input{{Type: fuel.InputContract, Contract: id}}
	p.Transactions = append(p.Transactions, *tx)
	b, err := Run(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint64{1, 2} {
		receipts := b.Results[i].Receipts
		if got := receipts[len(receipts)-2].A; got != want {
			t.Errorf("transaction %d returns %d where %d is expected", i, got, want)
		}
	}
}

// TestStorageBeforeVersion7 wants the panic of today's VM under the schedules that had a cost per storage instruction.
func TestStorageBeforeVersion7(t *testing.T) {
	for _, text := range []string{
		"srw $r16 $r17 $zero 0", "sww $zero $r16 $zero", "sclr $zero $one", "scwq $zero $r16 $one", "spld $r16 $zero",
	} {
		code, err := asm.Assemble(text)
		if err != nil {
			t.Fatal(err)
		}
		p := script(t, "gtf $r16 $zero 0x00a\ncall $r16 $zero $zero $cgas")
		p.Params.Gas = &fuel.StandardV6
		id := fuel.ID{1}
		p.Contracts = []Contract{{ID: id, Code: code}}
		p.Transactions[0].ScriptData = append(id[:], make([]byte, 16)...)
		p.Transactions[0].Inputs = []fuel.Input{{Type: fuel.InputContract, Contract: id}}
		b, err := Run(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Results[0].Ending.Panic; got != fuel.PanicGasCostNotDefined {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestInvalidTransactions wants errors for what no block could contain.
func TestInvalidTransactions(t *testing.T) {
	for _, c := range []struct {
		name string
		tx   fuel.Transaction
	}{
		{"more out than in", fuel.Transaction{Outputs: []fuel.Output{{Type: fuel.OutputCoin, Amount: 1}}}},
		{"amounts that overflow", fuel.Transaction{Inputs: []fuel.Input{{Amount: 1 << 63}, {Amount: 1 << 63}}}},
		{"an output of no contract", fuel.Transaction{Outputs: []fuel.Output{{Type: fuel.OutputContract}}}},
		{"an output of a coin", fuel.Transaction{Inputs: []fuel.Input{{}}, Outputs: []fuel.Output{{Type: fuel.OutputContract}}}},
		{"too large", fuel.Transaction{Script: make([]byte, fuel.MemorySize)}},
	} {
		p := script(t, "noop")
		p.Transactions[0] = c.tx
		if _, err := Run(p, nil); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
}
