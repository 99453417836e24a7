package entity_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/entity"
)

// clock is the time of all tests: Tuesday, 10 December 2019, 13:05:07 in Moscow.
var clock = time.Date(2019, 12, 10, 13, 5, 7, 0, time.FixedZone("Europe/Moscow", 3*3600))

// table checks lines of a phrase and what is found in it: "phrase = value; value". Values are
// compared as text after a function has shortened them. "-" is nothing.
func table(t *testing.T, name, language, lines string, short func(text string, f entity.Found) string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		phrase, want, ok := strings.Cut(line, " = ")
		if !ok {
			t.Errorf("no value in %q", line)
			continue
		}
		var got []string
		for _, f := range entity.Find(name, phrase, entity.Context{Language: language, Now: clock}) {
			got = append(got, short(phrase, f))
		}
		if got == nil {
			got = []string{"-"}
		}
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s %s in %q: %s, want %s", language, name, phrase, text, want)
		}
	}
}

func plainly(_ string, f entity.Found) string {
	var text string
	if json.Unmarshal(f.Value, &text) == nil {
		return text
	}
	return string(f.Value)
}

func TestRussianNumbers(t *testing.T) {
	t.Parallel()
	table(t, "duckling.number", "ru", russianNumbers, plainly)
}

func TestEnglishNumbers(t *testing.T) {
	t.Parallel()
	table(t, "duckling.number", "en", englishNumbers, plainly)
}

func TestOrdinals(t *testing.T) {
	t.Parallel()
	table(t, "duckling.ordinal", "ru", russianOrdinals, plainly)
	table(t, "duckling.ordinal", "en", englishOrdinals, plainly)
}

const russianNumbers = `
33 = 33
мне 33 года = 33
тридцать три = 33
двести три = 203
0 = 0
ноль = 0
нуля = 0
-7 = -7
минус пять = -5
минус 5 = -5
−3 градуса = -3
+5 = 5
30.000 = 30000
550.000.000 = 550000000
1 500 = 1500
1 500 000 = 1500000
1 500р = 1500
1 500,50 = 1500.5
1.500,75 = 1500.75
1'000'000 = 1000000
1,5 = 1.5
0.5 = 0.5
0,25 = 0.25
0.500 = 0.5
1,500 = 1.5
3.14 = 3.14
007 = 7
полтора = 1.5
полторы тысячи = 1500
полтора миллиона = 1500000
полтораста = 150
полмиллиона = 500000
пол миллиона = 500000
пол-миллиона = 500000
полтысячи = 500
полсотни = 50
пара = 2
пару дней = 2
пара тысяч = 2000
2 миллиона и 3 тысячи = 2003000
два миллиона три тысячи = 2003000
2 миллиона 300 = 2000300
5 тыс = 5000
5 тыс. рублей = 5000
5тыс = 5000
5к = 5000
10К = 10000
3 млн = 3000000
3,5 млн = 3500000
2.3 млрд = 2300000000
1 трлн = 1000000000000
сорок тысяч = 40000
сто тысяч = 100000
сто двадцать тысяч = 120000
двести тысяч пятьсот = 200500
тысяча = 1000
тысяча двести = 1200
тысяча 500 = 1500
миллион = 1000000
миллион двести тысяч = 1200000
миллиард = 1000000000
пять миллионов двести тысяч тридцать = 5200030
тысяча и одна ночь = 1001
тысяча девятьсот восемьдесят пять = 1985
сто тысяч миллионов = 100000000000
около тысячи = 1000
тысячи людей = -
миллионы мух = -
сотня = 100
две сотни = 200
пять десятков = 50
десяток яиц = 10
две дюжины = 24
ноль целых пять десятых = 0.5
пять целых шесть десятых = 5.6
пять и шесть сотых = 5.06
две целых двадцать пять сотых = 2.25
одна целая и три десятых = 1.3
пять целых шесть = 5.6
три с половиной = 3.5
три с половиной тысячи = 3500
три миллиона с половиной = 3500000
2 с половиной = 2.5
три запятая пять = 3.5
ноль точка двадцать пять = 0.25
двумястами = 200
тремя = 3
пятью тысячами = 5000
двадцатью семью = 27
о двухстах тридцати двух = 232
двое = 2
столик на двоих = 2
нас трое = 3
одиннадцать = 11
девятнадцать = 19
пятнадцати = 15
сорока = 40
девяноста девяти = 99
сто = 100
сто один = 101
сто одиннадцать = 111
сто двадцать три = 123
девятьсот девяносто девять = 999
девятьсот девяносто девять тысяч девятьсот девяносто девять = 999999
один два три = 1; 2; 3
двадцать тридцать = 20; 30
двадцать пять = 25
пять двадцать = 5; 20
двадцать десять = 20; 10
сто двести = 100; 200
двадцать одиннадцать = 20; 11
пять тысяч шесть тысяч = 5000; 6000
1 2 3 = 1; 2; 3
1, 2, 3 = 1; 2; 3
5 и 6 = 5; 6
два и три = 2; 3
пять-шесть = 5; 6
10-15 = 10; 15
ноль пять = 0; 5
сколько будет пять плюс 25 = 5; 25
двадцатьпять = 25
двадцать-пять = 25
стодвадцать = 120
стодвадцатьпять = 125
стотри = 103
пятсот = 500
пятьсот = 500
двацать = 20
трицать два = 32
пядесят = 50
шесдесят один = 61
одинадцать = 11
четырнацать = 14
питьдесят = 50
лям = 1000000
два ляма = 2000000
тыща = 1000
пять тыщ = 5000
1/2 = 0.5
3/4 = 0.75
24/7 = 24; 7
15:30 = 15; 30
50% = 50
№5 = 5
5шт = 5
100руб = 100
через5 минут = 5
квартира 12 = 12
дом 5, кв. 7 = 5; 7
дом 5. Спасибо = 5
Мне 25. = 25
(12) = 12
100 200 30 = 100; 200; 30
12345678901234567890 = 12345678901234567890
1234567 = 1234567
ТРИДЦАТЬ ТРИ = 33
четырёх = 4
тысяч пять = 5000
тысячи три = 3000
две трети = 0.66666666666667
три четверти = 0.75
одна вторая = 0.5
пять десятых = 0.5
двадцать одна тысяча триста = 21300
один миллион сто двадцать три тысячи четыреста пятьдесят шесть = 1123456
двести-триста рублей = 200; 300
мне нужно 2 билета на 3 дня = 2; 3
2х3 = 2; 3
# negatives
стол = -
сторона = -
семья = -
люблю свою семью = -
трижды = -
пятница = -
одиночество = -
столица = -
стоит = -
сотовый = -
пятый = -
третьего = -
5-й = -
2-ая = -
двадцать пятое = -
11.12.2019 = -
192.168.0.1 = -
1.2.3 = -
iphone5 = -
MP3 = -
А4 = -
привет = -
тройка = -
подвал = -
половина = -
осьминог = -
опять = -
полтинник = -
тривиально = -
тристан = -
`

