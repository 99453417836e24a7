# Tickets: what is broken, a description, a confirmation, a call of the API, a reminder.
theme: /

    state: Ticket
        intent!: /ticket/create
        q: report a problem
        if: $parseTree._device
            script:
                $session.device = $parseTree._device;
                $session.topic = capitalize($session.device.id) + " does not work";
                $session.since = $parseTree._since ? moment($parseTree._since.value).format("D MMMM") : "";
            a: A ticket about your {{$session.device.id}}{{$session.since ? ", since " + $session.since : ""}}.
        else:
            script: $session.topic = "A problem";
        go!: ./Describe

        state: Describe
            InputText:
                prompt = Please describe the problem in a few words.
                varName = description
                then = /Ticket/Confirm

        state: Confirm
            Confirmation:
                prompt = {{$session.topic}}: "{{$session.description}}". Shall I send it?
                agreeState = /Ticket/Send
                disagreeState = /Ticket/Describe
                useButtons = true
                agreeButton = Send
                disagreeButton = Change

        state: Send
            HttpRequest:
                url = {{$injector.api}}/tickets
                method = POST
                headers = [{"name": "Content-Type", "value": "application/json"}]
                body = {{ticketBody()}}
                timeout = 5000
                vars = [{"name": "number", "value": "$httpResponse.number"}]
                okState = /Ticket/Sent
                errorState = /Ticket/Failed

        state: Sent
            script:
                $client.ticket = $session.number;
                // Tomorrow at this time we ask how it went, whatever is said until then.
                var tomorrow = moment($jsapi.currentTime()).add(1, "day");
                $client.reminder = $pushgate.createEvent(tomorrow.toISOString(), "ticketReminder", { number: $session.number }).id;
            a: Your ticket is {{$client.ticket}}.
            if: isOpen()
                a: My colleagues are at work and will have a look soon.
            else:
                a: It is after hours. My colleagues will have a look from {{$injector.hours.from}}:00 on.

        state: Failed
            a: The ticket system does not answer ({{$session.httpStatus}}).
            go!: /People

    state: Reminder
        event!: ticketReminder
        script: $session.reminded = $request.data.eventData ? $request.data.eventData.number : $client.ticket;
        a: Yesterday you wrote ticket {{$session.reminded}}. Is the problem solved?

        state: Solved
            q: ($agree|it is|solved)
            script: delete $client.ticket;
            a: Good to hear!

        state: NotSolved
            q: ($disagree|it is not|not yet)
            a: Let me call somebody.
            go!: /People

    state: Status
        intent!: /ticket/status
        if: !$client.ticket
            a: You have no open tickets.
        else:
            script:
                var response = $http.get($injector.api + "/tickets/${number}", { query: { number: $client.ticket }, dataType: "json" });
                $temp.status = response.isOk ? response.data.status : "unknown: the ticket system does not answer";
            a: Ticket {{$client.ticket}}: {{$temp.status}}.

        state: Cancel
            q: * (cancel|close|withdraw) * [it|ticket] *
            if: $client.ticket
                script:
                    $pushgate.cancelEvent($client.reminder);
                    delete $client.ticket;
                    delete $client.reminder;
                a: Closed, and I will not ask about it.
            else:
                a: There is nothing to close.

init:
    // A text of the client may have quotes in it: JSON is not put together by hand.
    function ticketBody() {
        var session = $jsapi.context().session;
        return JSON.stringify({ topic: session.topic, text: session.description });
    }

    // Whether people are at work: from Monday to Friday, by the clock of the office.
    function isOpen() {
        var injector = $jsapi.context().injector;
        var now = moment.utc($jsapi.timeForZone(injector.hours.zone));
        return now.isoWeekday() <= 5 && now.hour() >= injector.hours.from && now.hour() < injector.hours.to;
    }
