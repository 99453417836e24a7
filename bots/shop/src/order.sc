# Заказ: имя, телефон, адрес, подтверждение, вызов API лавки. Состояние модальное: пока
# покупатель называет адрес, слова «Зелёный проезд» не должны открыть каталог.
theme: /

    state: Order || modal = true
        q!: * (оформ*|заказать|купить всё) [заказ] *
        if: isCartEmpty()
            a: Сначала выберем чай.
            go!: /Catalogue
        elseif: !$client.name
            go!: ./Name
        else:
            go!: ./Phone

        state: Name
            a: Как вас зовут?

            state: Get
                q: [меня зовут|я|это] $oneWord::name
                script: $client.name = capitalize($parseTree._name);
                a: Очень приятно, {{$client.name}}!
                go!: /Order/Phone

            state: Wrong
                event: noMatch
                a: Напишите, пожалуйста, одно только имя.

        state: Phone
            if: $client.phone
                a: Позвоним по номеру {{$client.phone}}?
                buttons:
                    "Да" -> ./Same
                    "Другой номер"
            else:
                a: По какому телефону позвонить?

            state: Same
                q: $agree
                go!: /Order/Address

            state: Other
                q: ($disagree|друг* [номер])
                a: Тогда назовите номер.

            state: Get
                q: * $mobilePhoneNumber *
                script: $client.phone = $parseTree._mobilePhoneNumber;
                go!: /Order/Address

            state: Wrong
                event: noMatch
                a: Это не похоже на номер. Нужен мобильный: +7 и десять цифр.

        state: Address
            a: Куда привезти? Улица, дом, квартира.

            state: Get
                q: * $regexp<\d+.*> *
                script: $session.address = $request.query;
                go!: /Order/Confirm

            state: Wrong
                event: noMatch
                a: Не вижу номера дома. Напишите, например: «Лесная, 7, кв. 12».

        state: Confirm
            a: Проверим:
                {{cartText()}}
                Доставка: {{$session.address}}
                Телефон: {{$client.phone}}
                Всего {{rubles(totalSum())}}. Всё верно?
            buttons:
                "Верно" -> ./Send
                "Другой адрес" -> /Order/Address
                "Отменить" -> /Order/Cancel

            state: Send
                q: $agree
                script:
                    var response = $http.post($injector.api + "/orders", {
                        body: {
                            name: $client.name,
                            phone: $client.phone,
                            address: $session.address,
                            lines: cartLines().map(function(line) { return { id: line.id, count: line.count }; }),
                        },
                        timeout: 10000,
                    });
                    // Ответ без номера заказа — ошибка скрипта: её увидит onScriptError.
                    $temp.number = response.isOk ? response.data.order.number : null;
                if: $temp.number
                    script:
                        $client.lastOrder = $temp.number;
                        $session.cart = {};
                    a: Заказ {{$temp.number}} принят, спасибо! Позвоним завтра утром.
                    go: /Start
                else:
                    a: Склад сейчас не отвечает. Корзина на месте: попробуем ещё раз?
                    buttons:
                        "Ещё раз" -> /Order/Confirm/Send
                        "Позвать человека" -> /Operator

        state: Cancel
            q: * (отмен*|передумал*|стоп|не буду|назад) *
            a: Заказ отменён, корзина осталась.
            go: /Start

    state: Status
        q!: * {(где|когда|статус|придёт|едет) * (заказ*|посылк*)} *
        if: !$client.lastOrder
            a: Пока не вижу ваших заказов.
        else:
            script:
                var response = $http.get($injector.api + "/orders/${number}", { query: { number: $client.lastOrder } });
                $temp.status = response.isOk ? response.data.status : "неизвестно, склад не отвечает";
            a: Заказ {{$client.lastOrder}}: {{$temp.status}}.
