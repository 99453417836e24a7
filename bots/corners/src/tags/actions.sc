# Tags that ask and do without any code.
theme: /tags

    state: InputText
        q!: input text
        InputText:
            prompt = What is your name?
            varName = name
            then = /tags/InputText done

    state: InputText done
        a: Hello, {{$session.name}}!

    state: InputNumber
        q!: input number
        InputNumber:
            prompt = How old are you?
            varName = age
            minValue = 18
            maxValue = 99
            failureMessage = ["A number, please.", "From 18 to 99."]
            then = /tags/InputNumber done

    state: InputNumber done
        a: Next year you will be {{$session.age + 1}}.

    state: InputPhoneNumber
        q!: input phone
        InputPhoneNumber:
            prompt = Your number?
            varName = phone
            failureMessage = ["Eleven digits, please."]
            then = /tags/InputPhoneNumber done

    state: InputPhoneNumber done
        a: I will call {{$session.phone}}.

    state: Confirmation
        q!: confirmation
        Confirmation:
            prompt = Shall I?
            agreeState = /tags/Confirmation agreed
            disagreeState = /tags/Confirmation disagreed
            useButtons = true
            agreeButton = Please do
            disagreeButton = Better not

    state: Confirmation agreed
        a: Done.

    state: Confirmation disagreed
        a: Then not.

    state: HttpRequest
        q!: weather in $oneWord::city
        script: $session.city = $parseTree._city;
        HttpRequest:
            url = https://weather.example.com/{{$session.city}}
            method = POST
            body = {"days": 1, "city": "{{$session.city}}"}
            timeout = 5000
            headers = [{"name": "X-Key", "value": "42"}]
            vars = [{"name": "degrees", "value": "$httpResponse.days[0].temperature"}]
            okState = /tags/HttpRequest ok
            errorState = /tags/HttpRequest error

    state: HttpRequest ok
        a: {{$session.city}}: {{$session.degrees}}°

    state: HttpRequest error
        a: The weather station does not answer: {{$session.httpStatus}}.

    state: TransferToOperator
        q!: operator
        TransferToOperator:
            titleOfCloseButton = Back to the bot
            messageBeforeTransfer = One moment.
            prechatAttributes = {"topic": "billing"}
            ignoreOffline = true
            messageForWaitingOperator = They will come.
            noOperatorsOnlineState = /tags/TransferToOperator/offline
            dialogCompletedState = /tags/TransferToOperator/over
            sendMessagesToOperator = true
            sendMessageHistoryAmount = 5

        state: offline
            a: Nobody is there.

        state: over
            a: I am here again.

    state: EndSession
        q!: end of session
        script: $session.remembered = true;
        a: Bye.
        EndSession:

    state: EndSession checked
        q!: is anything left
        a: left: {{$session.remembered === true}}

    # What visual editors write: the block of JSON is for them, the states below it are the bot's.
    state: @InputText
        @InputText
            {
                "boundsTo" : "",
                "actions" : [{"type": "text", "value": "name"}],
                "prompt" : "Which city?",
                "varName" : "town",
                "then" : "/tags/@InputText done"
            }
        q!: old input text
        a: Which city?

        state: catch
            q: *
            script: $session.town = $parseTree.text;
            go!: /tags/@InputText done

    state: @InputText done
        a: {{$session.town}} it is.
