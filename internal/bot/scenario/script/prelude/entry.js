// The entry points that Go calls, each with few and simple arguments.
(function (K) {
    'use strict';
    var P = K.P;

    var transition, stopped, newSession, handled, pending, timers, thrown;
    var lastOwner = ''; // whose turn it was last
    function clear() {
        transition = null;
        stopped = false;
        newSession = undefined;
        handled = false;
        pending = null;
        timers = [];
    }
    clear();

    // abort ends a script without being a mistake of it.
    var abort = K.abort = P.freeze({ message: 'the script was stopped' });
    K.stop = function () { stopped = true; throw abort; };
    K.startNewSession = function (arg) {
        newSession = K.isObject(arg) ? arg : typeof arg === 'string' ? { message: arg } : {};
        K.stop();
    };
    K.transit = function (path, deferred) { transition = { path: K.string(path), deferred: !!deferred }; };

    // noteHandled remembers that a handler was bound to where the dialogue is.
    K.noteHandled = function () { handled = true; };

    K.defer = function (f, args, delay) {
        if (timers.length >= 1000) throw new P.RangeError('a turn may set 1000 timers');
        timers[timers.length] = { run: f, args: args, delay: P.Number(delay) || 0, id: ++K.timerID };
        return K.timerID;
    };
    K.timerID = 0;
    K.cancelTimer = function (id) {
        for (var i = 0; i < timers.length; i++) {
            if (timers[i].id === id) { K.removeAt(timers, i); return; }
        }
    };

    // fail keeps what was thrown for $context.exception and throws an error that Go can read.
    function fail(e) {
        if (e === abort) return;
        if (e === null) throw null; // so the engine throws when no memory is left for an error
        thrown = { value: e };
        if (e instanceof P.Error) throw e;
        var text;
        try {
            text = K.isObject(e) ? (typeof e.message === 'string' ? e.message : K.json(e)) : K.string(e);
        } catch (again) {
            text = 'something that has no text was thrown';
        }
        throw new P.Error(text);
    }

    // outcome says as JSON what a script asked for; '' for nothing.
    function outcome() {
        noteTemp();
        if (transition === null && !stopped && newSession === undefined && !handled) return '';
        var result = { stopped: stopped, handled: handled };
        if (transition !== null) result.transition = transition;
        if (newSession !== undefined) result.newSession = newSession;
        var text = K.json(result);
        transition = null;
        stopped = false;
        newSession = undefined;
        handled = false;
        return text;
    }

    // noteTemp takes the other form of a transition: $temp.transition = {state, deferred}.
    function noteTemp() {
        var temp = K.ctx.temp;
        if (!K.isObject(temp) || !K.isObject(temp.transition) || typeof temp.transition.state !== 'string') return;
        if (transition === null) K.transit(temp.transition.state, temp.transition.deferred === true);
        delete temp.transition;
    }

    var kinds = {
        run: outcome,
        value: function (v) { return v === undefined ? 'null' : K.json(v); },
        text: K.shown,
        truth: function (v) { return v ? '1' : ''; },
    };

    // do calls f and gives the result as its kind, or, when Go has to run jobs first, true.
    function run(kind, f, args) {
        var v;
        pending = null;
        try {
            v = P.apply(f, undefined, args);
        } catch (e) {
            fail(e);
        }
        complain();
        if (v instanceof P.Promise) {
            wait(kind, v);
            return true;
        }
        if (timers.length > 0) {
            pending = { kind: kind, done: true, value: v };
            return true;
        }
        return kinds[kind](v);
    }
    // complain throws what a then of $http threw and no catch took.
    function complain() {
        if (K.unhandled.length === 0) return;
        var first = K.unhandled[0].error;
        K.unhandled = [];
        fail(first);
    }
    function wait(kind, promise) {
        var state = pending = { kind: kind, done: false, failed: false, value: undefined };
        P.then(promise, function (v) { state.done = true; state.value = v; }, function (e) { state.done = state.failed = true; state.value = e; });
    }

    function block(n) {
        var f = K.blocks[n];
        if (typeof f !== 'function') throw new P.Error('there is no block ' + n);
        return f;
    }

    K.seal = function () {
        K.blocks = K.copy(K.blocks);
        K.rememberGlobals();
        K.rememberVariables();
        K.loading = false;
    };

    K.entry = {
        begin: function (json, virtual, owner) {
            K.virtual = virtual;
            if (owner === '' || owner !== lastOwner) K.resetVariables();
            lastOwner = owner;
            K.restoreGlobals();
            K.setContext(P.parse(json));
            clear();
            thrown = null;
            K.turnHandlers = [];
            for (var i = 0; i < K.onBegin.length; i++) K.onBegin[i]();
        },
        run: function (n) { return run('run', block(n), []); },
        value: function (n) { return run('value', block(n), []); },
        text: function (n) { return run('text', block(n), []); },
        truth: function (n) { return run('truth', block(n), []); },
        expand: function (text) { return run('text', K.expand, [text]); },
        evaluate: function (code) { return run('value', K.evaluate, [code]); },

        // tick runs the timer that is due first; false when there is none.
        tick: function () {
            if (timers.length === 0) return false;
            var first = 0;
            for (var i = 1; i < timers.length; i++) if (timers[i].delay < timers[first].delay) first = i;
            var timer = timers[first];
            K.removeAt(timers, first);
            try {
                P.apply(timer.run, undefined, timer.args);
            } catch (e) {
                fail(e);
            }
            return true;
        },
        // finish gives the result that run could not give at once.
        finish: function () {
            var state = pending;
            complain();
            if (state === null) return outcome();
            pending = null;
            if (!state.done) throw new P.Error('the script waits for a promise that nothing settles');
            if (state.failed) fail(state.value);
            return kinds[state.kind](state.value);
        },
        outcome: function () { complain(); return outcome(); },

        set: function (name, json) { K.ctx[name] = P.parse(json); },
        get: function (path) {
            var names = P.parse(path), v = K.ctx;
            for (var i = 0; i < names.length; i++) {
                if (v === null || v === undefined) return 'null';
                v = v[names[i]];
            }
            return v === undefined ? 'null' : K.json(v);
        },
        push: function (json) {
            var replies = P.parse(json);
            for (var i = 0; i < replies.length; i++) K.reply(replies[i]);
        },
        end: function () { return K.json(K.ctx); },
        kept: function () { return K.json({ session: K.ctx.session, client: K.ctx.client, response: K.ctx.response }); },
        convert: function (json) { return K.convert(P.parse(json)); },
        handle: function (kind, state, extra) {
            return run('run', K.handle, [kind, state, extra === '' ? {} : P.parse(extra), thrown]);
        },
        kinds: function () {
            var list = [];
            for (var i = 0; i < K.loadHandlers.length; i++) K.push(list, K.loadHandlers[i].type);
            return P.stringify(list);
        },
        forget: function () { K.setContext({}); clear(); thrown = null; K.turnHandlers = []; },
        nothing: function () { },
        library: function (name, value) { K.library(name, value); },
    };
})
