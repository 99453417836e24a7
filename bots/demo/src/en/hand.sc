# Rock, paper, scissors: chance makes my move, and it is fair.
theme: /en

    state: Hand
        q!: * (rock * paper|paper * scissors) *
        a: One, two, three! What do you show?
        buttons:
            "🪨 Rock" -> ./Rock
            "✂️ Scissors" -> ./Scissors
            "📄 Paper" -> ./Paper
            "Enough" -> /en/Menu

        state: Rock
            q: * (rock|🪨|✊) *
            random:
                a: And I have ✂️. Rock breaks scissors, the point is yours!
                a: Me too, 🪨. We bumped our heads: a draw.
                a: And I have 📄. I wrapped your rock like a present. I win!
            go!: ../Again

        state: Scissors
            q: * (scissors|✂|✌) *
            random:
                a: And I have 📄. Cut away, you win!
                a: Me too, ✂️. Snip, snip, a draw.
                a: And I have 🪨. Bang! My point.
            go!: ../Again

        state: Paper
            q: * (paper|📄|✋) *
            random:
                a: And I have 🪨. You covered me head to toe: you win!
                a: Me too, 📄. Enough for both of us, a draw.
                a: And I have ✂️. Swish! This one is mine.
            go!: ../Again

        state: Again
            a: Once more?
            buttons:
                "🪨 Rock" -> ../Rock
                "✂️ Scissors" -> ../Scissors
                "📄 Paper" -> ../Paper
                "Enough" -> /en/Menu

        state: Yes
            q: ($enYes|$enMore) [*]
            go!: ..

        state: No
            q: ($enNo|$enStop) [*]
            a: Good game!
            go!: /en/Menu
