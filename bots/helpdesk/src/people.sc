# People, when they are at work.
theme: /

    state: People
        q!: $switchToOperator
        q!: * (human|person|operator|agent|somebody real) *
        if: isOpen()
            go!: ./Transfer
        else:
            a: We are here on weekdays from {{$injector.hours.from}}:00 to {{$injector.hours.to}}:00. Shall I write a ticket until then?
            buttons:
                "Yes" -> /Ticket/Describe
                "No" -> ./Fine

        state: Fine
            q: $disagree
            a: As you like. I am here all night.

        state: Ticket
            q: $agree
            script: $session.topic = "Please call back";
            go!: /Ticket/Describe

        state: Transfer
            TransferToOperator:
                messageBeforeTransfer = One moment, I am calling my colleague.
                titleOfCloseButton = Back to the bot
                prechatAttributes = {"source": "helpdesk bot"}
                noOperatorsOnlineState = /People/Busy
                dialogCompletedState = /People/Back
                sendMessagesToOperator = true
                sendMessageHistoryAmount = 10

        state: Back
            a: I hope that helped. Anything else?

        state: Busy
            a: All of my colleagues are busy. I will write a ticket, and they call you.
            go!: /Ticket/Describe
