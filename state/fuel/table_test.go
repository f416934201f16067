package fuel

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/ooovm/ooovm/traces/corpustest"
)

// shared reads a file made from the specification, and skips the test where it is absent.
func shared(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(corpustest.Data(t, "fuel", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestTableIsOrderedAndWhole(t *testing.T) {
	if len(table) != 127 {
		t.Errorf("%d instructions", len(table))
	}
	for i := range table {
		if i > 0 && table[i].Code <= table[i-1].Code {
			t.Errorf("%s does not follow %s", table[i].Name, table[i-1].Name)
		}
	}
}

var formatNames = map[Format]string{
	FormatNone: "-", FormatR: "R", FormatRR: "RR", FormatRRR: "RRR", FormatRRRR: "RRRR",
	FormatRRRI: "RRRI6", FormatRRI: "RRI12", FormatRI: "RI18", FormatI: "I24",
}

// TestTableAgreesWithTheSpecification compares rows with those made from fuel-asm.
func TestTableAgreesWithTheSpecification(t *testing.T) {
	var isa struct {
		Instructions []struct {
			Mnemonic  string
			Opcode    Opcode
			Format    string
			Reserved  int  `json:"reserved_low_bits"`
			Predicate bool `json:"predicate_allowed"`
			Gas       string
		}
	}
	shared(t, "isa.json", &isa)
	if len(isa.Instructions) != len(table) {
		t.Errorf("%d rows where %d are expected", len(table), len(isa.Instructions))
	}
	gasName := regexp.MustCompile(`^[a-z0-9_]+`)
	for _, want := range isa.Instructions {
		op := OpOf(want.Opcode)
		if op == nil || op.Name != want.Mnemonic {
			t.Errorf("%#02x is not %s", want.Opcode, want.Mnemonic)
			continue
		}
		if formatNames[op.Format] != want.Format || op.Format.reserved() != 1<<want.Reserved-1 {
			t.Errorf("%s: format %v, reserved %#x", op.Name, formatNames[op.Format], op.Format.reserved())
		}
		if op.Attr&Predicate != 0 != want.Predicate {
			t.Errorf("%s: allowed in predicates: %v", op.Name, want.Predicate)
		}
		name := gasName.FindString(want.Gas)
		switch {
		case op.Class == ClassStorage:
			name = "noop"
		case op.Code == ECAL:
			name = "free"
		}
		if alias, ok := map[string]string{
			"mod_op": "mod", "move_op": "move", "ret": "ret_contract", "retd": "retd_contract", "rvrt": "rvrt_contract",
		}[name]; ok {
			name = alias
		}
		if op.Cost.String() != name {
			t.Errorf("%s: costs %s where %s is expected", op.Name, op.Cost, name)
		}
	}
}

func TestSchedulesAgreeWithTheSpecification(t *testing.T) {
	var gas struct {
		DefaultV7       map[string]json.RawMessage            `json:"default_v7"`
		DefaultPreV7    map[string]json.RawMessage            `json:"default_pre_v7"`
		MainnetV7       map[string]json.RawMessage            `json:"mainnet_v7"`
		MainnetPrevious map[string]map[string]json.RawMessage `json:"mainnet_previous"`
	}
	shared(t, "gas.json", &gas)
	for _, c := range []struct {
		name string
		got  *Schedule
		want map[string]json.RawMessage
	}{
		{"standard 7", &StandardV7, gas.DefaultV7},
		{"standard 6", &StandardV6, gas.DefaultPreV7},
		{"mainnet 7", &MainnetV7, gas.MainnetV7},
		{"mainnet 6", &MainnetV6, gas.MainnetPrevious["V6"]},
	} {
		for cost := CostFree + 1; cost < costs; cost++ {
			raw, defined := c.want[cost.String()]
			var want Rate
			if defined {
				want = rateOf(t, raw)
			}
			if got := c.got.Rate(cost); got != want {
				t.Errorf("%s: %s is %+v where %+v is expected", c.name, cost, got, want)
			}
		}
	}
}

func rateOf(t *testing.T, raw json.RawMessage) Rate {
	var base uint64
	if json.Unmarshal(raw, &base) == nil {
		return fixed(base)
	}
	var rate map[string]struct {
		Base     uint64
		UnitsPer uint64 `json:"units_per_gas"`
		PerUnit  uint64 `json:"gas_per_unit"`
	}
	if err := json.Unmarshal(raw, &rate); err != nil {
		t.Fatal(err)
	}
	if r, ok := rate["LightOperation"]; ok {
		return light(r.Base, r.UnitsPer)
	}
	r := rate["HeavyOperation"]
	return heavy(r.Base, r.PerUnit)
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		word  uint32
		name  string
		panic Panic
		in    Inst
	}{
		{0x10411480, "ADD", NoPanic, Inst{A: 16, B: 17, C: 18}},
		{0x10411481, "", PanicInvalidInstruction, Inst{}},
		{0x72ffffff, "MOVI", NoPanic, Inst{A: 63, Imm: 1<<18 - 1}},
		{0x47000000, "NOOP", NoPanic, Inst{}},
		{0x47000001, "", PanicInvalidInstruction, Inst{}},
		{0x91ffffff, "CFEI", NoPanic, Inst{Imm: 1<<24 - 1}},
		{0x38411fff, "SRW", NoPanic, Inst{A: 16, B: 17, C: 63, Imm: 63}},
		{0x24040001, "", PanicInvalidInstruction, Inst{}},
		{0x00000000, "", PanicInvalidInstruction, Inst{}},
		{0xff000000, "", PanicInvalidInstruction, Inst{}},
	} {
		in, p := Decode(c.word)
		if p != c.panic {
			t.Errorf("%08x: %v", c.word, p)
			continue
		}
		if p != NoPanic {
			continue
		}
		c.in.Op = in.Op
		if in.Op.Name != c.name || in != c.in {
			t.Errorf("%08x: %s %+v where %s %+v is expected", c.word, in.Op.Name, in, c.name, c.in)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		rate     Rate
		units    uint64
		gas, sum uint64
	}{
		{fixed(7), 1000, 0, 7},
		{light(10, 214), 213, 0, 10},
		{light(10, 214), 214, 1, 11},
		{heavy(10, 3), 4, 12, 22},
		{heavy(10, 3), 1 << 63, ^uint64(0), ^uint64(0)},
		{light(^uint64(0), 1), 1, 1, ^uint64(0)},
	} {
		if gas, sum := c.rate.Units(c.units), c.rate.Of(c.units); gas != c.gas || sum != c.sum {
			t.Errorf("%+v of %d: %d and %d", c.rate, c.units, gas, sum)
		}
	}
}
