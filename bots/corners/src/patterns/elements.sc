# What patterns are made of. Each begins with a word of its own, so that none fits by chance.
patterns:
    $drink = (~чай|~кофе|~вода)
    $much = (мало:1|много:10)
    $thing = $oneWord || converter = upperCase
    $digits = $regexp<\d+> || converter = function($parseTree, $context) { return Number($parseTree.text) * 2; }
    $mood = (весел*|грустн*)
    $perhaps = (точно|навряд $weight<-2>)
    $fruit = $entity<Fruits> || converter = function($parseTree) { return Fruits[$parseTree.Fruits[0].value].value; }

init:
    function upperCase($parseTree) {
        return $parseTree.text.toUpperCase();
    }

theme: /patterns

    state: word
        q!: Слово в слово!
        a: fits

    state: *
        q!: найди * книгу *
        a: fits

    state: pre* *suf *mid*
        q!: части пере* *мобиль *завод*
        a: fits

    state: (a|b)
        q!: выбери (красный|син* (шар|мяч))
        q!: возьми (яблоко/две груши)
        a: fits

    state: [x]
        q!: дай [мне] [ещё|опять] хлеба
        a: fits

    state: {a b}
        q!: вместе {(хочу|желаю) есть}
        a: close

    state: {a * b}
        q!: порознь {хочу * есть}
        a: apart

    state: ~слово
        q!: форма ~хороший ~человек
        a: fits

    state: $Name
        q!: налей $drink
        a: {{$parseTree._drink}}, {{$parseTree.drink[0].words[0]}}

    state: $Name::Alias
        q!: сначала $drink::first потом $drink::second
        a: {{$parseTree._first}}, then {{$parseTree._second}}; {{$parseTree.first[0].pattern}}, {{$parseTree.drink === undefined}}

    state: (…):value
        q!: этого $much
        a: {{$parseTree.much[0].value}} {{$parseTree._much}} {{$parseTree.much[0].text}}

    state: converter
        q!: громко $thing и $digits
        a: {{$parseTree._thing}} {{$parseTree.digits[0].value + 1}}

    state: $regexp<re>
        q!: код $regexp<[A-Z]{2}-\d{3}>
        a: fits

    state: $regexp_i<re>
        q!: шифр $regexp_i<[a-z]{2}-\d{3}>
        a: fits

    state: $regex<re>
        q!: $regex</corner (\d+)>
        a: the whole phrase: {{$parseTree.text}}

    state: $entity<Dict>
        q!: купи * $entity<Fruits>
        a: {{$parseTree.Fruits[0].value}} for {{Fruits[$parseTree._Fruits].value.price}}

    state: $entity<Dict> in a name
        q!: съешь $fruit
        a: {{$parseTree._fruit.title}}

    state: @Entity
        q!: покрась в @Colour
        q!: перекрась из @Colour::from в @Colour::to
        a: {{$parseTree._Colour ? $parseTree._Colour.code : $parseTree._from.code + " → " + $parseTree._to.code}}

    state: @duckling.number
        q!: отсчитай @duckling.number
        a: {{$parseTree["_duckling.number"]}}

    state: @duckling.time
        q!: разбуди @duckling.time
        a: {{$parseTree["_duckling.time"].value}}

    state: $morph<П>
        q!: какой $morph<П> день
        a: fits

    state: $repeat<$x>
        q!: сегодня $repeat<$mood>
        a: {{$parseTree.mood.length}} of them, the first is {{$parseTree._mood}}

    # Of two patterns that fit, a weight decides.
    state: $weight<1.05>
        q!: скажи $perhaps
        a: surely

        state: lighter
            q!: скажи *
            a: otherwise
