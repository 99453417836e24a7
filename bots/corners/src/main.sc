# Triggers are words that nobody says by chance, so that states do not get in each other's way.
require: tags/declarative.sc
require: tags/triggers.sc
require: tags/reactions.sc
require: tags/paths.sc
require: tags/actions.sc
require: tags/tolerance.sc
require: javascript/context.sc
require: javascript/reactions.sc
require: javascript/jsapi.sc
require: javascript/http.sc
require: javascript/services.sc
require: javascript/globals.sc
require: javascript/bind.sc
require: patterns/elements.sc
require: patterns/slots.sc
require: steps.sc

theme: /

    state: Start
        q!: $regex</start>
        a: Each corner of the language.

    state: NoMatch || noContext = true
        event!: noMatch
        a: Nothing is known of {{$request.query}}.
