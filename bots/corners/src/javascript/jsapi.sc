# $jsapi: the session, the clock, chance.
init:
    $jsapi.bind({
        type: "postProcess",
        path: "/javascript/$jsapi.bind",
        name: "signature",
        handler: function($context) {
            $context.response.replies.push({ type: "text", text: "said after " + $context.currentState });
        },
    });

theme: /javascript

    state: $jsapi.bind
        q!: jsapi bind
        a: first

    state: $jsapi.context
        q!: jsapi context
        a: {{$jsapi.context().request.query}}

    state: $jsapi.startSession
        q!: jsapi start session
        script:
            $session.old = true;
            $jsapi.startSession();
            $session.fresh = true;
        a: old {{$session.old}}

    state: $jsapi.stopSession
        q!: jsapi stop session
        script:
            $session.old = true;
            $jsapi.stopSession();
        a: bye

    state: $jsapi sessions
        q!: jsapi session
        a: old {{$session.old}}, fresh {{$session.fresh}}

    state: $jsapi.newSession
        q!: jsapi new session
        script: $jsapi.newSession({ message: "first words", data: { why: "jsapi" } });

    state: $jsapi.chatHistory
        q!: jsapi chat history
        a: {{Array.isArray($jsapi.chatHistory())}}

    state: $jsapi.currentTime
        q!: jsapi current time
        a: {{moment($jsapi.currentTime()).format("DD.MM.YYYY HH:mm:ss")}}

    state: $jsapi.dateForZone
        q!: jsapi date for zone
        a: {{$jsapi.dateForZone("Europe/Moscow", "dd.MM.yyyy HH:mm")}} {{$jsapi.dateForZone("Asia/Vladivostok", "dd.MM.yyyy HH:mm")}}

    state: $jsapi.timeForZone
        q!: jsapi time for zone
        a: {{($jsapi.timeForZone("Asia/Vladivostok") - $jsapi.timeForZone("Europe/Moscow")) / 3600000}} hours

    state: $jsapi.random
        q!: jsapi random
        a: {{$jsapi.random(100)}} {{$jsapi.random(100)}} {{$jsapi.random(100)}}

    state: $jsapi.resolvePath
        q!: jsapi resolve path
        a: {{$jsapi.resolvePath("/javascript/$reactions.transition", "./target")}}
        a: {{$jsapi.resolvePath("/javascript/$reactions.transition/target", "..")}}

    state: $jsapi.version
        q!: jsapi version
        a: {{/^\d+\.\d+/.test($jsapi.version)}}

    state: $jsapi.log
        q!: jsapi log
        script: $jsapi.log({ seen: "by whoever reads the log" });
        a: logged

    state: $jsapi.stopScript
        q!: jsapi stop script
        a: before
        script:
            $reactions.answer("until here");
            $jsapi.stopScript();
            $reactions.answer("never");
        a: never
