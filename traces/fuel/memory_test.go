package fuel

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

// TestProgramsAreBounded: a program with gas for any number of receipts ends with its memory.
func TestProgramsAreBounded(t *testing.T) {
	script, err := asm.Assemble("movi $r16 8000\nlogd $zero $zero $zero $r16\nji 0")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"schema":"ooovm.fuel/1","transactions":[{"gas_limit":18446744073709551615,"script":"%x"}]}`, script)
	programs, err := Read(strings.NewReader(text), "endless")
	if err != nil {
		t.Fatal(err)
	}
	p := programs[0]
	p.Memory = budget.New(64 << 20)
	stop, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err = RunContext(stop, p, nil); !budget.Exceeds(err) || !strings.Contains(err.Error(), "endless: the program's receipts would not fit") {
		t.Errorf("%v", err)
	}
}
