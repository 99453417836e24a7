package entity

import "strings"

// measure is a word for a unit.
type measure struct {
	unit  string
	times float64 // how many of unit it is
	minor bool    // a hundredth part of money, that follows the major one
}

// measures are the words for the units of one kind of amount.
type measures map[string]measure

// units enters words with the unit that the value is counted in.
func (m measures) units(unit string, times float64, words string) {
	for word := range strings.FieldsSeq(words) {
		m[word] = measure{unit: unit, times: times}
	}
}

var distances = func() measures {
	m := measures{}
	m.units("kilometre", 1, "км километр километра километров километры километре километрах km kms kilometer kilometers kilometre kilometres")
	m.units("metre", 1, "м метр метра метров метры метрах m meter meters metre metres")
	m.units("centimetre", 1, "см сантиметр сантиметра сантиметров сантиметры cm centimeter centimeters centimetre centimetres")
	m.units("millimetre", 1, "мм миллиметр миллиметра миллиметров mm millimeter millimeters millimetre millimetres")
	m.units("mile", 1, "миля мили миль милю mile miles mi")
	m.units("foot", 1, "фут фута футов foot feet ft")
	m.units("inch", 1, "дюйм дюйма дюймов inch inches")
	m.units("yard", 1, "ярд ярда ярдов yard yards yd")
	return m
}()

// weights are counted in grams, as Duckling does.
var weights = func() measures {
	m := measures{}
	m.units("gram", 1, "г гр грамм грамма граммов граммы g gram grams gramme grammes")
	m.units("gram", 1000, "кг килограмм килограмма килограммов килограммы кило kg kgs kilo kilos kilogram kilograms")
	m.units("gram", 0.001, "мг миллиграмм миллиграмма миллиграммов mg milligram milligrams")
	m.units("gram", 1e6, "тонна тонны тонн тонну т tonne tonnes ton tons")
	m.units("gram", 100000, "центнер центнера центнеров")
	m.units("pound", 1, "фунт фунта фунтов lb lbs pound pounds")
	m.units("ounce", 1, "унция унции унций унцию oz ounce ounces")
	m.units("cup", 1, "чашка чашки чашек чашку стакан стакана стаканов cup cups")
	m.units("tablespoon", 1, "tablespoon tablespoons tbsp")
	m.units("teaspoon", 1, "teaspoon teaspoons tsp")
	return m
}()

var volumes = func() measures {
	m := measures{}
	m.units("litre", 1, "л литр литра литров литры литре l liter liters litre litres")
	m.units("millilitre", 1, "мл миллилитр миллилитра миллилитров ml milliliter milliliters millilitre millilitres")
	m.units("gallon", 1, "галлон галлона галлонов gallon gallons gal")
	return m
}()

var moneys = func() measures {
	m := measures{}
	m.units("RUB", 1, "₽ р руб рубль рубля рублей рублям рублями рублях рубли рублю рублем рубчик рубликов рублев rub rur ruble rubles rouble roubles")
	m.units("$", 1, "$ доллар доллара долларов доллары долларах долларам долл бакс бакса баксов баксы dollar dollars buck bucks")
	m.units("USD", 1, "usd")
	m.units("EUR", 1, "€ евро eur euro euros")
	m.units("GBP", 1, "£ фунт фунта фунтов gbp pound pounds quid")
	m.units("KZT", 1, "₸ тенге kzt")
	m.units("UAH", 1, "₴ гривна гривны гривен гривну гривень uah")
	m.units("BYN", 1, "byn")
	m.units("CNY", 1, "¥ юань юаня юаней юани cny yuan")
	m.units("JPY", 1, "иена иены иен йена йены йен jpy yen")
	m.units("TRY", 1, "лира лиры лир try lira liras")
	for unit, words := range map[string]string{"RUB": "коп копейка копейки копеек копейку kopek kopeks kopeck kopecks", "$": "¢ цент цента центов cent cents", "GBP": "пенс пенса пенсов penny pence"} {
		for word := range strings.FieldsSeq(words) {
			m[word] = measure{unit: unit, times: 0.01, minor: true}
		}
	}
	m.units("RUB", 1000, "тр")
	return m
}()

// amountValue is the shape of amounts.
type amountValue struct {
	Value number `json:"value"`
	Unit  string `json:"unit"`
}

// ruleAmount makes the rule of a kind of amount.
func ruleAmount(table measures) rule {
	return func(s *scan, at int) (int, any) {
		value, m, next, ok := s.amount(at, table)
		if !ok {
			return at, nil
		}
		for range 3 {
			i := next
			if s.is(i, "и", "and") {
				i++
			}
			part, n, end, ok := s.amount(i, table)
			if !ok || part < 0 || !n.within(m) {
				break
			}
			if m.unit == n.unit {
				value += part
			} else {
				value, m = value*inner[m.unit].times+part, n
			}
			next = end
		}
		return next, amountValue{number{value: round(value)}, m.unit}
	}
}

// inner is the unit that people add to another: 5 км 300 м.
var inner = map[string]measure{
	"kilometre": {unit: "metre", times: 1000}, "metre": {unit: "centimetre", times: 100}, "centimetre": {unit: "millimetre", times: 10},
	"foot": {unit: "inch", times: 12}, "litre": {unit: "millilitre", times: 1000},
}

