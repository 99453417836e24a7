package entity_test

import "testing"

func TestPhones(t *testing.T) {
	t.Parallel()
	table(t, "duckling.phone-number", "ru", `
+79161234567 = +79161234567
89161234567 = +79161234567
79161234567 = +79161234567
9161234567 = +79161234567
+7 916 123-45-67 = +79161234567
8 (916) 123-45-67 = +79161234567
8(900)465-78-90 = +79004657890
8-900-465-78-90 = +79004657890
8 916 123 45 67 = +79161234567
+7(916)1234567 = +79161234567
(495) 123-45-67 = +74951234567
8 800 555 35 35 = +78005553535
8-495-123-45-67 = +74951234567
8.916.123.45.67 = +79161234567
123-45-67 = 1234567
мой телефон 89161234567, звоните = +79161234567
тел.:89161234567 = +79161234567
номер +380441234567 = +380441234567
+1 650 701 8887 = +16507018887
89161234567 и 89167654321 = +79161234567; +79167654321
Позвоните: 8 916 123 45 67. Спасибо = +79161234567
12345 = -
123456789 = -
4276123412341234 = -
4276 1234 1234 1234 = -
11.12.2019 = -
15:30 = -
00000000000 = -
привет = -
мне 33 года = -
`, plainly)
	table(t, "duckling.phone-number", "en", `
650-701-8887 = +16507018887
(650) 701-8887 = +16507018887
+1 650 701 8887 = +16507018887
+44 20 7946 0958 = +442079460958
1-650-701-8887 = +16507018887
call 555-1234 = 5551234
+79161234567 = +79161234567
12345 = -
2019-12-11 = -
4111111111111111 = -
`, plainly)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"ru", "en", ""} {
		table(t, "duckling.email", language, `
text@entities.ru = text@entities.ru
ivanov@mail.ru = ivanov@mail.ru
моя почта ivan.ivanov+1@mail.example.com. = ivan.ivanov+1@mail.example.com
почта:ivanov@mail.ru, спасибо = ivanov@mail.ru
a@b.co и c@d.org = a@b.co; c@d.org
user_1@пример.рф = user_1@пример.рф
IVANOV@MAIL.RU = IVANOV@MAIL.RU
ivanov@ = -
@mail.ru = -
ivanov@mail = -
ivanov @ mail.ru = -
a..b@mail.ru = -
a.@mail.ru = -
ivanov@mail.1 = -
привет = -
`, plainly)
		table(t, "duckling.url", language, `
http://example.com = http://example.com
https://example.com/path?q=1#x = https://example.com/path?q=1#x
зайдите на www.example.ru. = www.example.ru
example.com = example.com
sberdevices.ru = sberdevices.ru
example.com:8080/a = example.com:8080/a
пример.рф = пример.рф
https://example.com/путь = https://example.com/путь
(https://example.com/a) = https://example.com/a
http://localhost:8080 = http://localhost:8080
смотри example.com, там всё = example.com
a.com b.org = a.com; b.org
ivanov@mail.ru = -
конец.Начало = -
и т.д. = -
file.txt = -
1.5 = -
привет = -
`, plainly)
	}
}
