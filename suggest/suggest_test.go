package suggest

import "testing"

func TestUnknown(t *testing.T) {
	policies := []string{"in-order", "block-stm", "two-phase", "monad", "sealevel", "sealevel-holder"}
	for _, c := range []struct{ name, want string }{
		{"blokc-stm", `no policy "blokc-stm"; there are in-order, block-stm, two-phase, monad, sealevel, sealevel-holder; did you mean block-stm?`},
		{"BLOCK-STM", `no policy "BLOCK-STM"; there are in-order, block-stm, two-phase, monad, sealevel, sealevel-holder; did you mean block-stm?`},
		{"sea", `no policy "sea"; there are in-order, block-stm, two-phase, monad, sealevel, sealevel-holder; did you mean sealevel or sealevel-holder?`},
		{"quantum", `no policy "quantum"; there are in-order, block-stm, two-phase, monad, sealevel, sealevel-holder`},
		{"", `no policy ""; there are in-order, block-stm, two-phase, monad, sealevel, sealevel-holder`},
	} {
		if got := Unknown("no policy", c.name, policies).Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
