package predictor

func init() {
	Directions.Register(Maker[Direction]{Name: "tournament", Params: []string{"branchbits", "historybits"}, Doc: "bimodal or gshare, chosen branch by branch (S. McFarling, Combining Branch Predictors, WRL TN-36, 1993)", New: newTournament})
}

// tournament asks both and trusts the one that has been right more often; 2 and 3 in
// the chooser are for gshare.
type tournament struct {
	bimodal bimodal
	gshare  gshare
	chooser []counter
}

func newTournament(p Params) Direction {
	shift := uint(64 - p.TableBits)
	return &tournament{
		bimodal: bimodal{newCounters(p.TableBits), shift},
		gshare:  gshare{table: newCounters(p.TableBits), shift: shift, mask: 1<<p.HistoryBits - 1},
		chooser: newCounters(p.TableBits),
	}
}

func (t *tournament) choice(r Ref) *counter { return &t.chooser[hashSite(r.Site)>>t.bimodal.shift] }

func (t *tournament) Predict(r Ref) bool {
	if t.choice(r).taken() {
		return t.gshare.Predict(r)
	}
	return t.bimodal.Predict(r)
}

func (t *tournament) Shift(r Ref, taken bool) { t.gshare.Shift(r, taken) }
func (t *tournament) Checkpoint() uint64      { return t.gshare.Checkpoint() }
func (t *tournament) Restore(c uint64)        { t.gshare.Restore(c) }

// Train trains both, and the chooser where they differ.
func (t *tournament) Train(r Ref, checkpoint uint64, predicted, taken bool) {
	b, g := t.bimodal.Predict(r), t.gshare.at(r, checkpoint).taken()
	if b != g {
		t.choice(r).train(g == taken)
	}
	t.bimodal.Train(r, checkpoint, predicted, taken)
	t.gshare.Train(r, checkpoint, predicted, taken)
}
