package stats

import (
	"errors"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Point is the speedup (or throughput) that was measured on so many cores.
type Point struct{ Cores, Speedup float64 }

// Fit is a scalability law fitted to points.
//
// Amdahl (AFIPS 1967): S(N) = lambda N / (1 + sigma (N-1)).
// Universal scalability law (Gunther, arXiv 0808.1431): S(N) = lambda N / (1 + sigma (N-1) + kappa N (N-1)).
type Fit struct {
	Law                 string `json:"law"`
	Points              int    `json:"points"`
	Lambda              Float  `json:"lambda"` // of one core
	Sigma               Float  `json:"sigma"`  // serial share, contention
	Kappa               Float  `json:"kappa"`  // coherence; 0 in Amdahl's law
	R2                  Float  `json:"r2"`
	LambdaCI            Interval
	SigmaCI             Interval
	KappaCI             Interval
	Peak                Float `json:"peakCores"` // where the universal law turns down, undefined without kappa
	residuals, estimate []float64
}

// Speedup evaluates the law on so many cores.
func (f *Fit) Speedup(cores float64) float64 {
	return law([]float64{float64(f.Lambda), float64(f.Sigma), float64(f.Kappa)}, cores)
}

func law(p []float64, n float64) float64 { return p[0] * n / (1 + p[1]*(n-1) + p[2]*n*(n-1)) }

// errFewPoints is the answer to data that a law with three parameters cannot be fitted to.
var errFewPoints = errors.New("a scalability law needs at least three different core counts, all positive")

// FitAmdahl fits lambda and sigma.
func FitAmdahl(points []Point, b Bootstrap) (*Fit, error) { return fit("amdahl", points, b) }

// FitUSL fits lambda, sigma and kappa.
func FitUSL(points []Point, b Bootstrap) (*Fit, error) { return fit("usl", points, b) }

func fit(name string, points []Point, b Bootstrap) (*Fit, error) {
	distinct := map[float64]bool{}
	for _, p := range points {
		if p.Cores <= 0 || p.Speedup <= 0 {
			return nil, errFewPoints
		}
		distinct[p.Cores] = true
	}
	if len(distinct) < 3 {
		return nil, errFewPoints
	}
	p, err := solve(name, points)
	if err != nil {
		return nil, err
	}
	f := &Fit{Law: name, Points: len(points), Lambda: Float(Round(p[0])), Sigma: Float(Round(p[1])), Kappa: Float(Round(p[2])), Peak: Float(math.NaN())}
	if p[2] > 0 && p[1] < 1 {
		f.Peak = Float(Round(math.Sqrt((1 - p[1]) / p[2])))
	}
	mean := 0.0
	for _, q := range points {
		mean += q.Speedup / float64(len(points))
	}
	var left, total float64
	for _, q := range points {
		e := law(p, q.Cores)
		f.estimate = append(f.estimate, e)
		f.residuals = append(f.residuals, q.Speedup-e)
		left += (q.Speedup - e) * (q.Speedup - e)
		total += (q.Speedup - mean) * (q.Speedup - mean)
	}
	f.R2 = Float(math.NaN())
	if total > 0 {
		f.R2 = Float(Round(1 - left/total))
	}
	f.intervals(name, points, b)
	return f, nil
}

// intervals resamples the residuals: the core counts are chosen, not drawn.
func (f *Fit) intervals(name string, points []Point, b Bootstrap) {
	dice := rand.New(rand.NewPCG(b.Seed, uint64(len(points))))
	var lambda, sigma, kappa []float64
	drawn := make([]Point, len(points))
	for range min(b.Resamples, maxFits) {
		for i, p := range points {
			s := f.estimate[i] + f.residuals[dice.IntN(len(points))]
			drawn[i] = Point{p.Cores, max(s, math.SmallestNonzeroFloat32)}
		}
		if p, err := solve(name, drawn); err == nil {
			lambda, sigma, kappa = append(lambda, p[0]), append(sigma, p[1]), append(kappa, p[2])
		}
	}
	f.LambdaCI, f.SigmaCI, f.KappaCI = b.percentiles(lambda), b.percentiles(sigma), b.percentiles(kappa)
}

// maxFits bounds the work of an interval: each resample is a minimization.
const maxFits = 400

// solve linearises N/S = 1/lambda + sigma/lambda (N-1) + kappa/lambda N(N-1), solves it by least squares, and from there
// minimizes the squared error of the speedup itself; parameters are squares there, and so never negative.
func solve(name string, points []Point) ([]float64, error) {
	terms := 3
	if name == "amdahl" {
		terms = 2
	}
	a, y := mat.NewDense(len(points), terms, nil), mat.NewVecDense(len(points), nil)
	for i, p := range points {
		row := []float64{1, p.Cores - 1, p.Cores * (p.Cores - 1)}
		a.SetRow(i, row[:terms])
		y.SetVec(i, p.Cores/p.Speedup)
	}
	var x mat.VecDense
	if err := x.SolveVec(a, y); err != nil {
		return nil, errFewPoints
	}
	start := make([]float64, terms)
	lambda := 1 / max(x.AtVec(0), 1e-9)
	start[0] = math.Sqrt(lambda)
	for i := 1; i < terms; i++ {
		start[i] = math.Sqrt(max(x.AtVec(i)*lambda, 1e-9))
	}
	parameters := func(q []float64) []float64 {
		p := make([]float64, 3)
		for i, v := range q {
			p[i] = v * v
		}
		return p
	}
	problem := optimize.Problem{Func: func(q []float64) (sum float64) {
		p := parameters(q)
		for _, point := range points {
			d := law(p, point.Cores) - point.Speedup
			sum += d * d
		}
		return sum
	}}
	best, err := optimize.Minimize(problem, start, nil, &optimize.NelderMead{})
	if err != nil {
		return nil, err
	}
	return parameters(best.X), nil
}
