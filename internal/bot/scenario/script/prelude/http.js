// $http: calls to other servers, made at once (synchronously). What goes out and how the answer
// is read follows the table of headers and dataType in the language's description.
(function (K) {
    'use strict';
    var P = K.P;
    var maxCalls = 15; // of one turn, as documented
    var calls = 0, config = {}, cache = new P.Map();
    K.push(K.onBegin, function () { calls = 0; K.unhandled = []; });
    K.unhandled = [];

    var types = { json: 'application/json', xml: 'application/xml', text: 'text/plain' };

    // fill puts the values of query where the URL has ${name}; behind the ? as forms have them.
    function fill(url, query) {
        if (!K.isObject(query)) return url;
        var out = '', at = 0, asked = false;
        for (;;) {
            var from = P.find(url, '${', at), to = from < 0 ? -1 : P.find(url, '}', from);
            if (to < 0) return out + P.substring(url, at);
            var before = P.substring(url, at, from), name = P.trim(P.substring(url, from + 2, to));
            if (P.find(before, '?') >= 0) asked = true;
            out += before;
            if (query[name] === undefined) out += P.substring(url, from, to + 1);
            else out += encode(query[name], asked);
            at = to + 1;
        }
    }
    function encode(value, form) {
        var text = P.encodeURIComponent(P.wellFormed(K.isObject(value) ? K.json(value) : K.shown(value))); // it throws at half of a character
        return form ? K.replaceAll(text, '%20', '+') : text;
    }
    K.formEncode = function (value) { return encode(value, true); };

    function formOf(form) {
        var parts = [], names = P.keys(form);
        for (var i = 0; i < names.length; i++) {
            var values = P.isArray(form[names[i]]) ? form[names[i]] : [form[names[i]]];
            for (var j = 0; j < values.length; j++) K.push(parts, encode(names[i], true) + '=' + encode(values[j], true));
        }
        return P.join(parts, '&');
    }

    function absolute(url) {
        if (P.exec(/^[a-z][a-z0-9+.-]*:\/\//i, url) !== null || !K.isObject(config.url)) return url;
        var base = (config.url.protocol || 'http') + '://' + config.url.host;
        if (config.url.port) base += ':' + config.url.port;
        return base + (P.charAt(url, 0) === '/' ? '' : '/') + url;
    }

    function header(headers, name) {
        var names = P.keys(headers);
        for (var i = 0; i < names.length; i++) if (P.lower(names[i]) === name) return headers[names[i]];
        return undefined;
    }

    // request makes of the settings what Go sends.
    function request(url, settings) {
        var r = { method: P.upper(K.string(settings.method || 'GET')), url: fill(absolute(P.trim(K.string(url))), settings.query), headers: {} };
        var given = K.isObject(settings.headers) ? settings.headers : {}, names = P.keys(given);
        for (var i = 0; i < names.length; i++) {
            if (given[names[i]] !== undefined && given[names[i]] !== null) r.headers[names[i]] = K.string(given[names[i]]);
        }
        if (config.authHeader !== undefined && header(r.headers, 'authorization') === undefined) r.headers.Authorization = K.string(config.authHeader);
        var type = header(r.headers, 'content-type');
        if (K.isObject(settings.form)) {
            r.body = formOf(settings.form);
            if (type === undefined) r.headers['Content-Type'] = 'application/x-www-form-urlencoded';
        } else if (settings.body !== undefined && settings.body !== null) {
            r.body = bodyOf(settings.body, type);
            if (type === undefined) r.headers['Content-Type'] = types[settings.dataType] || types.json;
        }
        var timeout = P.Number(settings.timeout === undefined ? config.timeout : settings.timeout);
        if (timeout > 0) r.timeout = timeout;
        return r;
    }
    function bodyOf(body, type) {
        if (typeof body === 'string') return body;
        if (type !== undefined && P.find(P.lower(type), 'x-www-form-urlencoded') >= 0 && K.isObject(body)) return formOf(body);
        return K.json(body);
    }

    // read turns the text of an answer into data, as dataType or its content type says. What
    // cannot be read stays text.
    function read(text, dataType, contentType) {
        var type = P.lower(K.shown(contentType));
        var json = dataType === 'json' || types[dataType] === undefined && P.find(type, 'json') >= 0;
        var xml = dataType === 'xml' || types[dataType] === undefined && P.find(type, 'xml') >= 0 && P.find(type, 'html') < 0;
        try {
            if (json) return text === '' ? undefined : P.parse(text);
            if (xml) return P.parse(K.host('xml', text));
        } catch (e) { } // not what it says it is
        return text;
    }

    function failed(error) { return { isOk: false, status: -1, data: undefined, error: error, response: {} }; }

    function send(url, settings) {
        if (calls >= maxCalls) return failed('Callback limit reached');
        calls++;
        var r = request(url, settings), key = null;
        if (settings.cachingRequired === true && config.cacheTimeToLiveInSeconds > 0) {
            key = K.json([r.method, r.url, r.body]);
            var kept = P.mapGet(cache, key);
            if (kept !== undefined && K.now() < kept.until) return result(P.parse(kept.answer), settings);
        }
        var answer = K.host('fetch', K.json(r)), a = P.parse(answer);
        if (key !== null && a.status >= 200 && a.status < 300) {
            if (P.mapSize(cache) >= 100) P.mapClear(cache);
            P.mapSet(cache, key, { until: K.now() + config.cacheTimeToLiveInSeconds * 1000, answer: answer });
        }
        return result(a, settings);
    }
    K.send = send;
    function result(a, settings) {
        if (a.error !== undefined) return failed(a.error);
        var ok = a.status >= 200 && a.status < 300;
        var data = read(a.body, settings.dataType, a.headers['content-type']);
        return {
            isOk: ok, status: a.status, data: data,
            error: ok ? undefined : a.body !== '' ? a.body : 'HTTP status ' + a.status,
            response: { status: a.status, statusCode: a.status, headers: a.headers, body: a.body, data: data },
        };
    }

    // chain gives a result then and catch, which run at once: then with (data, status, response),
    // catch with (response, status, error). What a function of then throws is for the next catch;
    // when none takes it, it is the script's error.
    function chain(r) {
        var state = r.isOk
            ? { ok: true, args: [r.data, r.status, r.response] }
            : { ok: false, args: [r.response, r.status, r.error] };
        return linked(r, state, r);
    }
    function linked(target, state, whole) {
        hidden(target, 'then', function (onOk, onError) {
            if (isNative(onOk)) return awaited(state, whole, onOk, onError);
            if (state.ok) return next(state, onOk, whole);
            return typeof onError === 'function' ? next(state, onError, whole) : target;
        });
        hidden(target, 'catch', function (onError) { return state.ok ? target : next(state, onError, whole); });
        hidden(target, 'fail', target['catch']);
        hidden(target, 'finally', function (f) { if (typeof f === 'function') f(); return target; });
        return target;
    }
    function awaited(state, whole, resolve, reject) {
        settle(state);
        if (whole !== undefined) resolve(P.assign({}, whole));
        else if (state.ok) resolve(state.args[0]);
        else reject(state.args[0]);
        return undefined;
    }
    function next(state, f, whole) {
        settle(state);
        if (typeof f !== 'function') return linked({}, { ok: state.ok, args: state.args }, undefined);
        var after;
        try {
            var value = P.apply(f, undefined, state.args);
            after = { ok: true, args: [value] };
            if (K.isObject(value) && typeof value.then === 'function') return value;
        } catch (e) {
            if (e === K.abort) throw e;
            after = { ok: false, args: [e, undefined, e], error: e };
            K.push(K.unhandled, after);
        }
        return linked({}, after, undefined);
    }
    function settle(state) {
        var at = P.indexOf(K.unhandled, state);
        if (at >= 0) K.removeAt(K.unhandled, at);
    }
    function hidden(of, name, value) { P.define(of, name, { value: value, writable: true, enumerable: false, configurable: true }); }
    // await hands native functions to then, and wants all of the result.
    function isNative(f) { return typeof f === 'function' && P.find(P.functionText(f), '[native code]') >= 0; }

    function query(url, settings, method) {
        if (K.isObject(url)) { settings = url; url = settings.url; }
        settings = P.assign({}, K.isObject(settings) ? settings : {});
        if (method !== undefined) settings.method = method;
        return chain(send(url, settings));
    }
    function using(method) { return function (url, settings) { return query(url, settings, method); }; }

    K.define('$http', {
        query: function (url, settings) { return query(url, settings); },
        get: using('GET'),
        post: using('POST'),
        put: using('PUT'),
        patch: using('PATCH'),
        'delete': using('DELETE'),
        head: using('HEAD'),
        config: function (settings) { if (K.isObject(settings)) config = P.assign({}, config, settings); },
        // check gives the first of the URLs that answers.
        check: function (method, urls) {
            if (urls === undefined) { urls = method; method = 'HEAD'; }
            if (!P.isArray(urls)) urls = [urls];
            for (var i = 0; i < urls.length; i++) if (send(urls[i], { method: method }).isOk) return urls[i];
            return undefined;
        },
    });

    // $fetch is the same with promises.
    function fetched(method) {
        return function (url, settings) {
            var r = send(url, P.assign({}, K.isObject(settings) ? settings : {}, method === undefined ? {} : { method: method }));
            var text = K.isObject(r.response) && typeof r.response.body === 'string' ? r.response.body : '';
            r.content = r.data;
            r.isSuccessful = function () { return r.isOk; };
            r.serialize = function () { return { isOk: r.isOk, status: r.status, content: r.data, error: r.error }; };
            r.json = function () { return P.parse(text); };
            r.text = function () { return text; };
            return P.resolve(P.Promise, r);
        };
    }
    K.define('$fetch', {
        query: fetched(), get: fetched('GET'), post: fetched('POST'), put: fetched('PUT'), 'delete': fetched('DELETE'),
        all: function (list) { return P.all(P.Promise, list); },
        allSettled: function (list) { return P.allSettled(P.Promise, list); },
    });
})
