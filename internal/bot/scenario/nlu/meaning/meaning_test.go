package meaning

import (
	"math"
	"testing"
)

func cosine(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := Of(a), Of(b)
	if len(x) != Size || len(y) != Size {
		t.Fatalf("%q or %q is not known", a, b)
	}
	var xy, xx, yy float64
	for i := range x {
		xy += float64(x[i]) * float64(y[i])
		xx += float64(x[i]) * float64(x[i])
		yy += float64(y[i]) * float64(y[i])
	}
	return xy / math.Sqrt(xx*yy)
}

// TestLikeWords: words that mean nearly the same are nearer than words that do not.
func TestLikeWords(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"buy", "purchas", "weather"}, {"holiday", "vacat", "comput"}, {"song", "music", "money"}, {"film", "movi", "alarm"},
		{"машин", "автомобил", "погод"}, {"цен", "стоимост", "музык"}, {"врач", "доктор", "заказ"}, {"покупк", "приобретен", "песн"},
	} {
		if near, far := cosine(t, c[0], c[1]), cosine(t, c[0], c[2]); near < far+0.2 {
			t.Errorf("%s: %.2f to %s, %.2f to %s", c[0], near, c[1], far, c[2])
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, stem := range []string{"", "абырвалг", "zzzzz", "яяяяя", "\xff", "@fruit"} {
		if v := Of(stem); v != nil {
			t.Errorf("%q has a vector", stem)
		}
	}
}

// TestFile: the stems ascend, and each has a whole vector.
func TestFile(t *testing.T) {
	t.Parallel()
	table := read()
	stems := len(table.begins) - 1
	if stems < 20000 || len(table.vectors) != stems*Size || int(table.begins[stems]) != len(table.text) {
		t.Fatalf("%d stems, %d numbers, %d bytes", stems, len(table.vectors), len(table.text))
	}
	last := ""
	var sum float64
	for i := range stems {
		stem := table.text[table.begins[i]:table.begins[i+1]]
		if stem <= last {
			t.Errorf("%q after %q", stem, last)
		}
		last = stem
		var square float64
		for _, x := range Of(stem) {
			square += float64(x) * float64(x)
		}
		sum += math.Sqrt(square)
	}
	if mean := sum / float64(stems); math.Abs(mean-Scale) > 2 {
		t.Errorf("an average vector is %.1f long", mean)
	}
}
