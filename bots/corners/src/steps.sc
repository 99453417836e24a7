# States for the steps of XML tests.
theme: /steps

    state: two answers
        q!: two answers
        a: One.
        a: {{"  "}} Two   of
            them.

    state: first
        q!: go through
        go!: ../second

    state: second
        a: Second.

    state: place
        a: place

        state: here
            q: where
            a: here

    state: memory
        q!: memory
        a: {{$session.x}} {{$session.deep && $session.deep.y}} {{$client.name}}

    state: clock
        q!: clock
        a: {{moment($jsapi.currentTime()).format("YYYY-MM-DD HH:mm:ss")}} {{new Date().getFullYear()}}

    state: chance
        q!: chance
        random:
            a: zero
            a: one
            a: two
        a: {{$jsapi.random(10)}}

    state: data
        q!: show data
        event!: dataEvent
        a: {{$request.event}} {{$request.data.a}} {{$request.rawRequest.b}} {{$request.channelType}} {{$request.unknown}}
        script: $response.shown = { list: [1, { two: 2 }], text: "x" };

    state: wait
        q!: wait
        a: I wait.
        timeout: ../silence || interval = "15 sec"

    state: silence
        a: Silence.

    state: service
        q!: ask the service about *
        script:
            var r = $http.query("https://service.example.com/${about}?lang=${lang}", {
                method: "POST", query: { about: $request.query.split(" ")[4], lang: "ru" }, body: { deep: { a: 1, b: 2 }, c: 3 }, dataType: "json"
            });
            $reactions.answer(r.isOk ? r.data.answer : "failed: " + r.status);

    state: mail
        q!: send mail
        script: $mail.sendMessage("ann@example.com", "Subject", "Body");

    state: test mode
        q!: is this a test
        if: testMode()
            a: It is.
        else:
            a: It is not.
