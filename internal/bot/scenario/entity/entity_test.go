package entity_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/govorun/govorun/internal/bot/scenario/entity"
)

func TestFoundSaysWhere(t *testing.T) {
	t.Parallel()
	for phrase, want := range map[string][2]string{ // text, with what leads
		"запишите на завтра в 6 вечера, пожалуйста": {"завтра в 6 вечера", "на завтра в 6 вечера"},
		"в пятницу":              {"пятницу", "в пятницу"},
		"давайте через 2 часа":   {"через 2 часа", "через 2 часа"},
		"\xff завтра \xff":       {"завтра", "завтра"},
		"🙂 11 декабря 2019 года": {"11 декабря 2019 года", "11 декабря 2019 года"},
		"on the 3rd of June":     {"3rd of June", "on the 3rd of June"},
	} {
		found := entity.Find("duckling.time", phrase, entity.Context{Now: clock})
		if len(found) != 1 {
			t.Errorf("%d times in %q", len(found), phrase)
			continue
		}
		f := found[0]
		if text, lead := phrase[f.Start:f.End], phrase[f.Lead:f.End]; text != want[0] || lead != want[1] {
			t.Errorf("%q: %q, with what leads %q", phrase, text, lead)
		}
	}
}

// TestShapes checks the fields that scripts read.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{
		{"duckling.time", "завтра", `{"value":"2019-12-11T00:00:00","timestamp":1576011600000,"grain":"day","year":2019,"month":12,"day":11,"hour":0,"minute":0,"second":0,"weekday":3,"timezone":"Europe/Moscow"}`},
		{"duckling.duration", "полтора часа", `{"value":90,"unit":"minute","seconds":5400}`},
		{"duckling.amount-of-money", "сто рублей", `{"value":100,"unit":"RUB"}`},
		{"duckling.phone-number", "8 916 123-45-67", `"+79161234567"`},
		{"duckling.number", "два миллиона", `2000000`},
		{"duckling.ordinal", "третий", `3`},
		{"zb.number", "минус семь", `-7`},
		{"zb.phone", "89161234567", `"+79161234567"`},
		{"zb.email", "a@b.ru", `"a@b.ru"`},
		{"pymorphy.numb", "5", `5`},
	} {
		found := entity.Find(test[0], test[1], entity.Context{Now: clock})
		if len(found) != 1 || string(found[0].Value) != test[2] {
			t.Errorf("%s in %q: %+v", test[0], test[1], found)
		}
	}
}

func TestTimezone(t *testing.T) {
	t.Parallel()
	moscow, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	for zone, want := range map[*time.Location]string{
		moscow: "Europe/Moscow", time.UTC: "UTC", time.FixedZone("", 5*3600+1800): "+05:30", time.FixedZone("MSK", 3*3600): "+03:00",
	} {
		found := entity.Find("duckling.time", "завтра", entity.Context{Now: clock.In(zone)})
		var v struct{ Timezone string }
		if len(found) != 1 || json.Unmarshal(found[0].Value, &v) != nil || v.Timezone != want {
			t.Errorf("%v: %+v", zone, found)
		}
	}
}

// TestSlotsOfTime: parts of what duckling.time finds have names of their own.
func TestSlotsOfTime(t *testing.T) {
	t.Parallel()
	table(t, "duckling.date", "ru", "завтра = 2019-12-11 day\nв 15:30 = -\nзавтра в 15:30 = -\n11 декабря = 2019-12-11 day", when)
	table(t, "duckling.time-of-day", "ru", "завтра = -\nв 15:30 = 2019-12-10T15:30 minute\nзавтра в 15:30 = -", when)
	table(t, "duckling.interval", "ru", "завтра = -\nзавтра с 15:00 до 16:00 = 2019-12-11T15:00 minute .. 2019-12-11T16:00 minute", when)
	table(t, "zb.datetime", "ru", "завтра = 2019-12-11 day", when)
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ru", "ru-RU"} {
		table(t, "duckling.number", language, "пять = 5\nfive = -\n1.500 = 1500", plainly)
	}
	table(t, "duckling.number", "en-US", "пять = -\nfive = 5\n1.500 = 1.5", plainly)
	for _, language := range []string{"", "kk", "?"} {
		table(t, "duckling.number", language, "пять = 5\nfive = 5\n1.500 = 1500", plainly)
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "duckling", "duckling.", "City", "duckling.Number"} {
		if found := entity.Find(name, "5 завтра", entity.Context{Now: clock}); found != nil {
			t.Errorf("%q finds %v", name, found)
		}
	}
	names := entity.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "duckling.time") || !slices.Contains(names, "mystem.persn") {
		t.Errorf("names: %v", names)
	}
}

