package entity_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/govorun/govorun/internal/bot/scenario/entity"
)

type timeValue struct {
	Value, Grain string
	From, To     *timeValue
}

func (v timeValue) String() string {
	if v.Grain == "day" || v.Grain == "week" || v.Grain == "month" || v.Grain == "quarter" || v.Grain == "year" {
		if date, ok := strings.CutSuffix(v.Value, "T00:00:00"); ok {
			return date + " " + v.Grain
		}
	}
	if v.Grain != "second" {
		return strings.TrimSuffix(v.Value, ":00") + " " + v.Grain
	}
	return v.Value + " " + v.Grain
}

// when writes a time as 2019-12-11 day, 2019-12-11T15:30 minute, and intervals with "..".
func when(_ string, f entity.Found) string {
	var v timeValue
	if err := json.Unmarshal(f.Value, &v); err != nil {
		return err.Error()
	}
	switch {
	case v.From != nil && v.To != nil:
		return v.From.String() + " .. " + v.To.String()
	case v.From != nil:
		return v.From.String() + " .."
	case v.To != nil:
		return ".. " + v.To.String()
	}
	return v.String()
}

func TestRussianTimes(t *testing.T) {
	t.Parallel()
	table(t, "duckling.time", "ru", russianTimes, when)
}

func TestEnglishTimes(t *testing.T) {
	t.Parallel()
	table(t, "duckling.time", "en", englishTimes, when)
}

