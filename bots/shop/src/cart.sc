# Корзина: положить, убрать, посмотреть, очистить.
theme: /

    state: Buy
        q!: [*] [$buy] [мне] [ещё] $quantity [$pack] [чая|чай] $tea [пожалуйста]
        q!: [*] $buy [мне] [ещё] [чая|чай] $tea [$quantity [$pack]] [пожалуйста]
        script:
            $temp.id = $parseTree._tea;
            $temp.count = $parseTree._quantity || 1;
        go!: /Cart/Add

    state: Cart
        q!: * (корзин*|что я (выбрал*|заказал*)) *
        if: isCartEmpty()
            a: В корзине пока пусто.
            buttons:
                "Каталог" -> /Catalogue
        else:
            a: В корзине:
                {{cartText()}}
            a: Доставка {{deliverySum() ? rubles(deliverySum()) : "бесплатно"}}, всего {{rubles(totalSum())}}.
            buttons:
                "Оформить" -> /Order
                "Очистить" -> ./Clear
                "Каталог" -> /Catalogue

        # Сюда приходят с $temp.id и $temp.count.
        state: Add
            script: $temp.sum = addToCart($temp.id, $temp.count);
            if: $temp.sum === null
                a: Могу положить от одной до {{$injector.most}} пачек, целыми.
            else:
                a: {{selectRandomArg(Phrases.added)}}: {{Catalogue[$temp.id].title}}, {{$temp.sum}} {{$nlp.conform("пачка", $temp.sum)}}.
                buttons:
                    "Корзина" -> /Cart
                    "Оформить" -> /Order
                timeout: /Cart/Reminder || interval = "10 min"

        state: Remove
            q!: * (убер*|убрать|удал*|выложи*|не надо|без) * $tea *
            if: removeFromCart($parseTree._tea)
                a: Убрал: {{Catalogue[$parseTree._tea].title}}.
                go!: /Cart
            else:
                a: Этого в корзине и не было.

        state: Clear
            q: * (очист*|всё убер*|убер* всё|удали* всё) *
            script: $session.cart = {};
            a: Корзина пуста.

        # Покупатель замолчал, а в корзине чай.
        state: Reminder
            if: !isCartEmpty()
                a: В корзине остался чай на {{rubles(goodsSum())}}. Оформим?
                buttons:
                    "Оформить" -> /Order
                    "Не сейчас" -> ./Later

            state: Later
                q: ($disagree|$notNow)
                a: Хорошо, корзину сохраню до конца разговора.

            state: Yes
                q: $agree
                go!: /Order
