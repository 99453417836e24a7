package morph

import (
	"bufio"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/govorun/govorun/internal/bot/scenario/morph/lexicon"
)

// same reports whether two words share a lemma, which is how patterns compare them.
func same(a *Analyzer, one, other string) bool {
	return slices.ContainsFunc(a.Lemmas(one), func(lemma string) bool { return slices.Contains(a.Lemmas(other), lemma) })
}

// TestLemma: ~word fits all forms of the word, in the first column, and none of the words of
// the last one (scenario language, 4).
func TestLemma(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ word, forms, others string }{
		{"яблоко", "яблоко яблока яблоку яблоком яблоке яблоки яблок яблокам яблоками яблоках", "яблочко яблочный яблоня"},
		{"яблоки", "яблоко яблок яблоками", "яблочки"},
		{"человек", "человек человека человеку человеком человеке люди людей людям людьми людях", "человечек человечный людской"},
		{"ребёнок", "ребенок ребёнка ребенку дети детей детям детьми детях", "детский ребяческий"},
		{"год", "год года году годом годе годы лет годам годами годах", "годный годовой"},
		{"день", "день дня дню днём днем дне дни дней дням днями днях", "дневной днище"},
		{"деньги", "деньги денег деньгам деньгами деньгах", "денежный"},
		{"банк", "банк банка банку банком банке банки банков банкам банками банках", "банкир банковский"},
		{"доставка", "доставка доставки доставке доставку доставкой доставок доставками", "доставить доставщик"},
		{"еда", "еда еды еде еду едой", "едок едкий"},
		{"карта", "карта карты карте карту картой карт картам картами картах", "карточка картина картон"},
		{"счёт", "счёт счет счета счету счётом счетом счёте счетов счетам", "считать счётчик"},
		{"путь", "путь пути путём путем путей путям путями", "путевой путник"},
		{"время", "время времени временем времена времён времен временам", "временный"},
		{"имя", "имя имени именем имена имён именам именами", "именной"},
		{"мать", "мать матери матерью матерей матерям", "материнский мат"},
		{"друг", "друг друга другу другом друге друзья друзей друзьям", "дружба дружеский"},
		{"сын", "сын сына сыну сыном сыновья сыновей", "сынок"},
		{"город", "город города городу городом городе городов городам", "городской огород"},
		{"окно", "окно окна окну окном окне окон окнам окнами", "оконный"},
		{"кофе", "кофе", "кофейный кофеин"},
		{"ножницы", "ножницы ножниц ножницам ножницами", "нож"},
		{"хороший", "хороший хорошая хорошее хорошие хорошего хорошей хорошим хорош хороша хороши лучше", "хорошеть плохой"},
		{"большой", "большой большая большое большие большого больше", "большинство"},
		{"красный", "красный красная красное красного красным красен красна краснее", "краснеть красота"},
		{"новый", "новый новая новое новые нового новой новым новыми новее", "новость новичок"},
		{"красивый", "красивый красивая красивые красив красива красивее покрасивее красивейший", "красота"},
		{"второй", "второй вторая второго вторым вторыми", "вторник два"},
		{"мой", "мой моя моё мое мои моего моей моим моими", "мною мойка"},
		{"идти", "идти иду идёшь идешь идёт идут шёл шел шла шли иди идите", "пойти идея шлак"},
		{"пойти", "пойти пойду пойдём пойдем пошёл пошла пошли пойдёте", "идти пойло"},
		{"быть", "быть был была было были буду будешь будет будут будь будучи", "бытие быт"},
		{"хотеть", "хотеть хочу хочешь хочет хотим хотите хотят хотел хотела хотели", "охота"},
		{"мочь", "мочь могу можешь может можем могут мог могла могли", "помочь могучий"},
		{"заказать", "заказать закажу закажешь закажите заказал заказала заказали заказанный", "заказывать заказчик"},
		{"заказ", "заказ заказа заказу заказом заказы заказов заказам", "заказать заказчик заказной"},
		{"заказывать", "заказываю заказывает заказывали заказывая заказывающий", "заказать"},
		{"купить", "купить куплю купишь купит купил купила купили купи купите купив", "купе покупать"},
		{"взять", "взять возьму возьмёшь возьмет взял взяла взяли возьми возьмите", "взятка брать"},
		{"открыть", "открыть открою откройте открыл открыли открытый открыт открыта", "открытка отрыть"},
		{"работать", "работать работаю работает работают работал работала работали работай", "работа рабочий"},
		{"писать", "писать пишу пишешь пишет писал писала пиши пишите", "письмо писатель"},
		{"есть", "есть ем ешь ест едим едят ел ела ели", "еда"},
		{"помочь", "помочь помогу поможешь помогите помоги помог помогла помогли", "помощь помогать"},
		{"стать", "стать стану станет стал стала стали станьте", "стан статный"},
		{"я", "я меня мне мной мною", "мы мой"},
		{"он", "он его ему им нём него нему ним", "она оно"},
		{"кто", "кто кого кому кем ком", "что кто-то"},
		{"два", "два две двух двум двумя", "двойка второй"},
		{"пять", "пять пяти пятью", "пятый пятка"},
		{"москва", "Москва Москвы Москве Москву Москвой МОСКВА", "москвич московский"},
		{"Питер", "питер Питера Питеру Питером Питере", "питерский"},
		{"Анна", "Анна Анны Анне Анну Анной", "Аня"},
		{"Иванов", "Иванов Иванова Иванову Ивановым Ивановы", "Ивановский Петров"},

		{"apple", "apple apples Apple APPLES apple's", "application app"},
		{"child", "child children child's", "childish childhood"},
		{"man", "man men", "mane mens"},
		{"woman", "woman women", "womanly"},
		{"person", "person people persons", "personal"},
		{"mouse", "mouse mice", "mousy"},
		{"foot", "foot feet", "footer"},
		{"city", "city cities", "citizen cite"},
		{"box", "box boxes", "boxer"},
		{"branch", "branch branches", "brunch"},
		{"knife", "knife knives", "knight"},
		{"order", "order orders ordered ordering", "orderly border"},
		{"go", "go goes went gone going", "goal goat"},
		{"be", "be am is are was were been being", "bee"},
		{"have", "have has had having", "haven"},
		{"do", "do does did done doing", "doe dose"},
		{"buy", "buy buys bought buying", "buyer"},
		{"think", "think thinks thought thinking", "thin"},
		{"take", "take takes took taken taking", "talk"},
		{"write", "write writes wrote written writing", "writer"},
		{"run", "run runs ran running", "runner rune"},
		{"stop", "stop stops stopped stopping", "stoop"},
		{"pay", "pay pays paid paying", "payment"},
		{"cancel", "cancel cancels cancelled canceled cancelling", "cancer"},
		{"try", "try tries tried trying", "tryst"},
		{"lie", "lie lies lay lied lying", "lye"},
		{"good", "good better best", "goodness"},
		{"big", "big bigger biggest", "bigot"},
		{"happy", "happy happier happiest", "happily"},
		{"well", "well better best", "wealth"},
		{"i", "I me", "my mine"},
		{"they", "they them", "their"},
		{"will", "will would", "willow"},
	} {
		a := New()
		for form := range strings.FieldsSeq(c.forms) {
			if !same(a, c.word, form) {
				t.Errorf("~%s does not fit %s: %v, %v", c.word, form, a.Lemmas(c.word), a.Lemmas(form))
			}
		}
		for other := range strings.FieldsSeq(c.others) {
			if same(a, c.word, other) {
				t.Errorf("~%s fits %s: %v, %v", c.word, other, a.Lemmas(c.word), a.Lemmas(other))
			}
		}
	}
}

