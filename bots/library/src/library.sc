# The library that bots of other platforms expect: sys.zb-common. Its names are of this server's
# own making.
require: patterns.sc
    module = sys.zb-common
require: common.js
    module = sys.zb-common
require: dateTime/moment.min.js
    module = sys.zb-common
require: dateTime/dateTime.sc
    module = sys.zb-common
require: city/city.sc
    module = sys.zb-common
require: city/cities-ru.csv
    module = sys.zb-common
    name = CitiesRu
require: text/text.sc
    module = sys.zb-common
require: number/number.sc
    module = sys.zb-common
require: name/name.sc
    module = sys.zb-common
require: phoneNumber/phoneNumber.sc
    module = sys.zb-common

theme: /library

    state: $Text
        q!: library text $Text
        a: {{$parseTree._Text}}

    state: $AnyText
        q!: library any text $AnyText
        a: {{$parseTree._AnyText}}

    state: $AnyWord
        q!: library any word $AnyWord
        a: {{$parseTree._AnyWord}}

    state: $oneWord
        q!: library one $oneWord end
        a: {{$parseTree._oneWord}}

    state: $nonEmptyGarbage
        q!: library garbage $nonEmptyGarbage
        a: {{$parseTree._nonEmptyGarbage}}

    state: $Number
        q!: library number $Number
        a: {{$parseTree._Number + 1}}

    state: $City
        q!: library city [в] $City
        a: {{$parseTree._City.name}}, {{$parseTree._City.country}}

    state: $Name
        q!: library name $Name
        a: {{$parseTree._Name.name || $parseTree._Name}}

    state: $DateTime
        q!: library date $DateTime
        a: {{$parseTree.DateTime !== undefined}}

    state: $hello
        q!: library hello $hello
        a: hello

    state: $agree
        q!: library agree $agree
        a: agree

    state: $disagree
        q!: library disagree $disagree
        a: disagree

    state: $yes
        q!: library yes $yes
        a: yes

    state: $no
        q!: library no $no
        a: no

    state: $bye
        q!: library bye $bye
        a: bye

    state: $dontKnow
        q!: library know $dontKnow
        a: who does

    state: $mobilePhoneNumber
        q!: library phone $mobilePhoneNumber
        a: {{$parseTree._mobilePhoneNumber}}

    state: $switchToOperator
        q!: library operator $switchToOperator
        a: at once

    state: $obsceneWord
        q!: library rude $obsceneWord
        a: tut

    state: common.js
        q!: library common
        a: {{pluralize(5, "рубль", "рубля", "рублей")}} {{hasValue({})}}

    state: cities-ru.csv
        q!: library cities [из] $entity<CitiesRu>
        a: {{$Cities[$parseTree._CitiesRu].value.name}}

    state: moment.min.js
        q!: library moment
        a: {{moment("2026-01-31").add(1, "month").format("DD.MM.YYYY")}}
