# Tags that say or do something, run in the order in which they stand.
patterns:
    $degrees = $regexp<\d+>

theme: /tags

    state: a
        q!: say something
        a: plain, {{1 + 1}} {{$request.query}}
        a: marked up || html = "<b>marked up</b>", htmlEnabled = true
        a: said aloud || tts = "sa+id aloud", ttsEnabled = true
        a: **strong** || markdown = true
        a: "in quotes"
        a:
            on a line
            and another

    state: script
        q!: script
        script:
            # a line that starts so is a comment
            var $session = $jsapi.context().session;    // every script has a scope of its own
            $session.steps = ["first"];

            $session.steps.push("second");
        script: $session.steps.push("inline");
        a: {{$session.steps.join(", ")}}

    state: scriptEs6
        q!: modern script
        scriptEs6:
            const { query, ...rest } = $request;
            const later = await modern.later(5);
            $temp.text = `${query} ${later} ${[1, 2].map((n) => n ** 2)}`;
        a: {{$temp.text}}

    state: go!
        q!: go now
        a: before
        go!: ./target
        a: never

        state: target
            a: target

    state: go
        q!: go later
        go: ./target
        a: still here

        state: target
            a: never now

            state: below
                q: where am I
                a: below the target

    state: if, elseif, else
        q!: temperature $degrees
        script: $temp.degrees = parseInt($parseTree._degrees);
        if: $temp.degrees > 25
            a: hot
        elseif: $temp.degrees > 10
            a: warm
            if: $temp.degrees === 20
                a: exactly right
        else:
            a: cold
        a: {{$temp.degrees}}

    state: random
        q!: roll the dice
        random:
            a: one
            a: two
            go!: ./six
        a: rolled

        state: six
            a: six, jumped

    state: buttons
        q!: buttons
        a: choose
        buttons:
            "Two" -> ./two
            "Query {{1 + 1}}"
            {text: "Site", url: "https://example.com/{{$request.query}}"}
            {text: "My number", request_contact: true}
            {"text": "Quoted keys"} -> /Start

        state: two
            a: number two

    state: inlineButtons
        q!: inline buttons
        a: choose
        inlineButtons:
            {text: "Docs", url: "https://example.com/docs"}
            {text: "Like", callback_data: "liked"}

    state: image
        q!: image
        image: https://example.com/{{$request.query}}.png

    state: audio
        q!: audio
        audio: https://example.com/song.mp3 || name = "A song"

    state: video
        q!: video
        video: https://example.com/film.mp4

    state: timeout
        q!: are you still there
        a: I wait.
        timeout: /tags/timeout/silence || interval = "0 h 1m 30s"

        state: silence
            a: You are silent.

        state: back
            q: here
            a: Good.

    state: newSession
        q!: begin again
        newSession:
            message = after the beginning
            data = {"from": "the tag"}

    state: newSession done
        q!: after the beginning
        a: begun with {{$request.data.from}}, forgot: {{$session.steps === undefined}}