// TestHomonyms: a lemma fits the forms of all words that are written like it (advanced
// patterns, ~lemma).
func TestHomonyms(t *testing.T) {
	t.Parallel()
	a := New()
	for word, forms := range map[string]string{
		"печь":  "печи печью печей печами пеку печёшь печешь пёк пекла",
		"стали": "сталь сталью стать стал стану",
		"мыла":  "мыло мылом мыть моет мою",
		"три":   "трёх трем тремя тереть тру тёрли",
		"saw":   "see saws sawed sawing seen",
		"left":  "leave leaving left lefts",
	} {
		for form := range strings.FieldsSeq(forms) {
			if !same(a, word, form) {
				t.Errorf("~%s does not fit %s: %v, %v", word, form, a.Lemmas(word), a.Lemmas(form))
			}
		}
	}
}

func TestYoIsE(t *testing.T) {
	t.Parallel()
	a := New()
	for _, pair := range [][2]string{{"ёлка", "елка"}, {"елками", "ёлка"}, {"всё", "все"}, {"самолет", "самолёта"}, {"ПРИЁМ", "прием"}, {"шофёрам", "шофер"}, {"лайвстримёр", "лайвстримеры"}} {
		if !slices.Equal(a.Lemmas(pair[0]), a.Lemmas(strings.ReplaceAll(pair[0], "ё", "е"))) || !same(a, pair[0], pair[1]) {
			t.Errorf("%s and %s: %v, %v", pair[0], pair[1], a.Lemmas(pair[0]), a.Lemmas(pair[1]))
		}
		for _, lemma := range a.Lemmas(pair[0]) {
			if strings.Contains(lemma, "ё") {
				t.Errorf("a lemma of %s is written with ё: %s", pair[0], lemma)
			}
		}
	}
	if got := a.Parse("елка")[0]; got.Word != "ёлка" || got.Lemma != "ёлка" {
		t.Errorf("елка is %+v, want ёлка", got)
	}
	for _, reading := range a.Parse("всё") {
		if reading.Word != "всё" {
			t.Errorf("всё is read as %+v", reading)
		}
	}
}

