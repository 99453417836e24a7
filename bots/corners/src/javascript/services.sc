# Services beside $reactions, $jsapi and $http.
theme: /javascript

    state: $pushgate.createEvent
        q!: pushgate create event
        script:
            var event = $pushgate.createEvent("2030-01-02T03:04:05", "reminder", { text: "tea" });
            $session.event = event.id;
        a: {{$session.event ? "it has an id" : "no id"}}

        state: reminder
            event!: reminder
            a: Time for {{$request.rawRequest.eventData.text}}!

    state: $pushgate.cancelEvent
        q!: pushgate cancel event
        script: var event = $pushgate.createEvent("2030-01-02T03:04:05", "reminder", {}); $temp.cancelled = $pushgate.cancelEvent(event.id);
        a: {{$temp.cancelled}}

    state: $pushgate.createPushback
        q!: pushgate create pushback
        script: var back = $pushgate.createPushback("bot", "chatapi", "7", "reminder", { text: "tea" }); $temp.fields = Object.keys(back).sort().join(" ");
        a: {{$temp.fields}}

    state: $nlp.match
        q!: nlp match
        script:
            var found = $nlp.match("show the door", "/");
            $reactions.answer(found.targetState + " " + found.parseTree.text + " " + (found.score > 0) + " " + ($nlp.match("qwertyuiop", "/") === null));

    state: $nlp.matchPatterns
        q!: nlp match patterns
        script:
            var found = $nlp.matchPatterns("a red fox", ["* cat", "* $colour *", "fox"]);
            $reactions.answer(found.pattern + " " + found.parseTree.text + " " + found.weight);

    state: $nlp.matchExamples
        q!: nlp match examples
        script:
            var found = $nlp.matchExamples("раз раз", ["два", "раз"]);
            $reactions.answer(found.example + " " + found.weight + " " + found.aligned);

    state: $nlp.inflect
        q!: nlp inflect
        a: {{$nlp.inflect("яблоко", "gent")}} {{$nlp.inflect("яблоко", "plur")}}

    state: $nlp.conform
        q!: nlp conform
        a: {{$nlp.conform("яблоко", 1)}} {{$nlp.conform("яблоко", 2)}} {{$nlp.conform("яблоко", 5)}}

    state: $nlp.parseMorph
        q!: nlp parse morph
        script: var found = $nlp.parseMorph("яблочки"); $temp.text = found.normalForm + " " + (found.tags.indexOf("NOUN") >= 0);
        a: {{$temp.text}}

    state: $nlp.tokenize
        q!: nlp tokenize
        a: {{$nlp.tokenize("Мама мыла раму.").length}}

    state: $nlp.fixKeyboardLayout
        q!: nlp fix keyboard layout
        a: {{$nlp.fixKeyboardLayout("ghbdtn")}} {{$nlp.fixKeyboardLayout("привет")}}

    state: $nlp.checkMyVocabulary
        q!: nlp check my vocabulary
        a: {{$nlp.checkMyVocabulary("vocabulary")}} {{$nlp.checkMyVocabulary("phlogiston")}}

    state: $caila
        q!: caila
        a: {{$caila.inflect("яблоко", ["gent"])}} {{$caila.conform("рубль", 5)}} {{$caila.simpleInference("hello") !== undefined}}

    state: $analytics
        q!: analytics
        script:
            $analytics.setSessionData("Goal", "reached");
            $analytics.setMessageLabel("Label", "Group");
            $analytics.setSessionResult("Success");
        a: counted

    state: $conversationApi
        q!: conversation api
        script:
            $conversationApi.sendTextToClient("at once");
            $conversationApi.sendRepliesToClient([{ type: "text", text: "and again" }]);
        a: then this

    state: $storage
        q!: storage
        a: {{typeof $storage.getTempDir()}}

    state: $mail
        q!: mail
        script: $temp.status = $mail.sendMessage("shop@example.com", "Order 7", "Two teas.").status;
        a: {{$temp.status}}

    # Services of other platforms do nothing, so that a bot that has them in one branch still runs.
    state: stubs
        q!: stubs
        script:
            var caller = $dialer.getCaller();
            $dialer.redial({ startDateTime: new Date() });
            var answer = $gpt.createChatCompletion([{ role: "user", content: "hello" }]);
            var rows = $integration.googleSheets.readDataFromCells("id", "list", ["A1"]);
            $faq.pushReplies();
            $temp.text = JSON.stringify(caller) + " " + JSON.stringify(answer.choices[0].message.content) + " " + rows.length;
        a: {{$temp.text}}
