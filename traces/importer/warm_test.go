package importer

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// TestWarmFromTheBeginning: what an access list, or an address that the trace does not name, has made
// warm is found from what a trace alone has paid for it, in every dialect.
func TestWarmFromTheBeginning(t *testing.T) {
	warmCoinbase := common.Address(addressOf(0xc0b))
	self, other := statedReceiver, common.Address(addressOf(0xbbbb))
	list := func(a common.Address, slots ...byte) types.AccessTuple {
		e := types.AccessTuple{Address: a, StorageKeys: []common.Hash{}}
		for _, slot := range slots {
			e.StorageKeys = append(e.StorageKeys, common.Hash{31: slot})
		}
		return e
	}
	var many []byte
	var slots []byte
	for n := range 80 {
		many = append(many, do(n, vm.SLOAD, vm.POP)...)
		slots = append(slots, byte(n))
	}
	callee := state.Prestate{addressOf(0xbbbb): runs(do(1, vm.SLOAD, vm.POP, 0xcccc, vm.BALANCE, vm.POP, vm.JUMPDEST))}
	storage := map[isa.Word]isa.Word{word(3): word(3)}
	for _, s := range []scene{
		{name: "slots", code: do(1, vm.SLOAD, vm.POP, 2, vm.SLOAD, vm.POP), access: types.AccessList{list(self, 1)}},
		{name: "many slots", code: many, access: types.AccessList{list(self, slots...)}},
		{name: "written slots", storage: storage, code: do(7, 1, vm.SSTORE, 0, 2, vm.SSTORE, 7, 3, vm.SSTORE, 7, 4, vm.SSTORE, vm.JUMPDEST), access: types.AccessList{list(self, 1, 2, 3)}},
		{name: "accounts", code: do(0xbbbb, vm.BALANCE, 0xcccc, vm.EXTCODESIZE, 0xdddd, vm.EXTCODEHASH, vm.POP, vm.POP, vm.POP), access: types.AccessList{list(other), list(common.Address(addressOf(0xdddd)))}},
		{name: "a callee", others: callee, code: join(call(0xbbbb, 0, 50_000), do(vm.POP, vm.JUMPDEST)), access: types.AccessList{list(other, 1)}},
		{name: "a callee with all the gas", others: callee, code: join(do(0, 0, 0, 0, 0, 0xbbbb, 9_999_999, vm.CALL), do(vm.POP, vm.JUMPDEST)), access: types.AccessList{list(common.Address(addressOf(0xcccc)), 1)}},
		{name: "a callee's slots", others: callee, code: join(call(0xbbbb, 0, 50_000), call(0xcccc, 0, 9), do(vm.POP, vm.JUMPDEST)), access: types.AccessList{list(other, 1), list(common.Address(addressOf(0xcccc)))}},
		{name: "a coinbase that is not read", code: do(0xc0b, vm.BALANCE, vm.POP), block: func(b *traces.Bundle) { b.Header.Coinbase = warmCoinbase }},
	} {
		_, lines := execute(t, s)
		for _, c := range clients {
			got := importAlone(t, c.write(lines), Options{ChainID: 1, Fork: "Prague"})
			if got.Mismatch != nil {
				t.Errorf("%s, %s: %v", s.name, c.name, got.Mismatch)
			}
			for _, e := range got.Bundle.Txs[0].AccessList() {
				i := slices.IndexFunc(s.access, func(was types.AccessTuple) bool { return was.Address == e.Address })
				if i < 0 && e.Address != warmCoinbase {
					t.Errorf("%s, %s: %v was not warm", s.name, c.name, e.Address)
				}
				for _, slot := range e.StorageKeys {
					if !slices.Contains(s.access[i].StorageKeys, slot) {
						t.Errorf("%s, %s: slot %v was not warm", s.name, c.name, slot)
					}
				}
			}
			reload(t, fmt.Sprint(s.name, c.name), got.Bundle)
		}
	}
}
