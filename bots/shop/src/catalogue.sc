# Каталог показывают каруселью: такого тега нет, и ответ кладут в $response.replies сами.
theme: /

    state: Catalogue
        q!: * (каталог|ассортимент|прайс*|цены|меню|выбор|{(что|какой|какие|чай|чаи) * (есть|прода*|предлож*|посовету*)}) *
        a: Вот что у нас есть.
        script:
            $response.replies.push({
                type: "carousel",
                text: "Чай",
                content: Object.keys(Catalogue).map(function(id) {
                    var tea = Catalogue[id];
                    return { title: tea.title, description: tea.about + " " + rubles(tea.price), image: tea.image, btnText: tea.title };
                }),
            });
        a: Напишите, что положить в корзину, например: «две пачки пуэра».

        state: More
            q: (что такое|расскаж* про|расскаж* о|как* на вкус) $tea
            q: $tea
            go!: /Tea

    state: Tea
        q!: * (сколько стоит|цена|почём|что такое|расскаж*|опиши*) * $tea *
        script: $session.tea = $parseTree._tea;
        image: {{Catalogue[$session.tea].image}}
        a: {{Catalogue[$session.tea].title}}. {{Catalogue[$session.tea].about}} Цена {{rubles(Catalogue[$session.tea].price)}}.
        buttons:
            "Беру" -> ./Take
            "Каталог" -> /Catalogue

        state: Take
            q: ($agree|беру|положи*|возьм*) [$quantity [$pack]]
            script:
                $temp.id = $session.tea;
                $temp.count = $parseTree._quantity || 1;
            go!: /Cart/Add