// TestUnknownWords: words no dictionary has, names, and what people write in chats.
func TestUnknownWords(t *testing.T) {
	t.Parallel()
	a := New()
	for word, forms := range map[string]string{
		"бутявка":       "бутявки бутявку бутявками бутявкам",
		"айфон":         "айфона айфону айфоном айфоны айфонов",
		"биткоин":       "биткоина биткоинов биткоинами",
		"чатбот":        "чатботу чатботы чатботами",
		"вайбер":        "вайбера вайбере вайберу",
		"ковид":         "ковида ковиду ковидом",
		"загуглить":     "загуглил загуглила загуглили загуглите",
		"лайкнуть":      "лайкнул лайкнули лайкнет",
		"криптобиржа":   "криптобиржи криптобиржу криптобирж",
		"псевдокошка":   "псевдокошки псевдокошкой",
		"видеозвонок":   "видеозвонка видеозвонки",
		"сбербанк":      "СберБанк Сбербанка СБЕРБАНКЕ",
		"хабибович":     "Хабибовичу Хабибовича",
		"говорун":       "Говоруна говоруном",
		"chatbot":       "chatbots Chatbot's",
		"google":        "googled googling googles",
		"iphone":        "iPhone iPhones",
		"онлайн-касса":  "онлайн-кассы онлайн-кассу",
		"человек-паук":  "человека-паука человеку-пауку люди-пауки",
		"смотреть":      "смотри-ка смотрите-ка",
		"интернет-банк": "интернет-банка интернет-банке",
		"вип-клиент":    "вип-клиента вип-клиентов",
		"qwrtpsdf":      "QWRTPSDF",
		"ъъъ":           "ЪЪЪ",
	} {
		for form := range strings.FieldsSeq(forms) {
			if !same(a, word, form) {
				t.Errorf("~%s does not fit %s: %v, %v", word, form, a.Lemmas(word), a.Lemmas(form))
			}
		}
		if reading := a.Parse(word); word != "смотреть" && word != "говорун" && word != "google" && len(reading) > 0 && reading[0].Known {
			t.Logf("%s is in the dictionary by now", word)
		}
	}
}

func TestStrangeWords(t *testing.T) {
	t.Parallel()
	a := New()
	if got := a.Lemmas(""); got != nil {
		t.Errorf("lemmas of nothing: %v", got)
	}
	for name, word := range map[string]string{
		"huge":           strings.Repeat("ё", 1<<19),
		"huge prefixes":  strings.Repeat("не", 30),
		"many prefixes":  strings.Repeat("недо", 15) + "кот",
		"hyphens":        strings.Repeat("по-", 20),
		"only a hyphen":  "-",
		"invalid UTF-8":  "кот\xff",
		"both alphabets": "кoт", // the o is Latin
		"a number":       "12345",
		"an emoji":       "👍🏽",
		"Greek":          "λόγος",
		"Chinese":        "你好",
		"Ukrainian":      "їжак",
		"a zero byte":    "\x00",
		"a space":        "два слова",
		"Turkish":        "İstanbul",
	} {
		if len(a.Lemmas(word)) == 0 || !same(a, word, word) {
			t.Errorf("%s: no lemma", name)
		}
		a.Parse(word)
		a.Forms(word)
		a.Has(word, "С")
		a.Agree(word, 5)
		a.Inflect(word, "gent")
	}
	if got := a.Lemmas("ПРИВЕТ\xff"); len(got) != 1 || !strings.HasPrefix(got[0], "привет") {
		t.Errorf("lemmas of a word with an invalid byte: %q", got)
	}
}

