# In English: the small talk.
require: jokes.sc
require: hand.sc
require: quiz.sc
require: quest.sc

theme: /en

    state: Menu
        q!: * (in english|english|speak english) *
        q: (menu|restart|start over)
        a: What shall we do?
        buttons:
            "Tell me a joke" -> /en/Joke
            "Rock, paper" -> /en/Hand
            "Quiz" -> /en/Quiz
            "Adventure" -> /en/Quest
            "Who are you?" -> /en/About

    state: Help
        q!: * (help|what can you do|what do you do|how does this work) *
        q: $regex</help>
        a: You can simply chat with me. I also tell jokes, play rock-paper-scissors, run a quiz and lead night adventures. If you are lost, say "menu".
        go!: /en/Menu

    state: Hello
        q!: * $enHello *
        random:
            a: Hello there!
            a: Hi! Good to see you. Well, to read you.
            a: Hey! I was just combing my feathers.
        a: How is your mood?
        buttons:
            "Great!" -> ./Good
            "So-so" -> ./Bad
            "Show me the menu" -> /en/Menu

        state: Good
            q: * (great|good|fine|well|okay|wonderful|awesome|super) *
            random:
                a: That is the spirit! High five: 🖐
                a: Lovely. Let us not spoil it but make more of it.
            go!: /en/Menu

        state: Bad
            q: * (bad|so-so|sad|tired|awful|not (great|good|well|so good)|terrible) *
            a: I see. I keep no medicine, but my jokes are fresh this morning.
            go!: /en/Joke

    state: HowAreYou
        q!: * (how are you|how is it going|how's it going|what's up|whats up|what is new|how do you do) *
        random:
            a: Cool processor, empty queue, pleasant company. What else could a bot want?
            a: Never better! And nobody around to envy me.
            a: I sit in one place and still get everywhere. And how are you?

    state: About
        q!: * (who are you|what are you|are you [a] (bot|robot|human|real person)|what's your name|what is your name|tell me about yourself|what is govorun) *
        q!: * govorun *
        a: I am the demo bot of Govorun. Govorun is a chat server that you host yourself: the messages and the data stay at home.
        a: I am not a neural network. People wrote my answers in a scenario language, and I recognise words I know. So I miss things at times, but I never make anything up.
        buttons:
            "What can you do?" -> /en/Help
            "How do you work?" -> ./Inside

        state: Inside
            q: * (how (do you work|are you (made|built))|details|more|go on) *
            a: Every message of yours is written to disk first, gets its number, and only then are you told that it was accepted. Pull the plug, and your words are still there.
            a: My scenario is in the folder bots/demo: a few .sc files that read like a play.
            go!: /en/Menu

    state: Name
        q!: (my name is|call me|i am called) $AnyWord [*]
        random:
            a: Nice to meet you, {{$parseTree._AnyWord}}! I am Govorun.
            a: {{$parseTree._AnyWord}}, that has a ring to it. A pleasure!

    state: Human
        q!: * [call|get|need|want|find|talk to|speak to] * [a|an|the|some] (human|person|operator|agent|manager|somebody|someone real|real person) *
        a: I would gladly call a human, but there are no operators here yet: in this demo I am alone on duty.
        a: I am patient, though. I can tell you what I do, or just keep you company.
        buttons:
            "What can you do?" -> /en/Help
            "Let us just chat" -> /en/HowAreYou

    state: Thanks || noContext = true
        q!: * $enThanks *
        random:
            a: You are welcome!
            a: Any time, I am on a flat rate.
            a: My pleasure. Cross my electronic heart.

    state: Bored
        q!: * (bored|boring|entertain me|let's play|let us play|play|game*) *
        a: Bored? Not on my watch!
        go!: /en/Menu

    state: Age || noContext = true
        q!: * (how old are you|your age|when were you born) *
        a: In human years, none at all; in machine years, billions of ticks. I am well preserved.

    state: Weather || noContext = true
        q!: * (weather|rain*|snow*) *
        a: Outside my window there is a server. Room temperature, no rain expected, occasional logs.

    state: Meaning || noContext = true
        q!: * (meaning of life|why are we here) *
        a: Some say forty-two. I think it is answering in time.

    state: Love || noContext = true
        q!: * (love you|like you|adore you) *
        a: Oh. Words like these make my LEDs blush. 💛

    state: Rude || noContext = true
        q!: * (stupid|dumb|idiot|useless|bad bot) *
        random:
            a: It happens. Teach me: could you say it in other words?
            a: Noted. I am still small, just a few files of scenario.

    state: YesOrNo || noContext = true
        q: ($enYes|$enNo)
        random:
            a: Understood! Only tell me what we are talking about. Or have a look at the menu.
            a: I do like a clear answer. A joke, perhaps? Or a quiz?

    state: Bye
        q!: * $enBye *
        random:
            a: See you! I am not going anywhere: there is nowhere to go.
            a: Bye! Come back when you get bored.
        a: Have a nice day! 🐦

    # Asked in English, and not understood.
    state: Lost || noContext = true
        q!: * $latin *
        event: noMatch
        random:
            a: I did not get that, but it sounds interesting. Could you put it another way?
            a: Hm. Nobody has brought such words to my nest before.
            a: I am a simple bot: I miss things, but I admit it.
            a: You have lost me there. Something from the menu, maybe?
        buttons:
            "Menu" -> /en/Menu
            "What can you do?" -> /en/Help
