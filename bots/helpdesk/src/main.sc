# The entry point: the first words, and what is not understood.
require: slotfilling/slotFilling.sc
    module = sys.zb-common
require: patterns.sc
    module = sys.zb-common
require: faq.sc
require: ticket.sc
require: people.sc

theme: /

    state: Start
        q!: $regex</start>
        q!: $hello [*]
        a: Hello{{$client.name ? ", " + $client.name : ""}}! This is the helpdesk. What can I do for you?
        buttons:
            "Report a problem" -> /Ticket
            "My tickets" -> /Status
            "Call a person" -> /People

    # Examples of what people say; what is like them comes here, too.
    state: WhatCanYouDo
        e!: what can you do
        e!: how can you help me
        e!: what are you able to do
        a: I answer questions about passwords, the VPN and the network, write tickets and tell how they are getting on.

    state: Thanks || noContext = true
        q!: $thanks
        random:
            a: You are welcome!
            a: Happy to help.

    state: Bye
        q!: $bye
        a: Have a good day!
        EndSession:

    state: NoMatch
        event!: noMatch
        script: $session.misses = ($session.misses || 0) + 1;
        if: $session.misses < 2
            a: I did not get that. Could you put it in other words?
        else:
            script: $session.misses = 0;
            a: I still do not understand.
            go!: /People
