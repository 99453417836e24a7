# Numbers. The value of $Number is a JavaScript number, however it was said: "5", "пять",
# "двадцать пять тысяч", "two and a half". The others are numbers of a given look.
patterns:
    $Number = (@duckling.number|$regexp<\d+([.,]\d+)?>) || converter = function (node) { var n = (node["duckling.number"] || [])[0]; n = n ? n.value : node.text; if (n && typeof n === "object") n = n.value; return Number(String(n).replace(",", ".")); }
    $NumberDigit = $regexp<\d+> || converter = function (node) { return parseInt(node.text, 10); }
    $NumberOneDigit = ($regexp<\d>|(ноль|нуль|нулю|нуля|zero):0|(один|одна|одно|одного|одну|одной|одним|one):1|(два|две|двух|двум|двое|двумя|two):2|(три|трех|трем|трое|тремя|three):3|(четыре|четырех|четырем|четверо|four):4|(пять|пяти|пятью|пятеро|five):5|(шесть|шести|шестью|шестеро|six):6|(семь|семи|семью|семеро|seven):7|(восемь|восьми|восемью|восьмью|eight):8|(девять|девяти|девятью|nine):9) || converter = function (node) { return Number(node.value !== undefined ? node.value : node.text); }
    $NumberTwoDigit = $regexp<\d\d> || converter = function (node) { return parseInt(node.text, 10); }
    $NumberThreeDigit = $regexp<\d\d\d> || converter = function (node) { return parseInt(node.text, 10); }
    $NumberFourDigit = $regexp<\d\d\d\d> || converter = function (node) { return parseInt(node.text, 10); }
    $NumberFloat = $regexp<\d+[.,]\d+> || converter = function (node) { return Number(node.text.replace(",", ".")); }
    $NumberOrdinal = (@duckling.ordinal|$NumberOrdinalWord) || converter = function (node) { var n = (node["duckling.ordinal"] || node.NumberOrdinalWord)[0].value; if (n && typeof n === "object") n = n.value; return Number(n); }
    $NumberOrdinalWord = ($regexp_i<\d+-?(й|ый|ой|ий|я|ая|ья|е|ое|ье|го|ого|му|м|ю|ую|х|st|nd|rd|th)>|
        (~первый|first):1|(~второй|second):2|(~третий|third):3|(~четвертый|fourth):4|(~пятый|fifth):5|(~шестой|sixth):6|(~седьмой|seventh):7|(~восьмой|eighth):8|(~девятый|ninth):9|(~десятый|tenth):10|
        (~одиннадцатый|eleventh):11|(~двенадцатый|twelfth):12|(~тринадцатый|thirteenth):13|(~четырнадцатый|fourteenth):14|(~пятнадцатый|fifteenth):15|(~шестнадцатый|sixteenth):16|(~семнадцатый|seventeenth):17|(~восемнадцатый|eighteenth):18|(~девятнадцатый|nineteenth):19|(~двадцатый|twentieth):20|(~тридцатый|thirtieth):30) || converter = function (node) { return node.value !== undefined ? Number(node.value) : parseInt(node.text, 10); }
