package stats

import (
	"encoding/json"
	"math"
	"testing"
)

func of(values ...float64) []Sample {
	list := make([]Sample, len(values))
	for i, v := range values {
		list[i] = Sample{v, 1}
	}
	return list
}

func TestMeansOfASmallSample(t *testing.T) {
	samples := []Sample{{10, 5}, {4, 4}, {8, 1}} // values 2, 1, 8
	for _, c := range []struct {
		mean Mean
		want float64
	}{
		{TotalRatio, 2.2},     // 22 / 10
		{Median, 2},           // of 1 2 8
		{P10, 1.2},            // a fifth of the way from 1 to 2
		{P90, 6.8},            // four fifths of the way from 2 to 8
		{Arithmetic, 11. / 3}, // (1+2+8)/3
		{Geometric, math.Cbrt(16)},
		{Harmonic, 3 / (1 + .5 + .125)},
	} {
		t.Run(string(c.mean), func(t *testing.T) {
			if got := c.mean.Of(samples); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestUndefinedIsNull(t *testing.T) {
	for name, x := range map[string]float64{
		"ratio over zero":             TotalRatio.Of([]Sample{{1, 0}}),
		"median of nothing":           Median.Of(nil),
		"geometric mean of zero":      Geometric.Of(of(0, 1)),
		"correlation of two":          Pearson([]float64{1, 2}, []float64{1, 2}),
		"interval of one":             float64(DefaultBootstrap.Interval(of(1), Median).Low),
		"correlation with a constant": Spearman([]float64{1, 2, 3}, []float64{5, 5, 5}),
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := json.Marshal(Float(x)); err != nil || string(b) != "null" {
				t.Errorf("%s, %v", b, err)
			}
		})
	}
}

func TestIntervalHoldsTheTruthAsOftenAsItSays(t *testing.T) {
	// 200 samples of 30 draws from 1..100 without pattern; the mean of the population is 50.5.
	x, inside := uint64(12345), 0
	for range 200 {
		var s []Sample
		for range 30 {
			x = x*6364136223846793005 + 1442695040888963407
			s = append(s, Sample{float64(x>>33%100 + 1), 1})
		}
		i := Bootstrap{Seed: 7, Resamples: 400, Level: 0.95}.Interval(s, Arithmetic)
		if float64(i.Low) <= 50.5 && 50.5 <= float64(i.High) {
			inside++
		}
	}
	if inside < 178 || inside > 200 { // 95 %, less the known shortfall of the percentile method at n = 30
		t.Errorf("%d of 200 intervals hold the mean", inside)
	}
}

func TestBootstrapIsRepeatable(t *testing.T) {
	a, b := DefaultBootstrap.Interval(of(1, 4, 2, 8, 5), Median), DefaultBootstrap.Interval(of(1, 4, 2, 8, 5), Median)
	if a != b {
		t.Errorf("%v and %v", a, b)
	}
}

func TestPairingSeesWhatBlocksHide(t *testing.T) {
	var a, b []Sample
	for i := range 20 { // blocks differ by a factor of 20, the settings by 1 %
		x := float64(100 * (i + 1))
		a, b = append(a, Sample{x, 1}), append(b, Sample{x * 1.01, 1})
	}
	c, err := Compare(a, b, DefaultBootstrap)
	if err != nil {
		t.Fatal(err)
	}
	if c.Ratio != 1.01 || !c.Matters() || c.Higher != 20 || math.Abs(float64(c.SignTest)-2/math.Pow(2, 20)) > 1e-12 {
		t.Errorf("%+v", c)
	}
}

func TestSameSettingsDoNotMatter(t *testing.T) {
	a := of(3, 1, 4, 1, 5)
	if c, _ := Compare(a, a, DefaultBootstrap); c.Matters() || c.Same != 5 || !math.IsNaN(float64(c.SignTest)) {
		t.Errorf("%+v", c)
	}
}

func TestUnequalBlocksAreRefused(t *testing.T) {
	if _, err := Compare(of(1), of(1, 2), DefaultBootstrap); err == nil {
		t.Error("accepted")
	}
}

func TestFitsFindTheirParameters(t *testing.T) {
	for _, c := range []struct {
		law                  string
		fit                  func([]Point, Bootstrap) (*Fit, error)
		lambda, sigma, kappa float64
	}{
		{"amdahl", FitAmdahl, 1, 0.2, 0},
		{"usl", FitUSL, 1, 0.05, 0.0005},
		{"usl", FitUSL, 2.5, 0.01, 0.002},
	} {
		t.Run(c.law, func(t *testing.T) {
			var points []Point
			for _, n := range []float64{1, 2, 4, 8, 16, 32, 64} {
				points = append(points, Point{n, law([]float64{c.lambda, c.sigma, c.kappa}, n)})
			}
			f, err := c.fit(points, DefaultBootstrap)
			if err != nil {
				t.Fatal(err)
			}
			near := func(got Float, want float64) bool { return math.Abs(float64(got)-want) <= 1e-3*max(want, 1e-2) }
			if !near(f.Lambda, c.lambda) || !near(f.Sigma, c.sigma) || !near(f.Kappa, c.kappa) || f.R2 < 0.999999 {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestFitNeedsThreeCoreCounts(t *testing.T) {
	if _, err := FitUSL([]Point{{1, 1}, {2, 2}, {2, 1.9}}, DefaultBootstrap); err == nil {
		t.Error("accepted")
	}
}

func TestSpearmanByHand(t *testing.T) {
	// Ranks of x: 0 1 2 3, of y with a tie: 0.5 0.5 2 3. Correlation of (0,.5)(1,.5)(2,2)(3,3):
	// covariance 4.5, variances 5 and 4.5: 4.5 / sqrt(22.5) = 0.948683298.
	if got := Spearman([]float64{1, 2, 30, 400}, []float64{7, 7, 8, 9}); got != 0.948683298 {
		t.Errorf("got %v", got)
	}
}
