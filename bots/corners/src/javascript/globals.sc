# Functions that every script has.
theme: /javascript

    state: log
        q!: log
        script: log("a line"); log({ an: "object" });
        a: logged

    state: toPrettyString
        q!: to pretty string
        script: $temp.text = toPrettyString({ a: 1, b: { c: "d" } });
        a: {{$temp.text}}

    state: capitalize
        q!: capitalize
        a: {{capitalize("ёжик")}}

    state: currentDate
        q!: current date
        a: {{currentDate().format("YYYY-MM-DD")}} {{currentDate().add(1, "day").format("YYYY-MM-DD")}}

    state: parseXml
        q!: parse xml
        script: var xml = parseXml("<test><a>1</a><a>2</a><b name='x'>text</b></test>"); $temp.text = xml.test.a.join("+");
        a: {{$temp.text}}

    state: hasOperatorsOnline
        q!: has operators online
        a: {{hasOperatorsOnline()}}

    state: testMode
        q!: test mode
        a: {{testMode()}}

    state: selectRandomArg
        q!: select random arg
        a: {{selectRandomArg("a", "b", "c")}} {{selectRandomArg(["d", "e"])}}

    state: moment
        q!: moment
        a: {{moment("2026-02-28").add(1, "day").format("D.MM")}} {{moment($jsapi.currentTime()).format("HH:mm")}}

    state: _
        q!: underscore
        a: {{_.uniq([1, 1, 2]).join("")}} {{_.pluck([{n: "a"}, {n: "b"}], "n").join("")}}

    # Modern scripts of other runtimes find what they know.
    state: promises and fetch
        q!: promises
        scriptEs6:
            const response = await fetch("https://api.example.com/goods/7?name=x");
            const { price } = await response.json();
            $temp.price = price;
        a: {{$temp.price}}
