# What scripts know of the request and of the client.
theme: /javascript

    state: $request
        q!: request
        event!: requested
        a: query {{$request.query}}, event {{$request.event}}
        a: {{$request.questionId}}, {{$request.channelType}}, {{$request.channelUserId}}
        a: data {{$request.data.sum}}, raw {{$request.rawRequest.login}}, from {{$request.userFrom && $request.userFrom.firstName}}
        a: unknown {{$request.unknown}}

    state: $response
        q!: response
        script:
            $response.action = { id: "BUY" };
            $response.replies = $response.replies || [];
            $response.replies.push({ type: "text", text: "pushed by hand" });
        a: and by a tag

    state: $session
        q!: count
        script:
            $session.count = ($session.count || 0) + 1;
            $client.count = ($client.count || 0) + 1;
        a: session {{$session.count}}, client {{$client.count}}

    state: $temp
        q!: temp
        script: $temp.seen = true;
        go!: ./next

        state: next
            q: once more
            a: seen: {{$temp.seen === true}}

    state: $parseTree
        q!: parse the $colour sky
        a: {{$parseTree._colour}} {{$parseTree.colour[0].text}} {{$parseTree.text}} {{$parseTree.words.length}}
        script: $parseTree = { text: "replaced" };
        a: {{$parseTree.text}} {{$context.parseTree.text}}

    state: $context
        q!: context
        script:
            var c = $context;
            $temp.same = c === $jsapi.context() && c.session === $session && c.client === $client && c.temp === $temp &&
                c.request === $request && c.response === $response && c.parseTree === $parseTree && c.injector === $injector;
        a: {{$context.currentState}}, the same objects: {{$temp.same}}, a test: {{$context.testContext ? "yes" : "no"}}
        script: $session.contextPath = "/javascript/$context/elsewhere";

        state: elsewhere
            a: never

            state: below
                q: below elsewhere
                a: {{$context.contextPath}} → {{$context.currentState}}

    state: $injector
        q!: injector
        a: {{$injector.season}} {{$context.injector.season}}

    state: $entities
        q!: entities of * @Colour *
        a: {{$entities[0].pattern}} {{$entities[0].text}} {{$parseTree._Colour.code}} {{$context.entities.length}}

    state: $env
        q!: env
        a: {{$env.get("CORNERS_MODE", "by default")}}

    state: $secrets
        q!: secrets
        a: {{$secrets.get("corners-token", "none")}}

    state: $global
        q!: global
        a: {{$global.Shop === Shop}} {{$global.Menu.soup}}

    state: $
        q!: dollar
        script:
            $.session.dollar = "the context";
        a: {{$session.dollar}} {{$.request.query}}

    state: assigning a built-in
        q!: assign the session
        script:
            $session.old = 1;
            $session = { fresh: 1 };
            $client = { name: "Ann" };
            $temp = { a: 1 };
        a: {{$session.old}} {{$context.session.fresh}} {{$context.client.name}} {{$context.temp.a}}
        script: $context.session = { fresh: 2 };
        a: {{$session.fresh}}

    state: assigned
        q!: what was assigned
        a: {{$session.old}} {{$session.fresh}} {{$client.name}}

    state: scripts share globals
        q!: shared function
        script:
            var count = countWords($parseTree);
            $temp.count = count;
        script: $temp.scope = typeof count;
        a: {{$temp.count}} words; variables of a script are {{$temp.scope}} in the next

    state: timeLimit
        q!: for ever
        a: never said
        script:
            while (true) {}

        state: stopped
            event!: timeLimit
            a: That took too long.
