// $jsapi and the functions that are global.
(function (K) {
    'use strict';
    var P = K.P;

    function line(of) {
        var parts = [];
        for (var i = 0; i < of.length; i++) {
            var v = of[i];
            K.push(parts, v instanceof P.Error ? K.string(v) : K.isObject(v) ? K.json(v) : P.String(v));
        }
        return P.join(parts, ' ');
    }
    function log() { K.log(line(arguments)); }

    // pretty is JSON on several lines, without what is null; a cycle is named.
    function pretty(of) {
        if (typeof of === 'string') return of;
        var path = [];
        var text = P.stringify(of, function (name, v) {
            if (v === null || v === undefined) return undefined;
            if (typeof v === 'bigint') return P.String(v);
            if (!K.isObject(v)) return v;
            while (path.length > 0 && path[path.length - 1] !== this) path.length--;
            if (P.indexOf(path, v) >= 0) return 'cycle';
            path[path.length] = v;
            return v;
        }, 2);
        return text === undefined ? P.String(of) : text;
    }

    function capitalize(text) {
        text = K.shown(text);
        return P.upper(P.charAt(text, 0)) + P.substring(text, 1);
    }

    // selectRandomArg takes the variants as arguments or as one list.
    function selectRandomArg() {
        var list = arguments.length === 1 && P.isArray(arguments[0]) ? arguments[0] : arguments;
        return list.length === 0 ? undefined : list[K.smartRandom(list.length)];
    }

    function xml(text) { return P.parse(K.host('xml', K.string(text))); }

    function distance(a, b) {
        a = K.string(a); b = K.string(b);
        if (a.length > 5000 || b.length > 5000) throw new P.RangeError('levenshtein: at most 5000 characters');
        var row = [];
        for (var i = 0; i <= b.length; i++) row[i] = i;
        for (var j = 1; j <= a.length; j++) {
            var corner = row[0];
            row[0] = j;
            for (var k = 1; k <= b.length; k++) {
                var up = row[k];
                row[k] = P.min(up + 1, row[k - 1] + 1, corner + (P.charAt(a, j - 1) === P.charAt(b, k - 1) ? 0 : 1));
                corner = up;
            }
        }
        return row[b.length];
    }

    function clearSession(call) {
        return function () {
            K.ctx.session = {};
            K.call(call, null);
        };
    }

    var jsapi = {
        bind: function (type, handler, path, name) { K.bind(type, handler, path, name); },
        context: function () { return K.ctx; },
        log: log,
        startSession: clearSession('jsapi.startSession'),
        stopSession: clearSession('jsapi.stopSession'),
        newSession: function (arg) { K.startNewSession(arg); },
        stopScript: function () { K.stop(); },
        chatHistory: function (arg) {
            var list = K.call('jsapi.chatHistory', arg === undefined ? {} : arg);
            return list === null ? [] : list;
        },
        currentTime: function () { return K.now(); },
        // With a format, the time in a zone as text; without one, milliseconds moved by the zone's offset.
        timeForZone: function (zone, format) {
            if (typeof format === 'string') return K.host('zoned', K.string(zone), format);
            return K.now() + K.host('offset', K.string(zone)) * 1000;
        },
        dateForZone: function (zone, format) { return K.host('zoned', K.string(zone), format === undefined ? 'dd.MM.yyyy' : K.string(format)); },
        random: function (max) { return K.random(max); },
        resolvePath: function (base, path) {
            if (path === undefined) { path = base; base = K.ctx.currentState; }
            var full = K.call('resolvePath', { base: base, path: path });
            return full === null ? path : full;
        },
        parseXml: xml,
        levenshtein: { distance: distance },
        version: '1.0',
        testMode: function () { return !!K.ctx.testContext; },
    };
    K.define('$jsapi', jsapi);

    K.define('bind', jsapi.bind);
    K.define('log', log);
    K.define('toPrettyString', pretty);
    K.define('capitalize', capitalize);
    K.define('selectRandomArg', selectRandomArg);
    K.define('parseXml', xml);
    K.define('testMode', jsapi.testMode);
    K.define('hasOperatorsOnline', function (group) { return K.call('hasOperatorsOnline', group === undefined ? null : group) === true; });
    K.define('currentDate', function () {
        var request = K.ctx.request, date = K.moment().utc(K.now());
        if (K.isObject(request) && K.isObject(request.data) && typeof request.data.offset === 'number') date.utcOffset(request.data.offset);
        return date;
    });

    K.define('console', { log: log, info: log, warn: log, error: log, debug: log, trace: log });

    // Timers do not wait: what they are given runs in order of the delays, after the script that
    // set them and within the same turn.
    function timer(f, delay) {
        var code = f;
        if (typeof f !== 'function') f = function () { K.evaluate(K.string(code)); };
        return K.defer(f, K.copy(arguments, 2), delay);
    }
    K.define('setTimeout', timer);
    K.define('setImmediate', function (f) { return timer(f, 0); });
    K.define('setInterval', timer); // once: nothing would stop the others within a turn
    K.define('clearTimeout', K.cancelTimer);
    K.define('clearInterval', K.cancelTimer);
    K.define('clearImmediate', K.cancelTimer);
})