const russianTimes = `
# days
сегодня = 2019-12-10 day
завтра = 2019-12-11 day
Завтра! = 2019-12-11 day
послезавтра = 2019-12-12 day
после завтра = 2019-12-12 day
вчера = 2019-12-09 day
позавчера = 2019-12-08 day
какая погода завтра в Москве = 2019-12-11 day
на завтра = 2019-12-11 day
на завтрашний день = 2019-12-11 day
сегодняшнее число = 2019-12-10 day
сейчас = 2019-12-10T13:05:07 second
прямо сейчас = 2019-12-10T13:05:07 second
# days of the week
понедельник = 2019-12-16 day
в понедельник = 2019-12-16 day
во вторник = 2019-12-17 day
в среду = 2019-12-11 day
в четверг = 2019-12-12 day
в пятницу = 2019-12-13 day
в субботу = 2019-12-14 day
в воскресенье = 2019-12-15 day
к пятнице = 2019-12-13 day
в следующую пятницу = 2019-12-20 day
в следующий вторник = 2019-12-17 day
в ближайшую субботу = 2019-12-14 day
в эту пятницу = 2019-12-13 day
этот вторник = 2019-12-10 day
в прошлую пятницу = 2019-12-06 day
прошлый вторник = 2019-12-03 day
в пятницу на следующей неделе = 2019-12-20 day
на следующей неделе в среду = 2019-12-18 day
завтра, в среду = 2019-12-11 day
в пт = 2019-12-13 day
# dates
11 декабря 2019 = 2019-12-11 day
11 декабря 2019 года = 2019-12-11 day
11 декабря 2019 г. = 2019-12-11 day
11 декабря = 2019-12-11 day
10 декабря = 2019-12-10 day
9 декабря = 2020-12-09 day
1 января = 2020-01-01 day
5 мая = 2020-05-05 day
5-го мая = 2020-05-05 day
5-ое мая = 2020-05-05 day
двадцать пятого мая = 2020-05-25 day
двадцать пятое мая = 2020-05-25 day
первое сентября = 2020-09-01 day
пятое марта две тысячи двадцатого года = 2020-03-05 day
12 апреля тысяча девятьсот шестьдесят первого года = 1961-04-12 day
12 апреля 1961 = 1961-04-12 day
3 дек = 2020-12-03 day
15 янв. = 2020-01-15 day
11.12.2019 = 2019-12-11 day
11.12.19 = 2019-12-11 day
01.02.1985 = 1985-02-01 day
11/12/2019 = 2019-12-11 day
11-12-2019 = 2019-12-11 day
2019-12-11 = 2019-12-11 day
11.12 = 2019-12-11 day
11/12 = 2019-12-11 day
15.12 2021 = 2021-12-15 day
29 февраля = 2020-02-29 day
29.02.2020 = 2020-02-29 day
25 числа = 2019-12-25 day
5 числа = 2020-01-05 day
пятого числа = 2020-01-05 day
25-го = 2019-12-25 day
приеду двадцатого = 2019-12-20 day
в пятницу 13 декабря = 2019-12-13 day
25 числа следующего месяца = 2020-01-25 day
5 мая следующего года = 2020-05-05 day
# no dates
31 февраля = -
30 февраля = -
31.04 = -
31.02.2019 = -
29.02.2019 = -
32 декабря = -
0 мая = -
13/13/2019 = -
11.13.2019 = -
# months, years, weeks
в декабре = 2019-12-01 month
в январе = 2020-01-01 month
в мае = 2020-05-01 month
декабрь 2020 = 2020-12-01 month
в мае 2021 года = 2021-05-01 month
в 2020 году = 2020-01-01 year
2021 год = 2021-01-01 year
на этой неделе = 2019-12-09 week
на следующей неделе = 2019-12-16 week
на прошлой неделе = 2019-12-02 week
в следующем месяце = 2020-01-01 month
в этом месяце = 2019-12-01 month
в прошлом году = 2018-01-01 year
в следующем году = 2020-01-01 year
# times of the day
в 15:30 = 2019-12-10T15:30 minute
15:30 = 2019-12-10T15:30 minute
в 12:30 = 2019-12-11T12:30 minute
в 13:05 = 2019-12-10T13:05 minute
в 13:04 = 2019-12-11T13:04 minute
в 09:30 = 2019-12-11T09:30 minute
в 9:30 = 2019-12-10T21:30 minute
в 15.30 = 2019-12-10T15:30 minute
в 15-30 = 2019-12-10T15:30 minute
в 15 30 = 2019-12-10T15:30 minute
в 23:59:59 = 2019-12-10T23:59:59 second
в 15 часов = 2019-12-10T15:00 hour
в 15 часов 30 минут = 2019-12-10T15:30 minute
в 15ч = 2019-12-10T15:00 hour
в пять = 2019-12-10T17:00 hour
в 5 = 2019-12-10T17:00 hour
в 5 часов = 2019-12-10T17:00 hour
в пять вечера = 2019-12-10T17:00 hour
в семь вечера = 2019-12-10T19:00 hour
в 7 утра = 2019-12-11T07:00 hour
в 3 ночи = 2019-12-11T03:00 hour
в 12 ночи = 2019-12-11T00:00 hour
в 12 дня = 2019-12-11T12:00 hour
в 2 часа дня = 2019-12-10T14:00 hour
в час дня = 2019-12-11T13:00 hour
в час ночи = 2019-12-11T01:00 hour
в час = 2019-12-11T01:00 hour
в 11 вечера = 2019-12-10T23:00 hour
в пятнадцать тридцать = 2019-12-10T15:30 minute
в шесть тридцать = 2019-12-10T18:30 minute
в шесть тридцать вечера = 2019-12-10T18:30 minute
в двадцать один ноль пять = 2019-12-10T21:05 minute
в половине шестого = 2019-12-10T17:30 minute
в пол шестого = 2019-12-10T17:30 minute
в полшестого = 2019-12-10T17:30 minute
в половину шестого утра = 2019-12-11T05:30 minute
без четверти семь = 2019-12-10T18:45 minute
без пяти семь = 2019-12-10T18:55 minute
без десяти час = 2019-12-11T12:50 minute
четверть шестого = 2019-12-10T17:15 minute
десять минут шестого = 2019-12-10T17:10 minute
в полдень = 2019-12-11T12:00 hour
в полночь = 2019-12-11T00:00 hour
к пяти = 2019-12-10T17:00 hour
около 6 = 2019-12-10T18:00 hour
# parts of the day
утром = 2019-12-11T04:00 hour .. 2019-12-11T12:00 hour
днём = 2019-12-10T12:00 hour .. 2019-12-10T19:00 hour
вечером = 2019-12-10T18:00 hour .. 2019-12-11T00:00 hour
ночью = 2019-12-11T00:00 hour .. 2019-12-11T04:00 hour
после обеда = 2019-12-10T13:00 hour .. 2019-12-10T17:00 hour
завтра утром = 2019-12-11T04:00 hour .. 2019-12-11T12:00 hour
завтра вечером = 2019-12-11T18:00 hour .. 2019-12-12T00:00 hour
сегодня ночью = 2019-12-11T00:00 hour .. 2019-12-11T04:00 hour
в субботу утром = 2019-12-14T04:00 hour .. 2019-12-14T12:00 hour
на завтра на вечер = 2019-12-11T18:00 hour .. 2019-12-12T00:00 hour
завтра после обеда = 2019-12-11T13:00 hour .. 2019-12-11T17:00 hour
# relative
через час = 2019-12-10T14:05 minute
через 2 часа = 2019-12-10T15:05 minute
через два часа = 2019-12-10T15:05 minute
через полчаса = 2019-12-10T13:35:07 second
через полтора часа = 2019-12-10T14:35:07 second
через 5 минут = 2019-12-10T13:10:07 second
через минуту = 2019-12-10T13:06:07 second
через день = 2019-12-11T13:00 hour
через 2 дня = 2019-12-12T13:00 hour
через пару дней = 2019-12-12T13:00 hour
через неделю = 2019-12-17 day
через две недели = 2019-12-24 day
через месяц = 2020-01-10 day
через 3 месяца = 2020-03-10 day
через год = 2020-12-01 month
часа через два = 2019-12-10T15:05 minute
через минут пять = 2019-12-10T13:10:07 second
3 часа назад = 2019-12-10T10:05 minute
три дня назад = 2019-12-07T13:00 hour
неделю назад = 2019-12-03 day
год назад = 2018-12-01 month
2 недели тому назад = 2019-11-26 day
в конце недели = 2019-12-13 day .. 2019-12-16 day
в начале декабря = 2019-12-01 day .. 2019-12-11 day
в конце месяца = 2019-12-21 day .. 2020-01-01 day
в середине следующего месяца = 2020-01-11 day .. 2020-01-21 day
летом = 2020-06-01 month .. 2020-09-01 month
следующей весной = 2020-03-01 month .. 2020-06-01 month
через 2-3 дня = 2019-12-12T13:00 hour
через два-три дня = 2019-12-12T13:00 hour
через несколько дней = 2019-12-13T13:00 hour
за 2 дня до отъезда = -
на два дня = -
в 2 дня = 2019-12-10T14:00 hour
завтра часов в 10 = 2019-12-11T10:00 hour
часов в 7 вечера = 2019-12-10T19:00 hour
на 12.30 = 2019-12-11T12:30 minute
18.00 = 2019-12-10T18:00 minute
18-00 = 2019-12-10T18:00 minute
17 ч 30 мин = 2019-12-10T17:30 minute
17 часов = 2019-12-10T17:00 hour
12 часов 45 минут = 2019-12-11T12:45 minute
12 45 = 2019-12-11T12:45 minute
семь тридцать = 2019-12-10T19:30 minute
в семь ноль ноль = 2019-12-10T19:00 minute
сегодня 10 декабря = 2019-12-10 day
от 5 до 10 декабря = 2019-12-05 day .. 2019-12-10 day
в 7:5 = -
в 12:60 = -
в 25:00 = -
24:00 = 2019-12-11T00:00 minute
забронируйте столик на двоих сегодня вечером = 2019-12-10T18:00 hour .. 2019-12-11T00:00 hour
хочу записаться на стрижку в субботу после обеда = 2019-12-14T13:00 hour .. 2019-12-14T17:00 hour
в десять утра во вторник = 2019-12-17T10:00 hour
15 числа в 12:00 = 2019-12-15T12:00 minute
второго февраля в 3 часа дня = 2020-02-02T15:00 hour
с 1-го по 5-е января = 2020-01-01 day .. 2020-01-05 day
между 5 и 6 вечера = 2019-12-10T17:00 hour .. 2019-12-10T18:00 hour
1985 года рождения = 1985-01-01 year
5.5.85 = 1985-05-05 day
10 дек в 10 = 2019-12-10T22:00 hour
без 20 минут восемь = 2019-12-10T19:40 minute
пол-восьмого = 2019-12-10T19:30 minute
двадцать минут десятого вечера = 2019-12-10T21:20 minute
# joined
завтра в 6 вечера = 2019-12-11T18:00 hour
завтра в 18:00 = 2019-12-11T18:00 minute
завтра в 9:30 = 2019-12-11T09:30 minute
завтра в пять = 2019-12-11T05:00 hour
завтра вечером в 7 = 2019-12-11T19:00 hour
завтра утром в 9 = 2019-12-11T09:00 hour
завтра на 15:00 = 2019-12-11T15:00 minute
на завтра на 5 вечера = 2019-12-11T17:00 hour
в 5 вечера завтра = 2019-12-11T17:00 hour
сегодня в 5 = 2019-12-10T17:00 hour
сегодня в 10 утра = 2019-12-10T10:00 hour
сегодня в полночь = 2019-12-11T00:00 hour
вчера в 15:00 = 2019-12-09T15:00 minute
в пятницу в 18:30 = 2019-12-13T18:30 minute
в следующий вторник в 10 утра = 2019-12-17T10:00 hour
25 декабря в 20:00 = 2019-12-25T20:00 minute
20 декабря 2019 12:45 = 2019-12-20T12:45 minute
20.12.2019 в 15:30 = 2019-12-20T15:30 minute
2019-12-20T15:30:00 = 2019-12-20T15:30:00 second
через неделю в 15:00 = 2019-12-17T15:00 minute
через 2 дня в 6 вечера = 2019-12-12T18:00 hour
через неделю в пятницу = 2019-12-20 day
через две недели в пять часов вечера = 2019-12-24T17:00 hour
позавчера в три = 2019-12-08T03:00 hour
запишите меня на пятницу, на 14:00 = 2019-12-13T14:00 minute
# holidays
на новый год = 2020-01-01 day
8 марта = 2020-03-08 day
на рождество = 2020-01-07 day
# intervals
с 5 до 7 = 2019-12-10T17:00 hour .. 2019-12-10T19:00 hour
с 9 до 18 = 2019-12-11T09:00 hour .. 2019-12-11T18:00 hour
завтра с 5 до 7 вечера = 2019-12-11T17:00 hour .. 2019-12-11T19:00 hour
с 10:00 до 12:30 = 2019-12-11T10:00 minute .. 2019-12-11T12:30 minute
с 10 вечера до 6 утра = 2019-12-10T22:00 hour .. 2019-12-11T06:00 hour
с 9 до 6 = 2019-12-11T09:00 hour .. 2019-12-11T18:00 hour
завтра с 10 до 5 = 2019-12-11T10:00 hour .. 2019-12-11T17:00 hour
завтра с 10:00 до 12:30 = 2019-12-11T10:00 minute .. 2019-12-11T12:30 minute
с 10 до 12 завтра = 2019-12-11T10:00 hour .. 2019-12-11T12:00 hour
14:00-16:00 = 2019-12-10T14:00 minute .. 2019-12-10T16:00 minute
14:00 - 16:00 = 2019-12-10T14:00 minute .. 2019-12-10T16:00 minute
завтра 14:00-16:00 = 2019-12-11T14:00 minute .. 2019-12-11T16:00 minute
с понедельника по пятницу = 2019-12-16 day .. 2019-12-20 day
с 5 по 10 января = 2020-01-05 day .. 2020-01-10 day
5-7 января = 2020-01-05 day .. 2020-01-07 day
с 1 мая по 5 июня = 2020-05-01 day .. 2020-06-05 day
с 25 декабря по 8 января = 2019-12-25 day .. 2020-01-08 day
с 11.12.2019 по 15.12.2019 = 2019-12-11 day .. 2019-12-15 day
на выходных = 2019-12-14 day .. 2019-12-16 day
на следующих выходных = 2019-12-21 day .. 2019-12-23 day
с 2019 по 2020 год = 2019-01-01 year .. 2020-01-01 year
пн-пт = 2019-12-16 day .. 2019-12-20 day
с 12 до 13 = 2019-12-11T12:00 hour .. 2019-12-11T13:00 hour
до пятницы = .. 2019-12-13 day
до 18:00 = .. 2019-12-10T18:00 minute
после 6 вечера = 2019-12-10T18:00 hour ..
после 15 декабря = 2019-12-15 day ..
с понедельника = 2019-12-16 day
# two times
завтра или послезавтра = 2019-12-11 day; 2019-12-12 day
сегодня, завтра = 2019-12-10 day; 2019-12-11 day
в пятницу или в субботу = 2019-12-13 day; 2019-12-14 day
# nothing
привет = -
5 = -
25 = -
добрый день = -
добрый вечер = -
доброе утро = -
с днём рождения = -
хорошего дня = -
в 5 классе = -
в 5 минутах = -
в 2 раза = -
в 3 магазинах = -
на двоих = -
мая = -
пятый этаж = -
до пятого этажа = -
в среде = -
5 часов = 2019-12-10T17:00 hour
на 5 часов больше = -
192.168.0.1 = -
1.5 = -
3.14 = -
в доме 5 = -
8 800 555 35 35 = -
+7 916 123-45-67 = -
сто рублей = -
время = -
днями = -
недавно = -
два = -
50-60 = -
от 1 до 5 = -
между 1 и 10 = -
к 2 зайцам = -
второе блюдо = -
1-й вариант = -
на 5 этаже = -
до 18 лет = -
через дорогу = -
без 5 рублей = -
всю ночь = -
спокойной ночи = -
мне 25 лет = -
хочу купить 2 билета в кино = -
дом 12 корпус 3 = -
стоит 1500 рублей = -
год = -
минуту = -
`

