# $Name, a Russian or English given name or what people are called by it, in any form. Its value is
# {name, sex}: {name: "Александр", sex: "male"} for "Сашу".
require: names-ru.csv
    name = Names
    var = $Names
require: names-en.csv
    name = NamesEn
    var = $NamesEn

patterns:
    $Name = ($entity<Names>|$entity<NamesEn>) || converter = function (node) { var ru = (node.Names || [])[0], en = (node.NamesEn || [])[0]; return ru && $Names[ru.value] ? $Names[ru.value].value : en && $NamesEn[en.value] ? $NamesEn[en.value].value : node.text; }
