package oracle

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

func init() {
	predictor.KeyPredictors.Register(predictor.Maker[predictor.Keys]{
		Name: "oracle", Params: []string{"prefetches"}, Doc: "all keys of the transaction, from the golden run, at its entry", Oracle: true,
		New: func(p predictor.Params) predictor.Keys {
			return &keys{Constants: predictor.NewConstants(), golden: keyOracle(p)}
		},
	})
	predictor.KeyPredictors.Register(predictor.Maker[predictor.Keys]{
		Name: "bal", Params: []string{"prefetches"}, Doc: "the block access list (EIP-7928), built from the golden run, from the beginning of the block on", Oracle: true,
		New: func(p predictor.Params) predictor.Keys {
			return &keys{Constants: predictor.NewConstants(), golden: keyOracle(p), block: true}
		},
	})
}

// keyOracle is nil for a golden run that knows no keys: then nothing is predicted.
func keyOracle(p predictor.Params) predictor.KeyOracle {
	f, _ := p.Golden.(predictor.KeyOracle)
	return f
}

type keys struct {
	predictor.Constants
	golden predictor.KeyOracle
	block  bool // the whole block at once, instead of each transaction
	list   []predictor.Key
}

func (k *keys) add(account, slot *isa.Word, storage bool) {
	k.list = append(k.list, predictor.Key{Account: *account, Slot: *slot, Storage: storage})
}

func (k *keys) Block() []predictor.Key {
	if !k.block || k.golden == nil {
		return nil
	}
	k.list = k.list[:0]
	k.golden.BlockAccessList(k.add)
	return k.list
}

func (k *keys) Predict(c *predictor.Call) []predictor.Recipe {
	if k.block || k.golden == nil || c.Site != 0 {
		return nil
	}
	k.list = k.list[:0]
	k.golden.Touched(c.Dynamic, k.add)
	return k.Of(k.list)
}

func (*keys) Train(*predictor.Call, []predictor.Touched) {}
func (*keys) Learns() predictor.Learning                 { return predictor.LearnsNothing }