const englishTimes = `
today = 2019-12-10 day
tomorrow = 2019-12-11 day
tommorow = 2019-12-11 day
yesterday = 2019-12-09 day
the day after tomorrow = 2019-12-12 day
the day before yesterday = 2019-12-08 day
now = 2019-12-10T13:05:07 second
right now = 2019-12-10T13:05:07 second
Monday = 2019-12-16 day
on Monday = 2019-12-16 day
Tuesday = 2019-12-17 day
this Friday = 2019-12-13 day
next Friday = 2019-12-20 day
next Tuesday = 2019-12-17 day
last Friday = 2019-12-06 day
Friday next week = 2019-12-20 day
on Fri = 2019-12-13 day
Friday, December 13 = 2019-12-13 day
May 5th = 2020-05-05 day
May 5 = 2020-05-05 day
May 5, 2021 = 2021-05-05 day
December 11 2019 = 2019-12-11 day
December 11th, 2019 = 2019-12-11 day
the 3rd of June = 2020-06-03 day
3 June = 2020-06-03 day
3rd June 2021 = 2021-06-03 day
the twenty fifth of May = 2020-05-25 day
January first = 2020-01-01 day
Dec. 25 = 2019-12-25 day
the 25th = 2019-12-25 day
on the 5th = 2020-01-05 day
12/11/2019 = 2019-12-11 day
12/25 = 2019-12-25 day
2019-12-11 = 2019-12-11 day
11.12.2019 = 2019-12-11 day
February 30 = -
February 29, 2019 = -
13/13/2019 = -
in May = 2020-05-01 month
in December = 2019-12-01 month
June 2021 = 2021-06-01 month
next May = 2020-05-01 month
in 2020 = 2020-01-01 year
this week = 2019-12-09 week
next week = 2019-12-16 week
last month = 2019-11-01 month
next year = 2020-01-01 year
the week after next = 2019-12-23 week
at 5pm = 2019-12-10T17:00 hour
5pm = 2019-12-10T17:00 hour
5 pm = 2019-12-10T17:00 hour
5 p.m. = 2019-12-10T17:00 hour
5:30pm = 2019-12-10T17:30 minute
at 5:30 = 2019-12-10T17:30 minute
15:30 = 2019-12-10T15:30 minute
at 5 = 2019-12-10T17:00 hour
at five = 2019-12-10T17:00 hour
5 o'clock = 2019-12-10T17:00 hour
five o'clock = 2019-12-10T17:00 hour
half past five = 2019-12-10T17:30 minute
at half past five = 2019-12-10T17:30 minute
quarter past five = 2019-12-10T17:15 minute
a quarter to six = 2019-12-10T17:45 minute
ten past five = 2019-12-10T17:10 minute
ten to six = 2019-12-10T17:50 minute
20 minutes to six = 2019-12-10T17:40 minute
at five thirty = 2019-12-10T17:30 minute
five thirty pm = 2019-12-10T17:30 minute
at nine oh five pm = 2019-12-10T21:05 minute
12 am = 2019-12-11T00:00 hour
12 pm = 2019-12-11T12:00 hour
noon = 2019-12-11T12:00 hour
midnight = 2019-12-11T00:00 hour
7 in the morning = 2019-12-11T07:00 hour
7 in the evening = 2019-12-10T19:00 hour
in the morning = 2019-12-11T04:00 hour .. 2019-12-11T12:00 hour
this evening = 2019-12-10T18:00 hour .. 2019-12-11T00:00 hour
tonight = 2019-12-10T18:00 hour .. 2019-12-11T00:00 hour
tonight at 8 = 2019-12-10T20:00 hour
tomorrow morning = 2019-12-11T04:00 hour .. 2019-12-11T12:00 hour
tomorrow night = 2019-12-11T18:00 hour .. 2019-12-12T00:00 hour
after lunch = 2019-12-10T13:00 hour .. 2019-12-10T17:00 hour
in an hour = 2019-12-10T14:05 minute
in 2 hours = 2019-12-10T15:05 minute
in half an hour = 2019-12-10T13:35:07 second
in 5 minutes = 2019-12-10T13:10:07 second
in 2 days = 2019-12-12T13:00 hour
in 3 weeks = 2019-12-31 day
in a month = 2020-01-10 day
two days ago = 2019-12-08T13:00 hour
a week ago = 2019-12-03 day
3 hours ago = 2019-12-10T10:05 minute
two weeks from now = 2019-12-24 day
in a few days = 2019-12-13T13:00 hour
last night = 2019-12-09T18:00 hour .. 2019-12-10T00:00 hour
end of the month = 2019-12-21 day .. 2020-01-01 day
next summer = 2020-06-01 month .. 2020-09-01 month
5.30pm = 2019-12-10T17:30 minute
5:30 p.m. tomorrow = 2019-12-11T17:30 minute
at 10 a.m. on May 5 = 2020-05-05T10:00 hour
Saturday night = 2019-12-14T18:00 hour .. 2019-12-15T00:00 hour
9am-5pm = 2019-12-11T09:00 hour .. 2019-12-11T17:00 hour
from 9 to 5 = 2019-12-11T09:00 hour .. 2019-12-11T17:00 hour
Wednesday the 18th = 2019-12-18 day
five minutes to ten = 2019-12-10T21:55 minute
quarter to nine in the evening = 2019-12-10T20:45 minute
in an hour and a half = 2019-12-10T14:35:07 second
Sat, Dec 14 = 2019-12-14 day
Mon at 10 = 2019-12-16T10:00 hour
two hours = -
one second please = -
can you do 4? = -
tomorrow at 5pm = 2019-12-11T17:00 hour
tomorrow 5pm = 2019-12-11T17:00 hour
tomorrow at 9 in the morning = 2019-12-11T09:00 hour
next Monday at 9am = 2019-12-16T09:00 hour
on Friday at 18:30 = 2019-12-13T18:30 minute
9am on Monday = 2019-12-16T09:00 hour
5 pm tomorrow = 2019-12-11T17:00 hour
May 5th at noon = 2020-05-05T12:00 hour
Christmas = 2019-12-25 day
new year's eve = 2019-12-31 day
on Christmas day = 2019-12-25 day
from 5 to 7 = 2019-12-10T17:00 hour .. 2019-12-10T19:00 hour
from 5 to 7 pm = 2019-12-10T17:00 hour .. 2019-12-10T19:00 hour
tomorrow from 5 to 7 pm = 2019-12-11T17:00 hour .. 2019-12-11T19:00 hour
between 3 and 5 pm = 2019-12-10T15:00 hour .. 2019-12-10T17:00 hour
tomorrow from 10am to 2pm = 2019-12-11T10:00 hour .. 2019-12-11T14:00 hour
from Monday to Friday = 2019-12-16 day .. 2019-12-20 day
May 5-7 = 2020-05-05 day .. 2020-05-07 day
from May 5 to May 7 = 2020-05-05 day .. 2020-05-07 day
this weekend = 2019-12-14 day .. 2019-12-16 day
on the weekend = 2019-12-14 day .. 2019-12-16 day
next weekend = 2019-12-21 day .. 2019-12-23 day
until Friday = .. 2019-12-13 day
after 6 pm = 2019-12-10T18:00 hour ..
before 5pm = .. 2019-12-10T17:00 hour
tomorrow or on Friday = 2019-12-11 day; 2019-12-13 day
hello = -
I may go = -
march on = -
the sun is shining = -
he sat down = -
good morning = -
good evening = -
5 = -
at home = -
at 5 places = -
second = -
wait a second = -
5 apples = -
the second floor = -
may = -
one two three = -
650-701-8887 = -
завтра = -
happy new year = -
1.5 = -
from 5 to 7 people = -
a number between 1 and 10 = -
`

