patterns:
    $tea = $entity<Names> || converter = function($parseTree) { return $parseTree.Names[0].value; }
    $pack = (~пачка|~упаковка|~коробка|штук*|шт)
    $couple = (пара|пару|парочк*):2
    $quantity = ($Number|$couple|ещё одну:1) || converter = quantityOf
    $buy = (хочу|дай*|добав*|куп*|закаж*|заказать|полож*|возьм*|беру|мне|ещё|нужн*)
