# A second entry point: chatbot.yaml may name several.
theme: /

    state: SecondEntryPoint
        q!: second entry point
        a: It is read, too.