// TestOtherClocks: the same words on other days.
func TestOtherClocks(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{
		{"2019-12-31 23:30", "завтра", "2020-01-01 day"},
		{"2019-12-31 23:30", "через час", "2020-01-01T00:30 minute"},
		{"2019-12-31 23:30", "в час ночи", "2020-01-01T01:00 hour"},
		{"2019-12-31 23:30", "31 декабря", "2019-12-31 day"},
		{"2019-12-31 23:30", "30 декабря", "2020-12-30 day"},
		{"2019-12-31 23:30", "в следующем году", "2020-01-01 year"},
		{"2019-12-31 23:30", "31 числа", "2019-12-31 day"},
		{"2020-01-31 10:00", "через месяц", "2020-02-29 day"},
		{"2020-01-31 10:00", "30 числа", "2020-03-30 day"},
		{"2020-01-31 10:00", "в следующем месяце", "2020-02-01 month"},
		{"2020-01-31 10:00", "29 февраля", "2020-02-29 day"},
		{"2020-02-29 10:00", "через год", "2021-02-01 month"},
		{"2020-03-01 10:00", "29 февраля", "2024-02-29 day"},
		{"2096-03-01 10:00", "29 февраля", "2104-02-29 day"},
		{"2020-02-28 10:00", "завтра", "2020-02-29 day"},
		{"2020-03-01 10:00", "вчера", "2020-02-29 day"},
		{"2019-12-15 10:00", "в воскресенье", "2019-12-22 day"}, // a Sunday
		{"2019-12-15 10:00", "в понедельник", "2019-12-16 day"},
		{"2019-12-15 10:00", "в следующий понедельник", "2019-12-16 day"},
		{"2019-12-15 10:00", "на этой неделе", "2019-12-09 week"},
		{"2019-12-15 10:00", "на выходных", "2019-12-14 day .. 2019-12-16 day"},
		{"2019-12-15 10:00", "сегодня вечером", "2019-12-15T18:00 hour .. 2019-12-16T00:00 hour"},
		{"2019-12-15 03:00", "в 5", "2019-12-15T05:00 hour"},
		{"2019-12-15 03:00", "утром", "2019-12-15T04:00 hour .. 2019-12-15T12:00 hour"},
		{"2019-12-15 03:00", "сегодня в 5", "2019-12-15T05:00 hour"},
		{"2019-12-15 20:00", "сегодня в 5", "2019-12-15T05:00 hour"},
		{"2019-12-15 20:00", "в 5", "2019-12-16T05:00 hour"},
		{"2019-12-15 20:00", "вечером", "2019-12-15T18:00 hour .. 2019-12-16T00:00 hour"},
		{"2019-12-15 20:00", "at noon", "2019-12-16T12:00 hour"},
		{"2019-12-15 20:00", "next month", "2020-01-01 month"},
		{"9999-12-31 20:00", "завтра", "-"},
		{"9999-12-31 20:00", "через год", "-"},
		{"0001-01-01 00:00", "вчера", "-"},
	} {
		now, err := time.Parse("2006-01-02 15:04", test[0])
		if err != nil {
			t.Fatal(err)
		}
		got := "-"
		for _, f := range entity.Find("duckling.time", test[1], entity.Context{Now: now}) {
			got = when("", f)
		}
		if got != test[2] {
			t.Errorf("%s at %s: %s, want %s", test[1], test[0], got, test[2])
		}
	}
}

