package prestate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/state"
)

// FuzzParse: whatever a tracer says is a pre-state or refused in a line; what is read is
// read again from what go-ethereum would have written of it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"0x000000000000000000000000000000000000bea0":{"balance":"0x1","nonce":1,"code":"0x00","storage":{"0x00":"0x01"}}}`))
	f.Add([]byte(`{"bea0":null,"0x000000000000000000000000000000000000BEA0":{"balance":"1"}}`))
	f.Add([]byte(`{"pre":{},"post":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return // it has been read as JSON before
		}
		got, err := Parse(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%q", err)
			}
			return
		}
		for a, acct := range got {
			if acct == nil {
				t.Errorf("account %x is nil", a)
			}
		}
		DropEmpty(got)
		_ = state.NewWorld(got)
	})
}
