package nlu

import "math"

// The functions here give the same bits on every machine: those of package math have assembly
// on some, and products are rounded by a conversion so that no compiler fuses them with a sum.

// exponential is e to the x, within 1e-7 of it.
func exponential(x float64) float64 {
	switch {
	case x < -80:
		return 0
	case x > 80:
		x = 80
	}
	n := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(n*math.Ln2) // |r| is at most ln(2)/2
	sum := 1.0
	for i := 9; i > 0; i-- {
		sum = 1 + float64(sum*r)/float64(i)
	}
	return math.Ldexp(sum, int(n))
}

// logarithm is the natural logarithm of a positive x, within 1e-9 of it.
func logarithm(x float64) float64 {
	fraction, exponent := math.Frexp(x) // fraction in [0.5, 1)
	if fraction < math.Sqrt2/2 {
		fraction *= 2
		exponent--
	}
	z := (fraction - 1) / (fraction + 1) // |z| is below 0.172
	square, sum := float64(z*z), 0.0
	for i := 15; i > 0; i -= 2 {
		sum = 1/float64(i) + float64(sum*square)
	}
	return float64(2*z*sum) + float64(float64(exponent)*math.Ln2)
}

// sigmoid maps a real number to a probability.
func sigmoid(x float64) float64 { return 1 / (1 + exponential(-x)) }

// random is a small generator of numbers (SplitMix64): the same on every machine and release.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// shuffle puts numbers in a random order.
func (r *random) shuffle(list []int32) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.next() % uint64(i+1)
		list[i], list[j] = list[j], list[i]
	}
}
