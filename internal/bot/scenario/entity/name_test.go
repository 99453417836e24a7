package entity_test

import "testing"

func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mystem.persn", "pymorphy.name"} {
		table(t, name, "ru", `
Иван = Иван
иван = Иван
меня зовут Анна = Анна
позовите Ивана = Иван
передайте Марии = Мария
Пётр = Пётр
петр = Пётр
саша = Саша
вера = Вера
надежда = Надежда
роман = Роман
меня зовут роман = Роман
Роман Петров = Роман
света = Света
меня зовут Слава = Слава
я читаю роман = -
слава богу = -
в августе = -
гора = -
Иван и Мария = Иван; Мария
Иван Иванович Иванов = Иван
привет = -
стол = -
я хочу пиццу = -
Москва = -
Иванович = -
John = -
12 = -
спасибо = -
да = -
нет = -
помогите пожалуйста = -
`, plainly)
	}
	for _, name := range []string{"mystem.famn", "pymorphy.surn"} {
		table(t, name, "ru", `
Иванов = Иванов
Иванова = Иванова
петрову = Петров
Ивановой = Иванова
Сидоренко = Сидоренко
Иван Иванович Иванов = Иванов
привет = -
стол = -
хочу купить слона = -
`, plainly)
	}
	for _, name := range []string{"mystem.patrn", "pymorphy.patr"} {
		table(t, name, "ru", `
Иванович = Иванович
Ивановна = Ивановна
Ивановичу = Иванович
Ивановне = Ивановна
Анна Сергеевна = Сергеевна
Иван = -
привет = -
`, plainly)
	}
	for _, name := range []string{"mystem.geo", "pymorphy.geox"} {
		table(t, name, "ru", `
Москва = Москва
в москве = Москва
из Казани = Казань
погода в Питере = Питер
в Санкт-Петербурге = Санкт-Петербург
в Германии = Германия
из Владимира = Владимир
в Орле = Орёл
меня зовут Лена = -
лена = -
из Москвы в Казань = Москва; Казань
Иван = -
привет = -
стол = -
`, plainly)
	}
}

func TestTokensOfPymorphy(t *testing.T) {
	t.Parallel()
	table(t, "pymorphy.romn", "ru", "Людовик XIV = XIV\nвек XX = XX\nIIII = -\nMIX = MIX\nпривет = -\nxiv = -", plainly)
	table(t, "pymorphy.numb", "ru", "дом 5 = 5\n33 = 33\nпять = -", plainly)
	table(t, "pymorphy.latn", "ru", "хочу iPhone = iPhone\nпривет = -\nhello world = hello; world\n5 = -", plainly)
}
