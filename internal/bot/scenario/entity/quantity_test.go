package entity_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/entity"
)

// amount writes a value with its unit.
func amount(_ string, f entity.Found) string {
	var v struct {
		Value json.Number
		Unit  string
	}
	if err := json.Unmarshal(f.Value, &v); err != nil {
		return err.Error()
	}
	return fmt.Sprint(v.Value, " ", v.Unit)
}

func TestDurations(t *testing.T) {
	t.Parallel()
	table(t, "duckling.duration", "ru", `
5 минут = 5 minute
пять минут = 5 minute
1 минута = 1 minute
30 секунд = 30 second
2 часа = 2 hour
два часа = 2 hour
3 дня = 3 day
4 недели = 4 week
6 месяцев = 6 month
10 лет = 10 year
2 года = 2 year
полчаса = 30 minute
пол часа = 30 minute
пол-часа = 30 minute
полгода = 6 month
полтора часа = 90 minute
полтора года = 18 month
полторы минуты = 90 second
два с половиной часа = 150 minute
2 часа с половиной = 150 minute
час с половиной = 90 minute
1,5 часа = 90 minute
2 часа 30 минут = 150 minute
2 ч 30 мин = 150 minute
2ч30м = 150 minute
1 час и 15 минут = 75 minute
два дня и три часа = 51 hour
1 год 2 месяца = 14 month
на час = 1 hour
на неделю = 1 week
на месяц = 1 month
на день = 1 day
сутки = 1 day
двое суток = 2 day
пара дней = 2 day
четверть часа = 15 minute
минут пять = 5 minute
минут 5 = 5 minute
лет 10 = 10 year
часа два = 2 hour
сорок пять минут = 45 minute
от 5 минут до 2 часов = 5 minute; 2 hour
дня на три = 3 day
часа полтора = 90 minute
год и три месяца = 15 month
10 рабочих дней = 10 day
2-3 дня = 2 day
полдня = 12 hour
часок = 1 hour
добрый день = -
хорошего дня = -
в час = -
5 = -
5 метров = -
в день = -
5-й день = -
`, amount)
	table(t, "duckling.duration", "en", `
5 minutes = 5 minute
five minutes = 5 minute
an hour = 1 hour
a week = 1 week
half an hour = 30 minute
half hour = 30 minute
a quarter of an hour = 15 minute
an hour and a half = 90 minute
two and a half hours = 150 minute
2.5 hours = 150 minute
1 hour 30 minutes = 90 minute
2 hours and 15 minutes = 135 minute
2h30m = 150 minute
15 min = 15 minute
3 days = 3 day
a couple of weeks = 2 week
30-minute call = 30 minute
a fortnight = 2 week
10 years = 10 year
six months = 6 month
days = -
hour = -
good day = -
5 km = -
`, amount)
}

func TestMoney(t *testing.T) {
	t.Parallel()
	table(t, "duckling.amount-of-money", "ru", `
100 рублей = 100 RUB
сто рублей = 100 RUB
1 рубль = 1 RUB
500р = 500 RUB
500 р. = 500 RUB
500 руб. = 500 RUB
1 500 ₽ = 1500 RUB
5 тысяч рублей = 5000 RUB
5 тыс. руб. за штуку = 5000 RUB
5 т.р. = 5000 RUB
5тр = 5000 RUB
две тысячи рублей тридцать копеек = 2000.3 RUB
сто рублей и 50 копеек = 100.5 RUB
50 копеек = 0.5 RUB
$5 = 5 $
5$ = 5 $
пять долларов = 5 $
сто баксов = 100 $
€10 = 10 EUR
10 евро = 10 EUR
20 фунтов = 20 GBP
5000 тенге = 5000 KZT
100 гривен = 100 UAH
полмиллиона рублей = 500000 RUB
1,5 млн рублей = 1500000 RUB
рублей пятьсот = 500 RUB
от 100 до 200 рублей = 200 RUB
100 = -
рубль = -
курс доллара = -
евро = -
5 раз = -
100 рядов = -
`, amount)
	table(t, "duckling.amount-of-money", "en", `
$5 = 5 $
$1,500.50 = 1500.5 $
20 dollars = 20 $
twenty dollars = 20 $
five bucks = 5 $
20 dollars and 50 cents = 20.5 $
50 cents = 0.5 $
10 euros = 10 EUR
€10 = 10 EUR
£20 = 20 GBP
ten pounds = 10 GBP
100 USD = 100 USD
100 rubles = 100 RUB
3k dollars = 3000 $
a million dollars = 1000000 $
a dollar = 1 $
dollars = -
5 = -
`, amount)
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	table(t, "duckling.distance", "ru", `
5 км = 5 kilometre
пять километров = 5 kilometre
10м = 10 metre
полметра = 0.5 metre
пол километра = 0.5 kilometre
полтора метра = 1.5 metre
5 км 300 м = 5300 metre
180 см = 180 centimetre
3 мм = 3 millimetre
сто миль = 100 mile
5 = -
метр = -
5 мин = -
`, amount)
	table(t, "duckling.distance", "en", `
5 km = 5 kilometre
10 miles = 10 mile
6 feet = 6 foot
5 feet 10 inches = 70 inch
100m = 100 metre
a mile = 1 mile
half a mile = 0.5 mile
miles = -
`, amount)
	table(t, "duckling.quantity", "ru", `
2 кг = 2000 gram
два килограмма = 2000 gram
полкило = 500 gram
300 г = 300 gram
200 грамм = 200 gram
1 кг 200 г = 1200 gram
полторы тонны = 1500000 gram
3 чашки = 3 cup
5 = -
`, amount)
	table(t, "duckling.quantity", "en", `
2 kg = 2000 gram
200 grams = 200 gram
3 cups of sugar = 3 cup
5 pounds = 5 pound
2 tablespoons = 2 tablespoon
kilos = -
`, amount)
	table(t, "duckling.volume", "ru", `
2 литра = 2 litre
500 мл = 500 millilitre
пол литра = 0.5 litre
поллитра = 0.5 litre
полтора литра = 1.5 litre
1 л 200 мл = 1200 millilitre
литр = -
`, amount)
	table(t, "duckling.volume", "en", `
2 liters = 2 litre
a gallon = 1 gallon
250 ml = 250 millilitre
`, amount)
	table(t, "duckling.temperature", "ru", `
20 градусов = 20 degree
минус 5 градусов = -5 degree
-5°C = -5 celsius
20 градусов Цельсия = 20 celsius
20 градусов с утра = 20 degree
25° = 25 degree
5 градусов мороза = -5 degree
10 градусов ниже нуля = -10 degree
+25 градусов тепла = 25 degree
20 = -
градусов = -
`, amount)
	table(t, "duckling.temperature", "en", `
70 degrees = 70 degree
70 degrees fahrenheit = 70 fahrenheit
20 celsius = 20 celsius
70F = 70 fahrenheit
-5 C = -
5 degrees below zero = -5 degree
`, amount)
}