// within reports whether an amount in n may follow one in m as its part.
func (n measure) within(m measure) bool {
	if n.minor || n.unit == "gram" && m.unit == "gram" {
		return n.unit == m.unit && n.times < m.times
	}
	return inner[m.unit].unit == n.unit && n.unit != ""
}

// amount reads a number with a unit behind it or, of money, before it.
func (s *scan) amount(at int, table measures) (float64, measure, int, bool) {
	if m, ok := table[s.at(at).text]; ok && s.at(at).kind == symbol {
		if n, next, ok := s.number(at + 1); ok {
			return n.value * m.times, m, next, true
		}
	}
	if value, m, next, ok := s.unnumbered(at, table); ok {
		return value, m, next, true
	}
	n, next, ok := s.number(at)
	if !ok {
		return 0, measure{}, at, false
	}
	if s.is(next, "-") && s.glued(next) && s.glued(next+1) && s.at(next+1).kind == word {
		next++
	}
	m, end, ok := s.unit(next, table)
	return n.value * m.times, m, end, ok
}

// unit reads a unit, with a point when it is an abbreviation.
func (s *scan) unit(at int, table measures) (measure, int, bool) {
	t := s.at(at)
	if s.is(at, "т") && s.is(at+1, ".") && s.is(at+2, "р") && table["тр"].unit != "" {
		return s.dotted(table["тр"], at+3)
	}
	m, ok := table[t.text]
	if !ok || t.kind == word && !s.speaks(languageOf(t.text)) && len(t.text) > 3 {
		return m, at, false
	}
	if s.is(at, "м", "г", "т", "л", "р", "g", "m", "l") && s.glued(at+1) && s.is(at+1, "-", "'", "/") {
		return m, at, false
	}
	return s.dotted(m, at+1)
}

// dotted steps over the point of an abbreviation when the sentence goes on behind it.
func (s *scan) dotted(m measure, next int) (measure, int, bool) {
	if s.is(next, ".") && s.glued(next) && len(s.at(next-1).text) <= 6 && s.at(next+1).end > 0 && !s.capital(next+1) {
		next++
	}
	return m, next, true
}

// unnumbered reads half a unit, a unit with an article, and "рублей пятьсот".
func (s *scan) unnumbered(at int, table measures) (float64, measure, int, bool) {
	t := s.at(at)
	if rest, ok := strings.CutPrefix(t.text, "пол"); ok && rest != "" && s.speaks("ru") {
		if m, ok := table[rest]; ok {
			return 0.5 * m.times, m, at + 1, true
		}
	}
	if factor, i, ok := s.part(at); ok && !s.is(at, "quarter") {
		if m, next, ok := s.unit(i, table); ok {
			return factor * m.times, m, next, true
		}
	}
	if s.is(at, "a", "an") && s.speaks("en") {
		if m, ok := table[s.at(at+1).text]; ok && len(s.at(at+1).text) > 2 && s.english(at+1) {
			return m.times, m, at + 2, true
		}
	}
	if m, ok := table[t.text]; ok && s.speaks("ru") && strings.HasSuffix(t.text, "ов") || ok && s.is(at, "рублей", "литра") {
		if n, next, ok := s.number(at + 1); ok && n.whole && !s.numberBefore(at) {
			if _, _, more := s.unit(next, table); !more {
				return n.value * m.times, m, next, true
			}
		}
	}
	return 0, measure{}, at, false
}

// ruleTemperature reads degrees.
func ruleTemperature(s *scan, at int) (int, any) {
	n, next, ok := s.number(at)
	if !ok {
		return at, nil
	}
	unit, end := s.degrees(next)
	if end == next {
		return at, nil
	}
	switch {
	case s.is(end, "мороза"), s.is(end, "ниже") && s.is(end+1, "нуля"), s.is(end, "below") && s.is(end+1, "zero"):
		n.value = -max(n.value, -n.value)
		if end++; s.is(end, "нуля", "zero") {
			end++
		}
	case s.is(end, "тепла", "жары"):
		end++
	}
	return end, amountValue{n, unit}
}

// degrees reads a unit of temperature; the end is at when there is none.
func (s *scan) degrees(at int) (string, int) {
	next, unit := at, ""
	switch {
	case s.is(at, "°", "º", "градус", "градуса", "градусов", "градусы", "градусах", "degree", "degrees", "deg"):
		next, unit = at+1, "degree"
		if s.is(next, "по") {
			if s.is(next+1, "цельсию", "фаренгейту") {
				next++
			}
		}
	case s.is(at, "℃"):
		return "celsius", at + 1
	case s.is(at, "℉"):
		return "fahrenheit", at + 1
	case s.is(at, "c", "f") && s.glued(at):
	case !s.is(at, "celsius", "fahrenheit", "centigrade"):
		return "", at
	}
	switch {
	case s.is(next, "цельсия", "цельсию", "celsius", "centigrade", "c", "с") && (next > at || latin(s.at(next).text)) && s.scale(next):
		return "celsius", next + 1
	case s.is(next, "фаренгейта", "фаренгейту", "fahrenheit", "f") && s.scale(next):
		return "fahrenheit", next + 1
	}
	return unit, next
}

// scale reports whether a letter is the scale; "20 градусов с утра" has none.
func (s *scan) scale(i int) bool { return len(s.at(i).text) > 2 || s.glued(i) || s.capital(i) }
