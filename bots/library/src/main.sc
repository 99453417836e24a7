require: library.sc

theme: /

    state: NoMatch || noContext = true
        event!: noMatch
        a: Nothing is known of {{$request.query}}.