const englishNumbers = `
33 = 33
thirty three = 33
thirty-three = 33
twenty-one = 21
twenty one = 21
twentyone = 21
zero = 0
one = 1
a dozen = 12
dozen eggs = -
two dozen = 24
half a dozen = 6
a couple of days = 2
a couple = 2
a pair of shoes = 2
two and a half = 2.5
one and a half = 1.5
2 and a half = 2.5
two and a half million = 2500000
3k = 3000
3.5k = 3500
10K = 10000
1.5 million = 1500000
5 mln = 5000000
2 bn = 2000000000
two hundred = 200
two hundred and fifty = 250
two hundred fifty = 250
two hundred and fifty thousand = 250000
one hundred and five = 105
a hundred = 100
a hundred and one = 101
a thousand = 1000
a million = 1000000
half a million = 500000
half million = 500000
nineteen hundred = 1900
one thousand two hundred thirty four = 1234
two thousand nineteen = 2019
two thousand and nineteen = 2019
five million, two hundred thousand = 5200000
one million two hundred thousand = 1200000
three billion = 3000000000
a hundred thousand = 100000
three point five = 3.5
zero point two five = 0.25
three point twenty five = 3.25
minus five = -5
negative five = -5
-5 = -5
1,500 = 1500
1,500,000 = 1500000
1,500.75 = 1500.75
1.500 = 1.5
30.000 = 30
550.000.000 = 550000000
0.5 = 0.5
1,5 = 1.5
3/4 = 0.75
one two three = 1; 2; 3
twenty thirty = 20; 30
two and three = 2; 3
ten to five = 10; 5
ten or twelve = 10; 12
nineteen eighty five = 19; 85
seventeen = 17
ninety-nine = 99
forty two = 42
fourty = 40
I am 25 years old = 25
I have two cats and 3 dogs = 2; 3
TWENTY = 20
5km = 5
$100 = 100
two thirds = 0.66666666666667
three quarters = 0.75
three-quarters = 0.75
1 1/2 = 1.5
a hundred and twenty five thousand = 125000
a hundred and twenty five = 125
one hundred twenty-three thousand four hundred fifty-six = 123456
twelve hundred and fifty = 1250
one million and one = 1000001
minus two point five = -2.5
a hundred and = 100
two thousand and = 2000
covid19 = -
room 101 = 101
1,234,567.89 = 1234567.89
no one = -
someone = -
often = -
attention = -
tenant = -
weight = -
first = -
21st = -
twenty-first = -
3rd = -
mp3 = -
hundreds of people = -
thousands = -
a = -
half = -
point = -
hello = -
пять = -
11.12.2019 = -
10.0.0.1 = -
`

const russianOrdinals = `
первый = 1
второго = 2
третьего = 3
третья = 3
четвёртый = 4
седьмой = 7
десятая = 10
одиннадцатый = 11
девятнадцатое = 19
двадцатый = 20
двадцать пятое = 25
двадцать первый = 21
сороковой = 40
пятидесятых = 50
сотый = 100
сто первый = 101
сто двадцать третий = 123
двухсотый = 200
тысячный = 1000
тысяча девятьсот восемьдесят пятый = 1985
две тысячи девятнадцатый = 2019
нулевой = 0
1-й = 1
2-ая = 2
5-го = 5
3ий = 3
1ый этаж = 1
25-е = 25
первый и второй = 1; 2
пятый десятый = 5; 10
на третьем этаже = 3
во-первых = -
пять = -
25 = -
5м = -
треть = -
пятёрка = -
вторник = -
привет = -
двадцать пять = -
5-летний = -
`

const englishOrdinals = `
first = 1
second = 2
the third of June = 3
twenty-first = 21
twenty first = 21
21st = 21
2nd = 2
3rd = 3
44th = 44
one hundred and first = 101
hundredth = 100
two hundredth = 200
ninth = 9
tenth floor = 10
first and second = 1; 2
wait a second = -
30 second timer = -
one second = -
five = -
12 = -
firstly = -
`
