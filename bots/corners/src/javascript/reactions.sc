# $reactions says and does what tags do.
theme: /javascript

    state: $reactions.answer
        q!: reactions answer
        script:
            $reactions.answer("text {{1 + 1}}");
            $reactions.answer({ value: "object", tts: "ob+ject", html: "<i>object</i>" });
            $reactions.answer("old form", $context);

    state: $reactions.transition
        q!: reactions transition
        a: before
        script: $reactions.transition("./target");
        a: never

        state: target
            a: target
            script: $reactions.transition({ value: "/javascript/deferred", deferred: true });
            a: still here

    state: deferred
        a: never

        state: below
            q: below deferred
            a: it was deferred

    state: $reactions.buttons
        q!: reactions buttons
        a: choose
        script:
            $reactions.buttons("One");
            $reactions.buttons(["Two", "Three"]);
            $reactions.buttons({ text: "Four", transition: "./four" });
            $reactions.buttons([{ text: "Site", url: "https://example.com" }, { button: { text: "Number", request_contact: true } }]);

        state: four
            a: four

    state: $reactions.inlineButtons
        q!: reactions inline buttons
        a: choose
        script: $reactions.inlineButtons([{ text: "Docs", url: "https://example.com" }, { text: "Like", callback_data: "liked" }]);

    state: $reactions.image
        q!: reactions image
        script: $reactions.image("https://example.com/{{$request.query.length}}.png");

    state: $reactions.audio
        q!: reactions audio
        script: $reactions.audio({ value: "https://example.com/a.mp3", name: "A" });

    state: $reactions.timeout
        q!: reactions timeout
        a: I wait.
        script: $reactions.timeout({ interval: "2 min", targetState: "./silence" });

        state: silence
            a: Silence.

    state: $reactions.random
        q!: reactions random
        script: $temp.n = $reactions.random(10);
        a: {{$temp.n}} {{$reactions.random(10)}}

    state: $reactions.newSession
        q!: reactions new session
        script:
            $session.old = true;
            $client.kept = true;
        a: The old session.
        script: $reactions.newSession({ message: "first words", data: { why: "because" }, session: { fresh: true } });
        a: never

    state: $reactions.newSession done
        q!: first words
        a: old {{$session.old}}, fresh {{$session.fresh}}, kept {{$client.kept}}, data {{$request.data.why}}

    # A template that is not there says nothing, and breaks nothing.
    state: $reactions.template
        q!: reactions template
        script: $reactions.template("there is no such template", { name: "Ann" });
        a: after
