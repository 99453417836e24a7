# Передача разговора людям. Оператор сразу видит, кто пишет и что в корзине.
theme: /

    state: Operator
        q!: $switchToOperator
        q!: * (человек*|оператор*|продавец|продавца|менеджер*|жалоб*) *
        a: Зову продавца.
        script:
            $response.replies.push({
                type: "switch",
                firstMessage: "Корзина: " + (cartText() || "пусто"),
                closeChatPhrases: ["/вернуться к боту"],
                appendCloseChatButton: true,
                sendMessagesToOperator: true,
                attributes: { name: $client.name || "", phone: $client.phone || "", sum: goodsSum() },
            });

        state: Back
            event: livechatFinished
            a: Это снова я, бот. Чем ещё помочь?
            go!: /Cart

        state: Nobody
            event: noLivechatOperatorsOnline
            a: Сейчас все заняты или спят: продавцы на месте с 9 до 21. Ваш вопрос они увидят утром.
