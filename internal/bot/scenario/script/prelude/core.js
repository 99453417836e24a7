// The kernel of the prelude: what the other files here and the Go side work with. It is run
// first, before any code of a bot, and keeps its own references to all it uses, so that a bot
// that replaces a built-in (JSON = null) harms only itself.
//
// host(op, a, b) is the one function of Go: it returns a value, or throws.
(function (host) {
    'use strict';

    var root = globalThis; // under a name that no script can change
    var uncurry = Function.prototype.bind.bind(Function.prototype.call);
    var apply = Reflect.apply;
    var P = {
        apply: apply,
        construct: Reflect.construct,
        stringify: JSON.stringify,
        parse: JSON.parse,
        keys: Object.keys,
        create: Object.create,
        define: Object.defineProperty,
        descriptor: Object.getOwnPropertyDescriptor,
        assign: Object.assign,
        freeze: Object.freeze,
        isArray: Array.isArray,
        hasOwn: uncurry(Object.prototype.hasOwnProperty),
        slice: uncurry(Array.prototype.slice),
        join: uncurry(Array.prototype.join),
        indexOf: uncurry(Array.prototype.indexOf),
        substring: uncurry(String.prototype.substring),
        charAt: uncurry(String.prototype.charAt),
        find: uncurry(String.prototype.indexOf),
        trim: uncurry(String.prototype.trim),
        lower: uncurry(String.prototype.toLowerCase),
        upper: uncurry(String.prototype.toUpperCase),
        replace: uncurry(String.prototype.replace),
        code: uncurry(String.prototype.charCodeAt),
        split: uncurry(String.prototype.split),
        wellFormed: uncurry(String.prototype.toWellFormed),
        subarray: uncurry(Object.getPrototypeOf(Uint8Array.prototype).subarray),
        fromCode: String.fromCharCode,
        fromPoint: String.fromCodePoint,
        decodeURIComponent: decodeURIComponent,
        parseInt: parseInt,
        Uint8Array: Uint8Array, ArrayBuffer: ArrayBuffer,
        fixed: uncurry(Number.prototype.toFixed),
        exec: uncurry(RegExp.prototype.exec),
        then: uncurry(Promise.prototype.then),
        resolve: uncurry(Promise.resolve),
        all: uncurry(Promise.all),
        allSettled: uncurry(Promise.allSettled),
        functionText: uncurry(Function.prototype.toString),
        mapGet: uncurry(Map.prototype.get),
        mapSet: uncurry(Map.prototype.set),
        mapClear: uncurry(Map.prototype.clear),
        mapSize: uncurry(Object.getOwnPropertyDescriptor(Map.prototype, 'size').get),
        floor: Math.floor,
        min: Math.min,
        max: Math.max,
        encodeURIComponent: encodeURIComponent,
        globalEval: eval,
        String: String, Number: Number, Error: Error,
        Promise: Promise, Proxy: Proxy, Map: Map, Date: Date, Symbol: Symbol, TypeError: TypeError,
        RangeError: RangeError, isNaN: isNaN, parseFloat: parseFloat,
    };

    var K = {
        P: P,
        root: root,
        // The engine makes every error of Go a TypeError, which says the wrong thing.
        host: function (op, a, b) {
            try {
                return host(op, a, b);
            } catch (e) {
                throw new P.Error(e.message);
            }
        },
        ctx: null,
        loading: true,
        virtual: false,
        blocks: [],
        loadHandlers: [],
        turnHandlers: [],
        onBegin: [], // functions that services have run at the start of a turn
    };

    // ---- small things ----

    K.isObject = function (v) { return v !== null && typeof v === 'object'; };
    K.put = function (of, name, value) { P.define(of, name, { value: value, writable: true, enumerable: true, configurable: true }); };
    K.push = function (list, item) { K.put(list, list.length, item); };
    // copy copies a list of arguments or items. What is built in for that asks the list how.
    K.copy = function (list, from) {
        var result = [];
        for (var i = from || 0; i < list.length; i++) K.push(result, list[i]);
        return result;
    };
    K.removeAt = function (list, at) {
        for (var i = at; i + 1 < list.length; i++) list[i] = list[i + 1];
        list.length--;
    };
    K.replaceAll = function (text, old, by) {
        var out = '', at = 0;
        for (;;) {
            var next = P.find(text, old, at);
            if (next < 0) return out + P.substring(text, at);
            out += P.substring(text, at, next) + by;
            at = next + old.length;
        }
    };
    K.string = function (v) {
        if (typeof v === 'string') return v;
        if (typeof v === 'symbol') return '';
        return P.String(v);
    };
    // json is JSON of v without what has none: functions, cycles, big integers, getters that throw.
    K.json = function (v) {
        var text;
        try {
            text = P.stringify(v);
        } catch (e) {
            text = P.stringify(plain(v, [], 0));
        }
        return text === undefined ? 'null' : text;
    };
    function plain(v, path, depth) {
        if (typeof v === 'bigint') return P.String(v);
        if (typeof v === 'function' || typeof v === 'symbol') return undefined;
        if (!K.isObject(v)) return v;
        if (depth > 100 || P.indexOf(path, v) >= 0) return undefined;
        try {
            if (typeof v.toJSON === 'function') return plain(v.toJSON(), path, depth + 1);
        } catch (e) {
            return undefined;
        }
        var below = K.copy(path);
        K.push(below, v);
        if (P.isArray(v)) {
            var list = [];
            for (var i = 0; i < v.length; i++) {
                var item = plain(v[i], below, depth + 1);
                K.push(list, item === undefined ? null : item);
            }
            return list;
        }
        var result = P.create(null), names = P.keys(v);
        for (var j = 0; j < names.length; j++) {
            try {
                var field = plain(v[names[j]], below, depth + 1);
                if (field !== undefined) result[names[j]] = field;
            } catch (e) { } // a getter that throws: the field is left out
        }
        return result;
    }

    // call asks the host for a service; what it does not know is null.
    K.call = function (service, args) {
        return P.parse(K.host('call', service, K.json(args === undefined ? null : args)));
    };
    K.log = function (text) { K.host('log', K.string(text)); };
    K.now = function () { return K.host('now'); };
    // random is a number from 0 to n-1.
    K.random = function (n) {
        n = P.floor(P.Number(n));
        return n >= 1 ? K.host('random', n) : 0;
    };
    // shown is how log and {{ }} write a value.
    K.shown = function (v) {
        if (v === undefined || v === null) return '';
        return K.string(v);
    };

    // define makes a global that scripts may replace: for good while the bot loads, else for the turn.
    var globals = [], names = [];
    K.define = function (name, value) {
        P.define(root, name, { value: value, writable: true, enumerable: false, configurable: true });
        if (K.loading && P.indexOf(names, name) < 0) K.push(names, name);
    };
    K.rememberGlobals = function () {
        for (var i = 0; i < names.length; i++) {
            var there = P.descriptor(root, names[i]);
            if (there !== undefined && there.get === undefined) K.push(globals, { name: names[i], value: there.value });
        }
    };
    // What scripts make of the bot's global variables is for one client only: resetGlobals makes them
    // what they were when the bot was loaded, and takes away those that came later.
    var loaded = new P.Map(), loadedNames = [];
    K.rememberVariables = function () {
        loadedNames = P.keys(root);
        for (var i = 0; i < loadedNames.length; i++) P.mapSet(loaded, loadedNames[i], { value: root[loadedNames[i]] });
    };
    K.resetVariables = function () {
        var now = P.keys(root), i, was;
        for (i = 0; i < now.length; i++) {
            was = P.mapGet(loaded, now[i]);
            try {
                if (was === undefined) delete root[now[i]];
                else if (root[now[i]] !== was.value) root[now[i]] = was.value;
            } catch (e) { } // one that cannot be changed
        }
        if (now.length >= loadedNames.length) return;
        for (i = 0; i < loadedNames.length; i++) {
            if (!P.hasOwn(root, loadedNames[i])) K.put(root, loadedNames[i], P.mapGet(loaded, loadedNames[i]).value);
        }
    };
    K.restoreGlobals = function () {
        for (var i = 0; i < globals.length; i++) {
            if (root[globals[i].name] !== globals[i].value) K.define(globals[i].name, globals[i].value);
        }
    };
    // lazy makes a global that is made when it is first looked at.
    K.lazy = function (name, make) {
        P.define(root, name, {
            get: function () { var v = make(); K.define(name, v); return v; },
            set: function (v) { K.define(name, v); },
            enumerable: false, configurable: true,
        });
    };

    return K;
})
