# Questions that are asked often. The answers are written where the questions are: in
# caila_import.json, at their intents.
theme: /

    state: FAQ
        intentGroup!: /faq
        a: {{$context.intent.answer}}
        a: Did that help?
        buttons:
            "Yes" -> ./Yes
            "No" -> ./No

        state: Yes
            q: ($agree|$thanks|it did|that helped)
            a: Great!

        state: No
            q: ($disagree|it did not|that did not help)
            script: $session.topic = "A question from the FAQ that was not answered";
            a: I am sorry to hear that.
            go!: /Ticket/Describe
