# An intent's slots are asked for when slotFilling.sc of the library is there.
require: slotfilling/slotFilling.sc
    module = sys.zb-common

theme: /slots

    state: slot filling
        intent!: /taxi
        a: A taxi for {{$parseTree._people}}.
        if: $parseTree._colour
            a: Colour {{$parseTree._colour.code}}.
        if: $parseTree._stops
            a: By way of {{$parseTree._stops.join(", ")}}.

    state: number
        q!: 7 7 7
        a: Jackpot.