// TestHas: $morph<…> by the letters of AOT (advanced patterns, $morph).
func TestHas(t *testing.T) {
	t.Parallel()
	a := New()
	for _, c := range []struct{ property, words, others string }{
		{"С", "банк яблоками Москва бутявка apple", "бежит быстро и в ordered"},
		{"П", "красный большая нового красивее good", "банк бежит быстро мой второй"},
		{"Г", "бежит хочу сделал беги went", "бежать бегущий банк бегло"},
		{"ИНФИНИТИВ", "бежать хотеть сделать", "бежит банк"},
		{"ПРИЧАСТИЕ", "бегущий сделанного", "бежит красный"},
		{"КР_ПРИЧАСТИЕ", "сделано открыт", "сделанный красив"},
		{"КР_ПРИЛ", "красив хороша", "красивый сделан"},
		{"ДЕЕПРИЧАСТИЕ", "делая сделав", "делать"},
		{"Н", "быстро здесь завтра по-нашему quickly", "быстрый банк"},
		{"МС", "я он меня кто", "мой банк"},
		{"МС-П", "мой наша этот", "я красный"},
		{"ЧИСЛ", "два пять сорок", "второй двойка"},
		{"ЧИСЛ-П", "второй третьего", "два красный"},
		{"ПРЕДЛ", "в на под without", "и банк"},
		{"СОЮЗ", "и или но because", "в банк"},
		{"ЧАСТ", "не бы же", "банк"},
		{"МЕЖД", "ой ах", "банк"},
		{"С им ед", "яблоко банк", "яблоками банков бежит"},
		{"С рд мн", "яблок банков денег", "яблоко банк"},
		{"С пр", "яблоке лесу", "яблоко"},
		{"С жр од", "мама кошку", "стол банк"},
		{"П ср ед тв", "красным большим", "красный"},
		{"Г прш мн", "бежали хотели", "бежит бежал"},
		{"Г пвл", "беги скажите", "бежит"},
		{"Г буд 1л ед", "сделаю пойду", "делаю сделает"},
		{"Г нст 3л", "бежит хочет", "хочу"},
		{"имя", "Анна Александр", "стол"},
		{"фам", "Пушкин Иванова", "стол"},
		{"лок", "Москва Питере", "стол"},
		{"NOUN nomn sing", "яблоко", "яблока"},
		{"СУЩ неод", "яблоко стол", "кот"},
		{"C", "банк", "бежит"}, // the letter is Latin
		{"С ИМ", "банк", "банков"},
		{"ЧТО-ТО", "", "банк что-то"},
		{"С ЧТО-ТО", "", "банк"},
	} {
		properties := strings.Fields(c.property)
		for word := range strings.FieldsSeq(c.words) {
			if !a.Has(word, properties...) {
				t.Errorf("%s is not %s: %+v", word, c.property, a.Parse(word))
			}
		}
		for word := range strings.FieldsSeq(c.others) {
			if a.Has(word, properties...) {
				t.Errorf("%s is %s: %+v", word, c.property, a.Parse(word))
			}
		}
	}
	if !a.Has("в", "ПР") || a.Has("столе", "ПР") || !a.Has("столе", "пр") {
		t.Error("ПР, a preposition, and пр, a case, are mixed up")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	// The example of the platform's documentation of $nlp.parseMorph.
	got := New().Parse("яблочки")
	if len(got) != 2 || got[0].Lemma != "яблочко" || got[0].Score != 0.5 || !got[0].Known ||
		!slices.Equal(got[0].Grammemes, []string{"NOUN", "inan", "neut", "plur", "nomn"}) {
		t.Errorf("яблочки: %+v", got)
	}
	if got := New().Parse("стали"); got[0].Lemma != "стать" || got[0].Score < 0.9 {
		t.Errorf("стали: %+v", got)
	}
	if got := New().Parse("бутявками"); len(got) == 0 || got[0].Known || got[0].Lemma != "бутявка" {
		t.Errorf("бутявками: %+v", got)
	}
	for _, word := range []string{"яблочки", "стали", "печь", "бутявками", "человек-паук", "running"} {
		total := 0.0
		for _, reading := range New().Parse(word) {
			total += reading.Score
		}
		if math.Abs(total-1) > 0.001 {
			t.Errorf("%s: the scores add up to %f", word, total)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	a := New()
	for lemma, want := range map[string]string{
		"яблоко":       "яблоко яблока яблоку яблоком яблоке яблоки яблок яблокам яблоками яблоках",
		"яблоками":     "яблоко яблока яблоку яблоком яблоке яблоки яблок яблокам яблоками яблоках",
		"печь":         "печь печи печью печей печам печами печах пеку печёшь пёк пекла пеки пекущий",
		"apple":        "apple apples",
		"go":           "go goes went gone going",
		"человек-паук": "человек-паук человека-паука человеком-пауком",
		"быстро":       "быстро",
	} {
		forms := a.Forms(lemma)
		for word := range strings.FieldsSeq(want) {
			if !slices.ContainsFunc(forms, func(f Form) bool { return f.Word == word && len(f.Grammemes) > 0 }) {
				t.Errorf("%s lacks the form %s: %v", lemma, word, forms)
			}
		}
	}
	if got := a.Forms("12345"); got != nil {
		t.Errorf("forms of a number: %v", got)
	}
}

func TestInflect(t *testing.T) {
	t.Parallel()
	a := New()
	for _, c := range []struct{ word, grammemes, want string }{
		{"питер", "gent", "питера"}, // the platform's examples of $nlp.inflect
		{"Москва", "loct", "москве"},
		{"яблоко", "plur gent", "яблок"},
		{"лес", "loc2", "лесу"},
		{"кот", "loc2", "коте"},
		{"хотеть", "VERB 1per sing", "хочу"},
		{"делать", "past femn", "делала"},
		{"красивый", "COMP", "красивее"},
		{"красивый", "femn gent", "красивой"},
		{"интернет-магазин", "plur datv", "интернет-магазинам"},
		{"человек-паук", "ablt", "человеком-пауком"},
		{"ёлка", "plur gent", "ёлок"},
		{"бутявка", "plur ablt", "бутявками"},
		{"apple", "plur", "apples"},
		{"buy", "past", "bought"},
		{"child", "plur", "children"},
	} {
		if got, ok := a.Inflect(c.word, strings.Fields(c.grammemes)...); !ok || got != c.want {
			t.Errorf("%s in %s is %s, %v, want %s", c.word, c.grammemes, got, ok, c.want)
		}
	}
	for _, c := range [][2]string{{"здесь", "gent"}, {"яблоко", "past"}, {"яблоко", "what"}, {"12", "gent"}, {"", "gent"}} {
		if got, ok := a.Inflect(c[0], c[1]); ok || got != c[0] {
			t.Errorf("%q in %s is %q, %v, want the word itself and false", c[0], c[1], got, ok)
		}
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	a := New()
	numbers := []float64{0, 1, 2, 4, 5, 11, 12, 14, 21, 22, 25, 100, 101, 111, 112, 1001, 1.5, -1, -3}
	forms := map[string][3]string{ // one, few, many
		"яблоко":     {"яблоко", "яблока", "яблок"},
		"рубль":      {"рубль", "рубля", "рублей"},
		"минута":     {"минута", "минуты", "минут"},
		"год":        {"год", "года", "лет"},
		"человек":    {"человек", "человека", "человек"},
		"день":       {"день", "дня", "дней"},
		"балл":       {"балл", "балла", "баллов"},
		"раз":        {"раз", "раза", "раз"},
		"второй":     {"второй", "вторых", "вторых"},
		"ответ":      {"ответ", "ответа", "ответов"},
		"правильный": {"правильный", "правильных", "правильных"},
		"новая":      {"новая", "новые", "новых"},
		"бутявка":    {"бутявка", "бутявки", "бутявок"},
	}
	for word, want := range forms {
		for i, form := range []int{2, 0, 1, 1, 2, 2, 2, 2, 0, 1, 2, 2, 0, 2, 2, 0, 1, 0, 1} {
			if got := a.Agree(word, numbers[i]); got != want[form] {
				t.Errorf("%v %s, want %s", numbers[i], got, want[form])
			}
		}
	}
	for _, c := range []struct {
		word   string
		number float64
		want   string
	}{{"apple", 1, "apple"}, {"apple", 2, "apples"}, {"apples", 1, "apple"}, {"child", 0, "children"}, {"watch", 5, "watches"}, {"яблоком", 2, "яблоками"},
		{"быстро", 5, "быстро"}, {"12", 5, "12"}, {"", 5, ""}, {"quickly", 2, "quickly"}, {"яблоко", math.Inf(1), "яблок"}, {"яблоко", math.NaN(), "яблока"}} {
		if got := a.Agree(c.word, c.number); got != c.want {
			t.Errorf("%v %s: got %q, want %q", c.number, c.word, got, c.want)
		}
	}
}

// TestLikePymorphy holds us against what the library says that the platform works with.
func TestLikePymorphy(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/pymorphy.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a, lines := New(), 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		line := strings.Split(scanner.Text(), "\t")
		if strings.HasPrefix(line[0], "#") {
			continue
		}
		lines++
		word, tag, lemma := line[0], line[1], line[2]
		readings := a.Parse(word)
		if len(readings) == 0 || readings[0].Lemma != lemma || strings.Join(slices.Sorted(slices.Values(readings[0].Grammemes)), " ") != tag {
			t.Errorf("%s: got %+v, want %s %s", word, readings, lemma, tag)
			continue
		}
		likeliest := spelled(word)[0]
		for i, grammeme := range []string{"gent", "datv", "ablt", "plur"} {
			got := "-"
			if form, ok := likeliest.inflect(setOf(grammeme)); ok {
				got = form.text()
			}
			if got != line[3+i] {
				t.Errorf("%s in %s: got %s, want %s", word, grammeme, got, line[3+i])
			}
		}
		for i, number := range []float64{1, 2, 5} {
			required, ok := agreement(likeliest, number)
			form, agrees := likeliest.inflect(required)
			if want := line[7+i]; want != "-" && (!ok || !agrees || form.text() != want) {
				t.Errorf("%v %s: got %s, want %s", number, word, form.text(), want)
			}
		}
	}
	if lines < 500 {
		t.Errorf("only %d words", lines)
	}
}

// TestGuesses reads words of the dictionary as if they were not in it.
func TestGuesses(t *testing.T) {
	t.Parallel()
	d, words, right, lemmas := russian(), 0, 0, 0
	guess := func(form lexicon.Form, stem string) []string {
		symbols := d.fold(d.Prefixes[form.Prefix] + stem + d.Suffixes[form.Suffix])
		return lemmasOf(d.Text(symbols), d.guess(symbols))
	}
	k, _ := d.Symbols("к")
	for i, stem := range every(8, allWords(d.Stems.Words, k)) {
		paradigm := d.Paradigms[d.Stems.Find(stem)[0]]
		form := paradigm[i%len(paradigm)]
		if len(stem) < 4 || strings.Contains(d.Text(stem), "-") || d.tags[form.Tag].any(closed) {
			continue
		}
		words++
		lemma, found := guess(paradigm[0], stem), guess(form, stem)
		lemmas += len(found)
		if slices.ContainsFunc(found, func(l string) bool { return slices.Contains(lemma, l) }) {
			right++
		}
	}
	t.Logf("%d of %d words share a lemma with their dictionary form; each has %.2f", right, words, float64(lemmas)/float64(words))
	if words < 1000 || right*100 < words*97 {
		t.Errorf("only %d of %d words share a lemma with their dictionary form", right, words)
	}
}

// TestManyAtOnce: the dictionaries are read once however many ask first, and never change.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a := New()
			for word := range strings.FieldsSeq(phrase + " " + unknownPhrase + " " + englishPhrase) {
				if len(a.Lemmas(word)) == 0 {
					t.Errorf("%s has no lemma", word)
				}
				a.Inflect(word, "plur")
			}
		})
	}
	all.Wait()
}

// TestSize: the dictionaries are part of every program.
func TestSize(t *testing.T) {
	t.Parallel()
	if size := len(russianFile) + len(englishFile); size > 3<<20 {
		t.Errorf("the dictionaries take %d bytes", size)
	}
}

// FuzzWord: any word can be asked about anything, and is one of its own forms.
func FuzzWord(f *testing.F) {
	for word := range strings.FieldsSeq(phrase + " " + unknownPhrase + " " + englishPhrase + " смотри-ка по-нашему человек-паук 1-й ёЁё don't \xff İ") {
		f.Add(word)
	}
	a := New()
	f.Fuzz(func(t *testing.T, word string) {
		if word != "" && !same(a, word, word) {
			t.Errorf("%q: no lemma", word)
		}
		for _, reading := range a.Parse(word) {
			if reading.Word == "" || reading.Lemma == "" || len(reading.Grammemes) == 0 || math.IsNaN(reading.Score) {
				t.Errorf("%q: %+v", word, reading)
			}
		}
		a.Forms(word)
		a.Has(word, word)
		a.Agree(word, 2)
		a.Inflect(word, "plur", "gent")
	})
}
