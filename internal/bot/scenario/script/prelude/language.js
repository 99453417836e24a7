// What the engine that bots were written for has and this one does not: methods of Java's strings,
// and numbers and dates written as Russians do (there is no Intl).
(function (K) {
    'use strict';
    var P = K.P;

    function method(of, name, f) {
        if (P.hasOwn(of, name)) return;
        P.define(of, name, { value: f, writable: true, enumerable: false, configurable: true });
    }
    var strings = String.prototype;
    method(strings, 'contains', function (part) { return P.find(P.String(this), P.String(part)) >= 0; });
    method(strings, 'equals', function (other) { return P.String(this) === other; });
    method(strings, 'equalsIgnoreCase', function (other) { return P.lower(P.String(this)) === P.lower(P.String(other)); });
    method(strings, 'isEmpty', function () { return P.String(this) === ''; });
    method(strings, 'toSource', function () { return P.stringify(P.String(this)); });

    // ---- toLocaleString ----

    // The locale is looked at for its language only.
    function language(locale) {
        if (P.isArray(locale)) locale = locale[0];
        return P.lower(P.substring(K.shown(locale), 0, 2));
    }
    function grouped(digits, by) {
        var out = '';
        for (var i = digits.length; i > 0; i -= 3) out = P.substring(digits, P.max(0, i - 3), i) + (out === '' ? '' : by) + out;
        return out;
    }
    var symbols = { RUB: '₽', USD: '$', EUR: '€', KZT: '₸', UAH: '₴', GBP: '£', BYN: 'Br' };
    function number(value, locale, options) {
        value = P.Number(value);
        if (P.isNaN(value)) return 'NaN';
        options = K.isObject(options) ? options : {};
        var ru = language(locale) === 'ru', percent = options.style === 'percent', currency = options.style === 'currency';
        if (percent) value *= 100;
        var least = options.minimumFractionDigits, most = options.maximumFractionDigits;
        if (least === undefined) least = currency ? P.min(2, most === undefined ? 2 : most) : 0;
        if (most === undefined) most = P.max(least, currency ? 2 : percent ? 0 : 3);
        if (value === Infinity || value === -Infinity) return value < 0 ? '-∞' : '∞';
        var text = P.fixed(value < 0 ? -value : value, P.min(most, 20)), dot = P.find(text, '.');
        var whole = dot < 0 ? text : P.substring(text, 0, dot), part = dot < 0 ? '' : P.substring(text, dot + 1);
        while (part.length > least && P.charAt(part, part.length - 1) === '0') part = P.substring(part, 0, part.length - 1);
        if (options.useGrouping !== false) whole = grouped(whole, ru ? '\u00a0' : ',');
        text = (value < 0 ? '-' : '') + whole + (part === '' ? '' : (ru ? ',' : '.') + part);
        if (percent) return text + (ru ? '\u00a0%' : '%');
        if (!currency) return text;
        var sign = symbols[options.currency] || K.shown(options.currency);
        return ru ? text + '\u00a0' + sign : sign + text;
    }
    P.define(Number.prototype, 'toLocaleString', {
        value: function toLocaleString(locale, options) { return number(this, locale, options); },
        writable: true, configurable: true,
    });

    // A date is written in the zone and with the fields that are asked for.
    function date(of, locale, options, day, time) {
        options = K.isObject(options) ? options : {};
        if (P.isNaN(P.Number(of))) return 'Invalid Date';
        var ru = language(locale) === 'ru', at = K.moment()(P.Number(of));
        if (options.timeZone !== undefined) at.utcOffset(K.host('offset', K.string(options.timeZone), P.Number(of)) / 60);
        at.locale(ru ? 'ru' : 'en');
        var chosen = options.year || options.month || options.day || options.weekday || options.hour || options.minute || options.second;
        if (!chosen) {
            var parts = [];
            if (day) K.push(parts, at.format(ru ? 'DD.MM.YYYY' : 'M/D/YYYY'));
            if (time) K.push(parts, at.format(ru || options.hour12 === false ? 'HH:mm:ss' : 'h:mm:ss A'));
            return P.join(parts, ', ');
        }
        return at.format(pattern(options, ru));
    }
    function pattern(o, ru) {
        var parts = [], words = o.month === 'long' || o.month === 'short';
        if (o.weekday) K.push(parts, o.weekday === 'long' ? 'dddd' : 'ddd');
        var d = o.day ? (o.day === '2-digit' ? 'DD' : 'D') : '', y = o.year ? (o.year === '2-digit' ? 'YY' : 'YYYY') : '';
        var m = o.month === 'long' ? 'MMMM' : o.month === 'short' ? 'MMM' : o.month === '2-digit' ? 'MM' : o.month ? (ru ? 'MM' : 'M') : '';
        if (d || m || y) {
            if (words) K.push(parts, ru ? joined([d, m, y ? y + '[ г.]' : ''], ' ') : joined([joined([m, d], ' '), y], d ? ', ' : ' '));
            else K.push(parts, ru ? joined([d === 'D' ? 'DD' : d, m, y], '.') : joined([m, d, y], '/'));
        }
        if (o.hour || o.minute || o.second) {
            var twelve = o.hour12 === undefined ? !ru : o.hour12;
            K.push(parts, joined([o.hour ? (twelve ? 'h' : 'HH') : '', o.minute ? 'mm' : '', o.second ? 'ss' : ''], ':') + (twelve && o.hour ? ' A' : ''));
        }
        return P.join(parts, ', ');
    }
    function joined(list, by) {
        var some = [];
        for (var i = 0; i < list.length; i++) if (list[i]) K.push(some, list[i]);
        return P.join(some, by);
    }
    function locale(name, day, time) {
        P.define(Date.prototype, name, {
            value: function (locale, options) { return date(this, locale, options, day, time); },
            writable: true, configurable: true,
        });
    }
    locale('toLocaleString', true, true);
    locale('toLocaleDateString', true, false);
    locale('toLocaleTimeString', false, true);

    // Intl has what bots format with.
    function NumberFormat(locale, options) {
        if (!(this instanceof NumberFormat)) return new NumberFormat(locale, options);
        this.format = function (value) { return number(value, locale, options); };
    }
    function DateTimeFormat(locale, options) {
        if (!(this instanceof DateTimeFormat)) return new DateTimeFormat(locale, options);
        this.format = function (value) { return date(value === undefined ? Date.now() : value, locale, options, true, false); };
        this.resolvedOptions = function () { return { locale: 'en-US', timeZone: 'UTC' }; };
    }
    K.define('Intl', { NumberFormat: NumberFormat, DateTimeFormat: DateTimeFormat });

    // ---- localeCompare ----

    // Letters go before case, and ё goes beside е.
    P.define(strings, 'localeCompare', {
        value: function localeCompare(other) {
            var a = P.String(this), b = K.string(other);
            K.chargeText(a);
            var la = P.lower(a), lb = P.lower(b);
            return order(K.replaceAll(la, 'ё', 'е'), K.replaceAll(lb, 'ё', 'е')) || order(la, lb) || order(b, a);
        },
        writable: true, configurable: true,
    });
    function order(a, b) { return a < b ? -1 : a > b ? 1 : 0; }
})