// check looks at what must hold for any text.
func check(t *testing.T, text string, c entity.Context) {
	t.Helper()
	read := entity.Read(text, c)
	for _, name := range entity.Names() {
		found := read.Find(name)
		end := 0
		for _, f := range found {
			if f.Start < end || f.Lead > f.Start || f.Lead < 0 || f.End <= f.Start || f.End > len(text) {
				t.Fatalf("%s: a wrong place %+v in %q", name, f, text)
			}
			if end = f.End; !json.Valid(f.Value) {
				t.Fatalf("%s: no JSON %q", name, f.Value)
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[f.Start:f.End]) {
				t.Fatalf("%s cuts a character of %q", name, text)
			}
		}
		if again := entity.Find(name, text, c); !slices.EqualFunc(found, again, func(a, b entity.Found) bool { return string(a.Value) == string(b.Value) && a.Start == b.Start }) {
			t.Fatalf("%s finds different things in %q", name, text)
		}
	}
}

// hostile are texts of a size that cost most where a rule looks ahead too far.
func hostile(size int) []string {
	var all []string
	for _, piece := range []string{
		"1", "1 ", "1.", "1,000,", "100 ", "1-", "1:", "1/", "12:30 ", "10-", "(", "+7 916 ", "8-916-", "1.2.3 ",
		"два ", "двести тысяч ", "сто и ", "тысяча ", "с 5 до ", "в пятницу ", "завтра, ", "через ", "через час ", "после ", "без пяти ", "пол ",
		"два миллиона и ", "hundred and ", "a ", "half a ", "from ", "next ", "monday, ", "the 5th of ", "5 рублей и ", "2h", "1a",
		"a@", "a.", "http://", "@", "a-", "двадцать", "сто-", "M", "-", "минус ", "point five ", "\xff", "\xd0", "5 мая ", "5-7 ", "Иван ", "Иван-",
	} {
		all = append(all, strings.Repeat(piece, size/len(piece)))
	}
	return all
}

// TestCostInProportion counts how often words are looked at in texts of four times the length:
// some four times as often, not sixteen times.
func TestCostInProportion(t *testing.T) {
	t.Parallel()
	short, long, c := hostile(200), hostile(800), entity.Context{Now: clock}
	for i := range short {
		for _, name := range entity.Names() {
			few, many := entity.Read(short[i], c), entity.Read(long[i], c)
			few.Find(name)
			many.Find(name)
			if many.Looks() > 6*few.Looks()+100 {
				t.Errorf("%s looks at words %d times in %.20q…, %d times in a quarter of it", name, many.Looks(), long[i], few.Looks())
			}
		}
	}
}

func TestLongTexts(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"1", "двести тысяч "} {
		read := entity.Read(strings.Repeat(piece, 50000/len(piece)), entity.Context{Now: clock})
		for _, name := range entity.Names() {
			read.Find(name)
		}
	}
}

func TestHugeValues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"через 99999999999999999999 лет", "через 999999999999 секунд", "99999999999999999999999999 лет назад", "in 100000 years", "9999 лет назад",
		"через 9000 лет", "5 мая 9999999", strings.Repeat("9", 400), "1" + strings.Repeat("0", 29) + " триллионов миллионов", "31 декабря 0000 года",
		"99999999999999999999999 рублей", strings.Repeat("один", 1000), strings.Repeat("9", 30) + " градусов ниже нуля",
	} {
		check(t, text, entity.Context{Now: clock})
	}
}

func FuzzFind(f *testing.F) {
	for _, lines := range []string{russianNumbers, englishNumbers, russianTimes, englishTimes, russianOrdinals} {
		for line := range strings.Lines(lines) {
			phrase, _, _ := strings.Cut(line, " = ")
			f.Add(phrase)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		for _, language := range []string{"", "ru", "en"} {
			check(t, text, entity.Context{Language: language, Now: clock})
		}
	})
}

// BenchmarkFind finds all entities in phrases of ten words.
func BenchmarkFind(b *testing.B) {
	for name, phrase := range map[string]string{
		"russian": "запишите Ивана Петрова на завтра в шесть вечера на двести рублей",
		"plain":   "подскажите пожалуйста когда откроется ближайшее отделение банка на улице ленина",
		"english": "please book a table for two tomorrow at half past five",
	} {
		b.Run(name, func(b *testing.B) {
			names, c := entity.Names(), entity.Context{Now: clock}
			for _, name := range names {
				entity.Find(name, phrase, c)
			}
			b.ReportAllocs()
			for b.Loop() {
				text := entity.Read(phrase, c)
				for _, name := range names {
					text.Find(name)
				}
			}
		})
	}
}
