# Игра в города. Слова игрока ищут в словаре, всё остальное считает game.js.
require: patterns.sc
    module = sys.zb-common
require: cities.csv
    name = Cities
    var = Cities
require: game.js

patterns:
    $city = $entity<Cities> || converter = function($parseTree) { return String($parseTree.Cities[0].value); }
    $giveUp = (сдаюсь|сда*|стоп|хватит|надоело|выход)
    $hint = (подсказ*|помоги*|не знаю|$dontKnow)

# Указатель по первой букве строят один раз, когда бот загружается.
init:
    var CitiesByLetter = _.groupBy(Object.keys(Cities), function(id) { return firstLetter(Cities[id].value.name); });

    // После каждого хода: не поднялся ли уровень?
    bind("postProcess", function($context) {
        var g = $context.session.game;
        if (g && g.level !== undefined && level() > g.level) {
            $reactions.answer("Уровень " + level() + "! Теперь на ход " + secondsToMove() + " секунд.");
        }
        if (g) {
            g.level = level();
        }
    }, "/Game", "level");

theme: /

    state: Start
        q!: $regex</start>
        q!: $hello [*]
        a: Сыграем в города? Называем по очереди, каждый — на последнюю букву предыдущего.
        if: $client.record
            a: Ваш рекорд — {{$client.record}} {{$nlp.conform("город", $client.record)}}.
        buttons:
            "Играть" -> /Game
            "Правила" -> /Rules

        state: Yes
            q: $agree
            go!: /Game

    state: Rules
        q!: * (правил*|как играть) *
        a: Мягкий и твёрдый знаки и «ы» на конце пропускаем, «й» читаем как «и». Повторять нельзя. Каждые {{$injector.step}} города — новый уровень, а времени на ход всё меньше.
        buttons:
            "Играть" -> /Game

    state: NoMatch || noContext = true
        event!: noMatch
        a: Я умею только играть в города. Скажите «играть».
        buttons:
            "Играть" -> /Game

    # Пока идёт игра, снаружи никого не слышно.
    state: Game || modal = true
        q!: * (игра*|сыгра*|города|давай* играть) *
        script: startGame();
        a: Начинайте с любого города!
        go!: ./Wait

        # Время на ход зависит от уровня.
        state: Wait
            script:
                $reactions.timeout({ interval: secondsToMove(), targetState: "/Game/Timeout" });

        state: Move
            q: [*] $city [*]
            script: $temp.refusal = refusal($parseTree._city);
            if: $temp.refusal
                a: {{$temp.refusal}} Ещё попытка?
                go!: ../Wait
            else:
                script:
                    play($parseTree._city);
                    game().score += 1;
                    $temp.reply = answer();
                if: $temp.reply === undefined
                    a: {{city($parseTree._city).name}}… На «{{game().letter.toUpperCase()}}» больше ничего не помню.
                    go!: ../Win
                else:
                    script: play($temp.reply);
                    a: {{city($temp.reply).name}}! Вам на «{{game().letter.toUpperCase()}}».
                    go!: ../Wait

        state: Fact || noContext = true
            q: * (расскаж*|интересн*|факт*) *
            if: game().used.length > 0
                a: {{city(game().used[game().used.length - 1]).fact}}
            else:
                a: Сначала назовите город.

        state: Hint
            q: * $hint *
            script: $temp.left = game().letter ? left(game().letter) : Object.keys(Cities);
            if: $temp.left.length > 0
                script: game().score = Math.max(0, game().score - 1);
                a: Подсказка стоит очко: {{city($temp.left[$reactions.random($temp.left.length)]).name.substring(0, 3)}}…
                go!: ../Wait
            else:
                a: Тут и подсказать нечего: на «{{game().letter.toUpperCase()}}» городов не осталось.
                go!: ../Win

        state: Unknown
            event: noMatch
            a: Не знаю такого города. Попробуйте другой или скажите «подсказка».
            go!: ../Wait

        state: Timeout
            a: Время вышло!
            go!: ../End

        state: GiveUp
            q: * $giveUp *
            q: $regex</start>
            a: Хорошая была партия.
            go!: ../End

        state: Win
            a: Победа за вами! 🏆
            go!: ../End

        state: End
            a: Ваши очки: {{game().score}}, уровень {{level()}}.
            if: keepRecord()
                a: Это новый рекорд!
            go!: /Again

    state: Again
        buttons:
            "Играть" -> /Game
        script: delete $session.game;
