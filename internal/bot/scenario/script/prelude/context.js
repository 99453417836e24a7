// $context and the globals that look into it. They are accessors: assigning one replaces the
// object in $context, and the other way round (scenario language, 3).
(function (K) {
    'use strict';
    var P = K.P;

    // What every context has, whatever Go gave.
    var objects = ['session', 'client', 'temp', 'request', 'response', 'injector'];

    K.setContext = function (ctx) {
        if (!K.isObject(ctx)) ctx = {};
        for (var i = 0; i < objects.length; i++) {
            if (!K.isObject(ctx[objects[i]])) ctx[objects[i]] = {};
        }
        K.ctx = ctx;
    };

    function field(name) {
        P.define(K.root, '$' + name, {
            get: function () { return K.ctx[name]; },
            set: function (v) { K.ctx[name] = v; },
            enumerable: false, configurable: false,
        });
    }
    var fields = ['session', 'client', 'temp', 'request', 'response', 'parseTree', 'injector', 'entities', 'nluResults'];
    for (var i = 0; i < fields.length; i++) field(fields[i]);

    function whole(name) {
        P.define(K.root, name, {
            get: function () { return K.ctx; },
            set: function (v) { if (K.isObject(v)) K.setContext(v); },
            enumerable: false, configurable: false,
        });
    }
    whole('$context');
    whole('$');

    // The bot's global variables: those of its files, and require's var.
    K.define('$global', K.root);

    K.setContext({});

    // ---- expressions in text ----

    var compiled = new P.Map();
    function expression(code) {
        var f = P.mapGet(compiled, code);
        if (f === undefined) {
            if (P.mapSize(compiled) > 500) P.mapClear(compiled);
            f = P.globalEval('(function () { return (' + code + '\n); })');
            P.mapSet(compiled, code, f);
        }
        return f;
    }
    K.evaluate = function (code) { return P.apply(expression(code), undefined, []); };

    // expand replaces each {{ expression }} of a text by its value. When it is known which
    // expressions the bot's files have, no others run: a client may write some too.
    K.expand = function (text) {
        var known = K.root.$$templates;
        text = K.string(text);
        var out = '', at = 0;
        for (;;) {
            var from = P.find(text, '{{', at);
            var to = from < 0 ? -1 : P.find(text, '}}', from);
            if (to < 0) return out + P.substring(text, at);
            while (P.charAt(text, to + 2) === '}') to++; // {{ {a: 1}.a }} ends at the last brace
            var code = P.trim(P.substring(text, from + 2, to));
            var whole = P.substring(text, from, to + 2);
            out += P.substring(text, at, from);
            if (K.isObject(known) && !P.hasOwn(known, whole)) out += whole;
            else if (code !== '') out += K.shown(K.evaluate(code));
            at = to + 2;
        }
    };
})
