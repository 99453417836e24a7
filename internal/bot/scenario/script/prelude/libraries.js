// The libraries that scripts find without asking, made when they are first used; and the clock
// and the dice, which belong to the host when its time is not the real one.
(function (K) {
    'use strict';
    var P = K.P, moment = null, underscore = null;

    K.library = function (name, value) { if (name === 'moment') moment = value; else underscore = value; };
    K.moment = function () {
        if (moment === null) K.host('library', 'moment');
        return moment;
    };
    K.lazy('moment', K.moment);
    K.lazy('_', function () {
        K.host('library', 'underscore');
        return underscore;
    });

    // ---- the clock ----

    var Real = P.Date, realNow = Real.now;
    function now() { return K.virtual ? K.now() : realNow(); }
    function Clock() {
        if (new.target === undefined) return P.String(new Real(now()));
        if (arguments.length === 1) K.chargeText(arguments[0]);
        var args = arguments.length === 0 ? [now()] : arguments;
        return P.construct(Real, args, new.target === Clock ? Real : new.target);
    }
    P.define(Clock, 'name', { value: 'Date' });
    P.define(Clock, 'length', { value: 7 });
    Clock.prototype = Real.prototype;
    P.define(Real.prototype, 'constructor', { value: Clock, writable: true, configurable: true });
    P.define(Clock, 'now', { value: now, writable: true, configurable: true });
    P.define(Clock, 'parse', { value: Real.parse,  writable: true, configurable: true });
    P.define(Clock, 'UTC', { value: Real.UTC, writable: true, configurable: true });
    K.define('Date', Clock);

    var realRandom = Math.random;
    P.define(Math, 'random', { value: function () { return K.virtual ? K.host('dice') : realRandom(); }, writable: true, configurable: true });
})
