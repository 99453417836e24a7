# Tags that lead to a state. With "!" they work from everywhere, without it where the context is
# the parent, or deeper.
theme: /tags

    state: q!
        q!: (open|show) the door
        q!: knock *
        a: open

    state: q
        q!: rooms
        a: hall

        state: kitchen
            q: kitchen
            a: kitchen

            state: fridge
                q: fridge
                a: fridge

        state: bath
            q: bath
            a: bath

    state: intent!
        intent!: /weather
        a: {{$context.intent.path}}: looks like rain.

    state: intent
        q!: thanks first
        a: for what?

        state: thanks
            intent: /thanks
            a: You are welcome.

    state: event!
        event!: paid
        a: Paid {{$request.data.sum}} by {{$request.event}}.

    state: event
        q!: wait for a receipt
        a: waiting

        state: receipt
            event: receipt
            a: receipt

    state: e!
        e!: what is the price of delivery
        e!: how much is the delivery
        a: Delivery is free.

    state: e
        q!: about the courier
        a: yes?

        state: courier
            e: where is my courier now
            e: when does the courier arrive
            a: Round the corner.

    state: eg!
        eg!: I have lost my password
        eg!: I forgot the password
        a: Look under the keyboard.

    state: eg
        q!: about the account
        a: yes?

        state: delete
            eg: please delete my account
            eg: remove my account
            a: Gone.

    state: intentGroup!
        intentGroup!: /smalltalk
        a: small talk: {{$context.intent.path}}

    state: intentGroup
        q!: about pets
        a: yes?

        state: pets
            intentGroup: /pets
            a: pets: {{$context.intent.path}}

    state: fromState
        q: onwards || fromState = "/tags/fromState/first"
        q: both ways || fromState = ["/tags/fromState/first", "/tags/fromState/second"]
        a: here

        state: first
            q!: from the first
            a: first

            state: below
                q: below
                a: below

        state: second
            q!: from the second
            a: second

    state: onlyThisState
        q: exactly || fromState = /tags/onlyThisState/place, onlyThisState = true
        a: here

        state: place
            q!: go to the place
            a: place

            state: below
                q: below
                a: below

    state: toState
        q!: to the state
        a: Say forward.
        q: forward || toState = "/tags/toState/target"

        state: target
            a: target

    # Patterns win over intents, and intents over noMatch.
    state: order
        q!: * umbrella *
        a: by a pattern

    # A deeper context wins, though the other pattern fits better.
    state: deeper context
        q!: deeper context
        a: Say cat.

        state: cat
            q: * cat *
            a: deep

    state: my cat
        q!: my cat
        a: exact

    state: bare star
        q!: bare star
        a: Say anything.

        state: anything
            q: *
            a: A * scores about 0: {{Math.abs($context.nluResults.selected.score) < 0.05}}.

        state: word
            q: * word *
            a: A word scores more than 0: {{$context.nluResults.selected.score > 0.1}}.

    state: noContext
        q!: ask me
        a: Do you agree?

        state: yes
            q: agreed
            a: Agreed.

    state: aside || noContext = true
        q!: what time is it
        a: Time to decide.

    state: modal || modal = true
        q!: how old are you
        a: And you?
        buttons:
            "I will not tell" -> /tags/q!

        state: age
            q: $regexp<\d+>
            a: Noted.
            go!: /tags/modal done

        state: own
            q!: own global trigger
            a: inside

        state: caught
            event: noMatch
            a: A number, please.

    state: modal done
        a: Free again.
