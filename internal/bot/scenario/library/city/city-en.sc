# $City as in city.sc, by its English name; the value is in English.
require: cities-en.csv
    name = CitiesEn
    var = $CitiesEn

patterns:
    $City = $entity<CitiesEn> || converter = function (node) { var found = $CitiesEn[node.CitiesEn[0].value]; return found ? found.value : node.text; }
