# $http calls other programs, and waits for them.
theme: /javascript

    state: $http.get
        q!: http get
        script:
            var r = $http.get("https://api.example.com/goods/${id}?name=${name}", { query: { id: 7, name: "чай чёрный" }, timeout: 5000 });
            $reactions.answer(r.isOk + " " + r.status + " " + r.data.price + " " + (r.error === undefined) + " " + (typeof r.response.headers));

    state: $http.post
        q!: http post
        script:
            var r = $http.post("https://api.example.com/orders", { body: { id: 7, tags: ["new"] }, headers: { "X-Key": "secret" } });
            $reactions.answer(r.status + " " + r.data.number);

    state: $http.put
        q!: http put
        script: $reactions.answer($http.put("https://api.example.com/orders/1", { body: { paid: true } }).data);

    state: $http.delete
        q!: http delete
        script: $reactions.answer("gone: " + $http.delete("https://api.example.com/orders/1").isOk);

    state: $http.query
        q!: http query
        script:
            var r = $http.query("https://api.example.com/login", { method: "POST", form: { user: "ann", words: "a b" }, dataType: "text" });
            $reactions.answer(r.data);

    state: $http xml
        q!: http xml
        script: $reactions.answer($http.get("https://api.example.com/rates", { dataType: "xml" }).data.rates.usd);

    state: $http error
        q!: http error
        script:
            var r = $http.get("https://api.example.com/broken");
            $reactions.answer(r.isOk + " " + r.status + " " + r.error);

    state: $http unreachable
        q!: http unreachable
        script:
            var r = $http.get("https://nowhere.example.com/");
            $reactions.answer(r.isOk + " " + r.status + " " + (typeof r.error) + " " + JSON.stringify(r.response));

    state: $http.then
        q!: http then
        script:
            $http.get("https://api.example.com/goods/7?name=x")
                .then(function(data) { $reactions.answer("then " + data.price); })
                .catch(function(response, status, error) { $reactions.answer("never"); });
            $http.get("https://api.example.com/broken")
                .then(function() { $reactions.answer("never"); })
                .catch(function(response, status, error) { $reactions.answer("catch " + status + " " + error); });

    state: $http limit
        q!: http limit
        script:
            for (var i = 0; i < 15; i++) $http.get("https://api.example.com/goods/7?name=x");
            var r = $http.get("https://api.example.com/goods/7?name=x");
            $reactions.answer(r.error + " " + r.status);
