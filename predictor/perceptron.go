package predictor

func init() {
	Directions.Register(Maker[Direction]{Name: "perceptron", Params: []string{"branchbits", "historybits"}, Doc: "a perceptron a branch over the global history (D. A. Jiménez and C. Lin, Dynamic Branch Prediction with Perceptrons, HPCA 2001)", New: newPerceptron})
}

// perceptron has one vector of weights an entry: the bias and one for each branch of
// history. The history is speculative and is its own checkpoint.
type perceptron struct {
	weights   []int8
	shift     uint
	length    int // of the history, in branches
	threshold int
	history   uint64
}

func newPerceptron(p Params) Direction {
	bits := max(p.TableBits-4, 1) // 16 weights are of the size of 64 two-bit counters
	return &perceptron{
		weights: make([]int8, (p.HistoryBits+1)<<bits), shift: uint(64 - bits), length: p.HistoryBits,
		threshold: (193*p.HistoryBits + 1400) / 100, // the paper's best: 1.93 h + 14
	}
}

func (q *perceptron) vector(r Ref) []int8 {
	i := int(hashSite(r.Site)>>q.shift) * (q.length + 1)
	return q.weights[i : i+q.length+1]
}

// output is positive for taken; its size is the confidence.
func (q *perceptron) output(w []int8, history uint64) int {
	sum := int(w[0])
	for _, v := range w[1:] {
		if history&1 != 0 {
			sum += int(v)
		} else {
			sum -= int(v)
		}
		history >>= 1
	}
	return sum
}

func (q *perceptron) Predict(r Ref) bool { return q.output(q.vector(r), q.history) >= 0 }

func (q *perceptron) Shift(_ Ref, taken bool) {
	q.history <<= 1
	if taken {
		q.history |= 1
	}
}

func (q *perceptron) Checkpoint() uint64 { return q.history }
func (q *perceptron) Restore(c uint64)   { q.history = c }

// Train moves every weight towards agreement while the output was wrong or unsure.
func (q *perceptron) Train(r Ref, checkpoint uint64, _, taken bool) {
	w := q.vector(r)
	sum := q.output(w, checkpoint)
	if (sum >= 0) == taken && max(sum, -sum) > q.threshold {
		return
	}
	w[0] = saturate(w[0], taken, 127)
	for i := range w[1:] {
		w[i+1] = saturate(w[i+1], (checkpoint>>i&1 != 0) == taken, 127)
	}
}