// TestSpringForward: the hour that a day lacks is the one after it, and days are counted by the
// calendar.
func TestSpringForward(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here")
	}
	now := time.Date(2020, 3, 28, 12, 0, 0, 0, berlin)
	for phrase, want := range map[string]string{
		"завтра":            "2020-03-29 day",
		"послезавтра":       "2020-03-30 day",
		"завтра в 3:00":     "2020-03-29T03:00 minute",
		"завтра в 12 дня":   "2020-03-29T12:00 hour",
		"завтра в 02:30":    "2020-03-29T03:30 minute",
		"через неделю":      "2020-04-04 day",
		"через 24 часа":     "2020-03-29T13:00 minute",
		"in the morning":    "2020-03-29T04:00 hour .. 2020-03-29T12:00 hour",
		"через 1440 минут":  "2020-03-29T13:00:00 second",
		"понедельник, 8:00": "2020-03-30T08:00 minute",
	} {
		got := "-"
		for _, f := range entity.Find("duckling.time", phrase, entity.Context{Now: now}) {
			got = when("", f)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", phrase, got, want)
		}
	}
}

// TestBothLanguages: without a language the words of both count.
func TestBothLanguages(t *testing.T) {
	t.Parallel()
	table(t, "duckling.time", "", russianTimes, when)
	table(t, "duckling.number", "", strings.ReplaceAll(russianNumbers, "\nfive = -", ""), plainly)
	table(t, "duckling.ordinal", "", russianOrdinals, plainly)
	table(t, "duckling.ordinal", "", englishOrdinals, plainly)
	table(t, "duckling.time", "", "tomorrow at 5pm = 2019-12-11T17:00 hour\nзавтра at 5pm = 2019-12-11T17:00 hour\n11/12 = 2019-12-11 day", when)
	table(t, "duckling.number", "", "twenty one = 21\nдвадцать один = 21\n1.500 = 1500", plainly)
}
