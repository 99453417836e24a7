# The entry point: the first words, and what belongs to no language.
require: patterns.sc
require: ru/main.sc
require: en/main.sc

theme: /

    state: Start
        q!: $regex</start>
        a: Привет! Я Говорун, демонстрационный бот. Болтаю, шучу и зову в приключения.
        a: Hi! I am Govorun, the demo bot. I chat, I joke, and I know an adventure or two. Which language shall it be?
        buttons:
            "По-русски" -> /ru/Menu
            "In English" -> /en/Menu

    state: Help
        q!: $regex</help>
        a: Пишите по-русски, и я отвечу по-русски. Write in English, and I will answer in English.
        buttons:
            "По-русски" -> /ru/Help
            "In English" -> /en/Help

    state: Emoji || noContext = true
        q!: * $nice *
        random:
            a: 😊
            a: 🙌
            a: Взаимно! / Likewise! 💛

    state: Grumpy || noContext = true
        q!: * $sad *
        random:
            a: Эй, не вешаем нос. / Hey, chin up. 🫂
            a: Обнимаю на расстоянии TCP-соединения. / Sending a hug over TCP. 🫂

    state: File || noContext = true
        event!: fileEvent
        a: Файл получил, спасибо! Разглядывать картинки я пока не умею, но выглядит солидно. / Got the file, thank you! I cannot look inside yet, but it seems important.

    state: TooLong || noContext = true
        event!: lengthLimit
        a: Это почти роман! Давайте короче, до 400 знаков. / That is almost a novel! Shorter, please: up to 400 characters.

    state: NoMatch || noContext = true
        event!: noMatch
        random:
            a: Я понимаю слова, а это что-то похитрее. Напишите по-русски или in English.
            a: Загадочно… Mysterious… По-русски or in English?
        buttons:
            "По-русски" -> /ru/Menu
            "In English" -> /en/Menu
