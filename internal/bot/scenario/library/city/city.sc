# $City, a city of Russia or a large one of the world, in any form of its Russian name or by its
# English one. Its value is {name, lat, lon, country, timezone, population}, in Russian.
require: cities-ru.csv
    name = Cities
    var = $Cities

patterns:
    $City = $entity<Cities> || converter = function (node) { var id = node.Cities[0].value, found = $Cities[id] || typeof Cities !== "undefined" && Cities[id]; return found ? found.value : node.text; }
