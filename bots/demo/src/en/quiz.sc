# The quiz: three questions, each a state, each answer its child.
theme: /en

    state: Quiz
        q!: * (quiz|questions) *
        a: Three questions about birds and robots. Answer in words if you like.
        go!: ./One

        state: Stop
            a: We leave undefeated.
            go!: /en/Menu

        state: One
            q: * $enStop * || toState = "/en/Quiz/Stop"
            a: The first. Which bird can fly tail first?
            buttons:
                "Hummingbird"
                "Penguin"
                "Ostrich"

            state: Right
                q: * (hummingbird*|humming bird*) *
                a: Exactly! Hummingbirds fly backwards and even stand still in the air.
                go!: /en/Quiz/Two

            state: Penguin
                q: * penguin* *
                a: Penguins fly under water only, and head first. It is the hummingbird.
                go!: /en/Quiz/Two

            state: Wrong
                q: *
                a: No, it is the hummingbird. Never mind, it gets easier.
                go!: /en/Quiz/Two

        state: Two
            q: * $enStop * || toState = "/en/Quiz/Stop"
            a: The second. Where does the word "robot" come from?
            buttons:
                "A Czech play"
                "A physics book"
                "Outer space"

            state: Right
                q: * (czech*|play*|capek|čapek) *
                a: Yes! From a play by Karel Čapek. "Robota" is Czech for hard work. I feel related.
                go!: /en/Quiz/Three

            state: Wrong
                q: *
                a: A beautiful theory, but no: from a Czech play by Karel Čapek.
                go!: /en/Quiz/Three

        state: Three
            q: * $enStop * || toState = "/en/Quiz/Stop"
            a: And the last. What is two times two, if you are a computer?
            buttons:
                "100"
                "4"
                "Overflow"

            state: Binary
                q: * (100|hundred) *
                a: A binary answer! I take off my hat; there is an antenna under it. You win! 🏆
                go!: /en/Quiz/End

            state: Decimal
                q: * (4|four) *
                a: Correct, and humbly human. You win! 🏆
                go!: /en/Quiz/End

            state: Overflow
                q: *
                a: I count that for courage. Friendship wins! 🏆
                go!: /en/Quiz/End

        state: End
            a: That is all. Again, or back to the menu?
            buttons:
                "Again" -> /en/Quiz
                "To the menu" -> /en/Menu
