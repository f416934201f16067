package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/ooovm/ooovm/experiments"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle"
	"github.com/ooovm/ooovm/traces"
)

func base() pipeline.Config {
	c := pipeline.Config{}
	c.Core = pipeline.CoreConfig{Stack: "fold", Decode: 16, Width: 4, Issue: 8, Commit: 4, Taken: 1, FrontEnd: 10, ROB: 256, IQ: 96, LoadQ: 72, StoreQ: 64, StateQ: 64, Regs: 192, StackRegs: 64, Fill: 4, Gas: "serial", ClockMHz: 3000}
	c.Units = pipeline.UnitConfig{ALU: 4, Mul: 1, Div: 1, Hash: 1, Load: 2, Store: 2, State: 2, Branch: 2}
	c.Latency = pipeline.LatencyConfig{ALU: 1, Shift: 1, Mul: 5, Div: 30, MulMod: 45, Exp: 8, Hash: 24, Load: 4, Store: 1, Copy: 1, Branch: 1, State: 4, System: 20}
	c.State = pipeline.StateConfig{Buffer: 4096, Near: 40, Far: 240, Misses: 16}
	c.Predictor = pipeline.PredictorConfig{Branch: "gshare", Target: "btb+ras", Call: "last", Memory: "store-sets", State: "store-sets", BranchBits: 12, HistoryBits: 12, TargetBits: 10, ReturnStack: 32, DependBits: 10, Seed: 1}
	return c
}

func main() {
	cfg := base()
	check := os.Getenv("CHECK") != ""
	defer func() {
		if f := os.Getenv("MEM"); f != "" {
			w, _ := os.Create(f)
			pprof.WriteHeapProfile(w)
		}
	}()
	switch os.Getenv("MODE") {
	case "chaos":
		p := &cfg.Predictor
		p.Branch, p.Target, p.Call, p.Memory, p.State = "chaos", "chaos", "chaos", "chaos", "chaos"
		cfg.Chaos.Squash = 20000
		fmt.Sscan(os.Getenv("SEED"), &p.Seed)
	case "scalar":
		c := &cfg.Core
		c.InOrder, c.Stack, c.Decode, c.Width, c.Issue, c.Commit, c.FrontEnd, c.ROB, c.IQ = true, "execute", 1, 1, 1, 1, 5, 32, 32
		cfg.Predictor.Branch, cfg.Predictor.Memory, cfg.Predictor.State = "bimodal", "wait", "wait"
		cfg.State.Misses = 4
	case "limit":
		const n = 1 << 20
		cfg.Core = pipeline.CoreConfig{Stack: "fold", Decode: n, Width: n, Issue: n, Commit: n, Taken: n, FrontEnd: 1, ROB: n, IQ: n, LoadQ: n, StoreQ: n, StateQ: n, Regs: n, StackRegs: n, Fill: 0, Gas: "free", ClockMHz: 3000}
		cfg.Units = pipeline.UnitConfig{ALU: n, Mul: n, Div: n, Hash: n, Load: n, Store: n, State: n, Branch: n}
		cfg.Latency = pipeline.LatencyConfig{ALU: 1, Shift: 1, Mul: 1, Div: 1, MulMod: 1, Exp: 0, Hash: 1, Load: 1, Store: 1, Copy: 0, Branch: 1, State: 1, System: 1}
		cfg.State = pipeline.StateConfig{Buffer: n, Near: 0, Far: 0, Misses: n}
		p := &cfg.Predictor
		p.Branch, p.Target, p.Call, p.Memory, p.State = "oracle", "oracle", "oracle", "oracle", "oracle"
	case "scalarfold":
		c := &cfg.Core
		c.InOrder, c.Stack, c.Decode, c.Width, c.Issue, c.Commit, c.FrontEnd, c.ROB, c.IQ = true, "fold", 4, 1, 1, 1, 5, 32, 32
		cfg.Predictor.Branch, cfg.Predictor.Memory, cfg.Predictor.State = "bimodal", "wait", "wait"
		cfg.State.Misses = 4
	}
	if f := os.Getenv("PROF"); f != "" {
		w, _ := os.Create(f)
		pprof.StartCPUProfile(w)
		defer pprof.StopCPUProfile()
	}
	var ti, tc, tslots uint64
	var tt time.Duration
	var slots [pipeline.NumCauses]uint64
	var sq [pipeline.NumCauses]uint64
	for _, path := range os.Args[1:] {
		b, err := traces.Load(path)
		if err != nil {
			fmt.Println(path, err)
			continue
		}
		p, err := experiments.Prepare(b, check || cfg.ReadsGolden())
		if err != nil {
			fmt.Println(path, err)
			continue
		}
		t := time.Now()
		out, err := p.Run(&cfg, experiments.Options{Lockstep: check})
		if err != nil {
			fmt.Println(path, "ERROR", err)
			continue
		}
		d := time.Since(t)
		s := &out.Core.Stats
		ti += s.Instructions
		tc += out.Core.Cycle()
		tt += d
		for i := range slots {
			slots[i] += s.Slots[i]
			tslots += s.Slots[i]
			sq[i] += s.Squashes[i]
		}
		fmt.Printf("%s ok=%v insts=%d uops=%d cycles=%d ipc=%.2f wrong=%d %.2f Mi/s diff=%v\n", b.Name, out.Verdict.OK, s.Instructions, s.Uops, out.Core.Cycle(), float64(s.Instructions)/float64(out.Core.Cycle()), s.WrongPathUops, float64(s.Instructions)/d.Seconds()/1e6, out.Difference)
	}
	fmt.Printf("total insts %d cycles %d ipc %.3f  %.2f Mi/s %.2f Mc/s\n", ti, tc, float64(ti)/float64(tc), float64(ti)/tt.Seconds()/1e6, float64(tc)/tt.Seconds()/1e6)
	for i, n := range slots {
		fmt.Printf("  %-12s %6.2f%%  squashes %d\n", pipeline.CauseNames[i], 100*float64(n)/float64(tslots), sq[i])
	}
}
