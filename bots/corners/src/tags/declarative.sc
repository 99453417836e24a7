# Tags that declare something.
require: ../code/helpers.js
require: code/modern.js
    type = scriptEs6
    name = modern
require: data/fruits.csv
    name = Fruits
    var = Fruits
require: ../data/menu.yaml
    var = Menu
require: data/shop.json || var = Shop
require: ../extra/*.sc
require: text/text.sc
    module = sys.zb-common
    injector = {weather: {mood: "mild"}}

patterns:
    $size = (small|tiny):S
    $colour = (red|
        blue)                       # goes on in the next line
    $dozen = (dozen|дюжин*) || converter = function($parseTree) { return 12; }

init:
    var fruits = Object.keys(Fruits);
    function fruitNames() {
        return fruits.slice().sort().join(" and ");
    }

theme: /tags

    state: require
        q!: require * $entity<Fruits>
        a: Code: {{double(21)}}.
        a: Dictionary: {{$parseTree._Fruits}} is {{Fruits[$parseTree._Fruits].value.title}}.
        a: YAML: {{Menu.soup}}, {{Menu.drinks[1]}}.
        a: JSON: {{Shop.city}}, {{Shop.open.from}}.
        a: Injector: {{$injector.season}}, {{$injector.weather.mood}}.
        a: Module: {{modern.triple(14)}}.

    state: init
        q!: init
        a: The code of init ran at load: {{fruitNames()}}.

    state: patterns
        q!: patterns $size $colour $dozen
        a: {{$parseTree._size}} {{$parseTree._colour}} {{$parseTree._dozen}}

    state: theme
        q!: theme
        a: A theme is a namespace: {{$context.currentState}}.

    # Named states may stand in each other.
    state: state
        q!: state
        a: outer

        state: inner
            q: deeper
            a: inner, below {{$jsapi.resolvePath("..")}}

    state: sessionResult || sessionResult = "Bought", sessionResultColor = "#15952F"
        q!: session result
        a: The session has a result, which the statistics show.

# A theme may be given in pieces, and be several names deep.
theme: /tags/pieces

    state: piece
        q!: a piece
        a: {{$context.currentState}}

# Nothing outside of a modal theme is heard while one is in it.
theme: /tags/modalTheme || modal = true

    state: enter
        q!: enter the theme
        a: in

    state: leave
        q: leave the theme
        a: out
        go: /Start

    state: caught
        event: noMatch
        a: Only "leave the theme" leads out.
