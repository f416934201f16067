package fuel

import (
	"testing"

	"github.com/ooovm/ooovm/state/fuel"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// corpus loads the programs of a file, and skips the test where it is absent.
func corpus(t *testing.T, file string) []*Program {
	t.Helper()
	programs, err := Load(corpustest.Data(t, "fuel", file))
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

// TestCorpus runs everything that the executor of Fuel mainnet has given results for.
func TestCorpus(t *testing.T) {
	for _, file := range []struct {
		name     string
		programs int
	}{
		{"vectors_dev.json.gz", 850},
		{"fuzz_oracle_dev.json.gz", 971},
		{"edge_oracle.json", 41},
		{"programs_dev.json.gz", 28},
	} {
		t.Run(file.name, func(t *testing.T) {
			programs := corpus(t, file.name)
			if len(programs) != file.programs {
				t.Errorf("%d programs where %d are expected", len(programs), file.programs)
			}
			for _, p := range programs {
				b, err := Run(p, nil)
				if err == nil {
					err = Compare(p, b)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestStepsExplainTheRun replays what the steps say was written, and wants the state
// that the run ended in.
func TestStepsExplainTheRun(t *testing.T) {
	for _, p := range corpus(t, "programs_dev.json.gz") {
		var receipts []fuel.Receipt
		gas := uint64(0)
		b, err := Run(p, func(s *Step) {
			receipts = append(receipts, s.Receipts...)
			if s.GGas.After > s.GGas.Before {
				t.Errorf("%s: gas came back at %d", p.Name, s.PC)
			}
			gas += s.GGas.Before - s.GGas.After
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Results {
			r := &b.Results[i]
			gas -= r.GasUsed
			for j := range r.Receipts {
				if k := r.Receipts[j].Kind; k == fuel.ReceiptPanic || k == fuel.ReceiptScriptResult {
					continue // no instruction appends them
				}
				if len(receipts) == 0 || string(receipts[0].Encode()) != string(r.Receipts[j].Encode()) {
					t.Fatalf("%s: transaction %d: no step appends receipt %d", p.Name, i, j)
				}
				receipts = receipts[1:]
			}
		}
		if gas != 0 || len(receipts) != 0 {
			t.Errorf("%s: %d gas and %d receipts of the steps are not of the results", p.Name, gas, len(receipts))
		}
	}
}

// TestAttributesCoverWrites wants every register that an instruction changes to be
// one that its row says it writes. Pops and returns write whole sets, and what moves
// $pc, $sp, $hp and the like is not in the rows.
func TestAttributesCoverWrites(t *testing.T) {
	for _, file := range []string{"vectors_dev.json.gz", "fuzz_oracle_dev.json.gz", "programs_dev.json.gz"} {
		for _, p := range corpus(t, file) {
			if _, err := Run(p, func(s *Step) {
				in, bad := fuel.Decode(s.Word)
				if bad != fuel.NoPanic || s.Panic != fuel.NoPanic {
					return
				}
				switch in.Op.Code {
				case fuel.POPL, fuel.POPH, fuel.RET, fuel.RETD:
					return
				}
				for _, w := range s.Registers {
					if !mayWrite(&in, w.Register) {
						t.Fatalf("%s: %s writes register %d", p.Name, in.Op.Name, w.Register)
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func mayWrite(in *fuel.Inst, register uint8) bool {
	attr := in.Op.Attr
	switch register {
	case fuel.RegOf:
		return attr&fuel.WriteFlags != 0
	case fuel.RegErr:
		return attr&(fuel.WriteFlags|fuel.WriteErr) != 0
	}
	return register < fuel.RegWritable || attr&fuel.WriteA != 0 && register == in.A || attr&fuel.WriteB != 0 && register == in.B
}
