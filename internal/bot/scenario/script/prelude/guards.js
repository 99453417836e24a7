// The engine looks at the clock between instructions, not inside of what is built in, so that one
// call over a list of a billion holes would not end with the turn's time. What is built in and
// works in proportion to lengths is therefore counted here before it runs: lengths have a limit, and
// after so many steps the clock is looked at.
(function (K) {
    'use strict';
    var P = K.P;
    var maxLength = 5e6;    // of a list that something built in goes through
    var maxWork = 5e9;      // comparisons of one search in a text
    var stepsPerLook = 5e5; // a few milliseconds
    var steps = stepsPerLook;

    // charge counts steps; when the turn's time is over it throws, again and again, until the engine
    // has seen it too.
    function charge(n) {
        steps -= n;
        if (steps > 0) return;
        steps = stepsPerLook;
        if (K.host('late')) {
            steps = 0;
            throw new P.Error('the scripts of the turn took too long');
        }
    }
    K.push(K.onBegin, function () { steps = stepsPerLook; });

    function lengthOf(of) {
        if (of === null || of === undefined) return 0;
        var n = of.length;
        if (typeof n !== 'number') n = P.Number(n) || 0;
        if (n > maxLength) throw new P.RangeError('a list of ' + n + ' items is too long, at most ' + maxLength);
        return n;
    }

    // wrap puts a function in the place of one that is built in, under its name.
    function wrap(of, name, before) {
        var there = P.descriptor(of, name);
        if (there === undefined || typeof there.value !== 'function') return;
        var native = there.value;
        var guarded = {
            // A method, so that it is no constructor, as the one it stands for.
            f() {
                before(this, arguments);
                return P.apply(native, this, arguments);
            },
        }.f;
        P.define(guarded, 'name', { value: name, configurable: true });
        P.define(guarded, 'length', { value: native.length, configurable: true });
        there.value = guarded;
        P.define(of, name, there);
        return guarded;
    }
    function each(of, names, before) {
        for (var i = 0; i < names.length; i++) wrap(of, names[i], before);
    }

    var whole = ['indexOf', 'lastIndexOf', 'includes', 'fill', 'reverse', 'copyWithin', 'forEach', 'map', 'filter', 'some', 'every',
        'reduce', 'reduceRight', 'find', 'findIndex', 'findLast', 'findLastIndex', 'join', 'slice', 'splice', 'shift', 'unshift',
        'flatMap', 'toReversed', 'toSpliced', 'with', 'toString', 'toLocaleString', 'set'];
    function byLength(self) { charge(lengthOf(self)); }
    function sorting(self) { charge(lengthOf(self) * 20); }
    var typed = Object.getPrototypeOf(Uint8Array.prototype);
    each(Array.prototype, whole, byLength);
    each(typed, whole, byLength);
    each(Array.prototype, ['sort', 'toSorted'], sorting);
    each(typed, ['sort', 'toSorted'], sorting);
    wrap(Array.prototype, 'concat', function (self, args) {
        var n = lengthOf(self);
        for (var i = 0; i < args.length; i++) if (P.isArray(args[i])) n += lengthOf(args[i]);
        charge(n);
    });
    wrap(Array.prototype, 'flat', byLength);
    wrap(Array, 'from', function (self, args) { if (K.isObject(args[0]) || typeof args[0] === 'string') charge(lengthOf(args[0])); });
    wrap(Array, 'of', function (self, args) { charge(args.length); });

    // ---- texts ----

    function lengthOfText(self) { return typeof self === 'string' ? self.length : 0; }
    function searching(self, args) {
        var n = lengthOfText(self), m = typeof args[0] === 'string' ? args[0].length : 1;
        if (n * m > maxWork) throw new P.RangeError('the search in a text of ' + n + ' characters is too much work');
        charge(n + n * m / 50);
    }
    function reading(self) { charge(lengthOfText(self) / 4); }
    each(String.prototype, ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll'], searching);
    each(String.prototype, ['toUpperCase', 'toLowerCase', 'toLocaleUpperCase', 'toLocaleLowerCase', 'trim', 'trimStart', 'trimEnd',
        'normalize', 'concat', 'slice', 'substring', 'substr', 'match', 'matchAll', 'search', 'localeCompare', 'startsWith', 'endsWith'], reading);
    each(String.prototype, ['repeat', 'padStart', 'padEnd'], function (self, args) {
        var n = P.Number(args[0]) || 0;
        charge((n > 0 ? n : 0) / 4);
    });
    function argument(self, args) { if (typeof args[0] === 'string') charge(args[0].length); }
    each(K.root, ['encodeURIComponent', 'decodeURIComponent', 'encodeURI', 'decodeURI', 'escape', 'unescape', 'parseInt', 'parseFloat'], argument);
    wrap(JSON, 'parse', argument);
    wrapAfter(JSON, 'stringify');
    function wrapAfter(of, name) {
        var native = of[name];
        P.define(of, name, {
            value: {
                stringify(v, replacer, indent) {
                    var text = native(v, replacer, indent);
                    if (typeof text === 'string') charge(text.length);
                    return text;
                },
            }.stringify,
            writable: true, enumerable: false, configurable: true,
        });
    }
    wrap(Date, 'parse', argument);
    K.chargeText = function (text) { if (typeof text === 'string') charge(text.length); };
    each(Object, ['keys', 'values', 'entries', 'assign', 'getOwnPropertyNames'], function (self, args) {
        if (P.isArray(args[0]) || typeof args[0] === 'string') charge(lengthOf(args[0]));
    });
    wrap(Reflect, 'apply', function (self, args) { if (K.isObject(args[2])) charge(lengthOf(args[2])); });
    wrap(Function.prototype, 'apply', function (self, args) { if (K.isObject(args[1])) charge(lengthOf(args[1])); });
})
