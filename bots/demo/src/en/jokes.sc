# Jokes: one at a time, whichever comes up.
theme: /en

    state: Joke
        q!: * [tell [me]|know|say|want] * (joke*|something funny|make me laugh) *
        random:
            a: A programmer puts two glasses by the bed: a full one in case of thirst, and an empty one in case of none.
            a: A server goes to the doctor. "What hurts?" "Everything. But only in the logs."
            a: A bot walks into a bar. "The usual?" asks the barman. "Sorry, I did not get that. Please choose a drink from the menu."
            a: Why is the backup so sad? People only think of it when things go wrong.
            a: Two packets meet in a network. "Where are you going?" "No idea, they lost my reply."
            a: The optimist sees the glass half full, the pessimist half empty, and the administrator twice as big as needed.
        buttons:
            "Another one" -> .
            "Enough laughing" -> /en/Menu

        state: More
            q: [and] $enMore [*]
            q: * (haha*|lol|funny|good one|nice) *
            go!: ..

        state: Bad
            q: * (not funny|old|bad|lame) *
            a: Agreed, it is aged like a fine cheese. Here is a fresher one.
            go!: ..
