package traces

import (
	"reflect"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/core/vm"
)

// TestEveryWriteIsKnown: a method of go-ethereum's state is either one that the history of a
// block listens to, or changes nothing that outlives a transaction. A later go-ethereum may
// have more of them.
func TestEveryWriteIsKnown(t *testing.T) {
	writes := []string{
		"AddBalance", "CreateAccount", "CreateContract", "SelfDestruct", "SelfDestruct6780", "SetCode", "SetNonce", "SetState", "SubBalance",
	}
	others := []string{
		"AccessEvents", "AddAddressToAccessList", "AddLog", "AddPreimage", "AddRefund", "AddSlotToAccessList", "AddressInAccessList", "Empty", "Exist",
		"Finalise", "GetBalance", "GetCode", "GetCodeHash", "GetCodeSize", "GetNonce", "GetRefund", "GetState", "GetStateAndCommittedState",
		"GetStorageRoot", "GetTransientState", "HasSelfDestructed", "PointCache", "Prepare", "RevertToSnapshot", "SetTransientState",
		"SlotInAccessList", "Snapshot", "SubRefund", "Witness",
	}
	all := reflect.TypeFor[vm.StateDB]()
	for i := range all.NumMethod() {
		if name := all.Method(i).Name; !slices.Contains(writes, name) && !slices.Contains(others, name) {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range writes {
		w := &written{}
		w.forget()
		method := reflect.ValueOf(w).MethodByName(name)
		in := make([]reflect.Value, method.Type().NumIn())
		for i := range in {
			in[i] = reflect.Zero(method.Type().In(i))
		}
		func() {
			defer func() { _ = recover() }() // there is no state behind it
			method.Call(in)
		}()
		if len(w.accounts) != 1 {
			t.Errorf("%s is not listened to", name)
		}
	}
}
