# Точка входа: что где лежит, первые слова и то, что не понято.
require: patterns.sc
    module = sys.zb-common
require: common.js
    module = sys.zb-common
require: number/number.sc
    module = sys.zb-common
require: phoneNumber/phoneNumber.sc
    module = sys.zb-common

require: data/catalogue.yaml
    var = Catalogue
require: data/names.csv
    name = Names
require: data/phrases.yaml
    var = Phrases

require: code/cart.js
require: code/handlers.js
require: patterns.sc
require: catalogue.sc
require: cart.sc
require: order.sc
require: people.sc

theme: /

    state: Start
        q!: $regex</start>
        q!: $hello [*]
        if: $client.name
            a: С возвращением, {{$client.name}}! Чайник уже горячий.
        else:
            a: Здравствуйте! Это чайная лавка «Три листа»: пуэры, улуны и травы, привезём завтра.
        buttons:
            "Каталог" -> /Catalogue
            "Корзина" -> /Cart
            "Доставка" -> /Delivery

    state: Delivery
        q!: * (достав*|привез*|курьер*|оплат*|самовывоз*) *
        a: Привозим на следующий день с 10 до 20. Доставка {{rubles($injector.delivery.price)}}, а от {{rubles($injector.delivery.freeFrom)}} бесплатно. Оплата при получении.
        buttons:
            "Каталог" -> /Catalogue

    state: Thanks || noContext = true
        q!: $thanks
        a: {{selectRandomArg(Phrases.thanks)}}

    state: Bye
        q!: $bye
        a: До встречи! Пусть чай не остывает.

    state: NoMatch || noContext = true
        event!: noMatch
        random:
            a: Не понял вас. Скажите, например: «две пачки шу пуэра» или «что в корзине».
            a: Я разбираюсь только в чае. Показать каталог?
        buttons:
            "Каталог" -> /Catalogue
            "Позвать человека" -> /Operator

    # Сюда ведёт обработчик ошибок из code/handlers.js.
    state: Failure
        a: Ой, у меня перелилось через край. Попробуйте ещё раз или позовите человека.
        buttons:
            "Позвать человека" -> /Operator
