# Words that several states listen for.
patterns:
    # Letters tell the language of what nothing else understands.
    $cyrillic = $regexp_i<.*[а-яё].*>
    $latin = $regexp_i<.*[a-z].*>

    $nice = (👍|👌|❤|🧡|💛|💚|💙|😀|😃|😄|😁|😂|🤣|😊|🙂|😍|🔥|🎉|🙌|👏)
    $sad = (😢|😭|😞|😔|☹|🙁|💔)

    # Russian
    $ruHello = (привет*|здравствуй*|здрасьте|хай|салют|здорово|добр* (утр*|день|дня|вечер*|ночи|времени суток))
    $ruBye = (пока|прощай*|до (свидания|встречи|завтра|связи)|спокойной ночи|всего (доброго|хорошего))
    $ruThanks = (спасибо|спс|пасиб*|благодар*|мерси)
    $ruYes = (да|ага|угу|конечно|давай*|хочу|хорошо|ладно|ок|окей|поехали|ещё бы|с удовольствием)
    $ruNo = (нет|не|неа|не хочу|не надо|не сейчас|потом|отстань)
    $ruStop = (стоп|хватит|надоело|выход|выйти|закончи*|отмена|домой)
    $ruMore = (ещё|давай|продолж*|дальше|следующ*|другую)
    $ruYou = (ты|тебе|тебя|вы|вам|вас)

    # English
    $enHello = (hi|hello|hey|howdy|greetings|good (morning|afternoon|evening|day))
    $enBye = (bye|goodbye|bye bye|see you|see ya|good night|farewell|cheerio)
    $enThanks = (thanks|thank you|thx|cheers|ta)
    $enYes = (yes|yeah|yep|yup|sure|ok|okay|of course|go on|why not|please do|let us go|let's go)
    $enNo = (no|nope|nah|not now|later|no thanks)
    $enStop = (stop|quit|exit|enough|leave|cancel|home)
    $enMore = (more|another|another one|one more|again|next|go on)
