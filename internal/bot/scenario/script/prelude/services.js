// The services that the host carries out: each member becomes a call of it by name.
(function (K) {
    'use strict';
    var P = K.P;

    // or asks the host, and gives what stands for no answer when it has none.
    function or(service, args, none) {
        var answer = K.call(service, args);
        return answer === null ? none : answer;
    }
    // open is an object whose other members are calls with all arguments.
    function open(name, members, none) {
        return new P.Proxy(members, {
            get: function (target, member) {
                if (P.hasOwn(target, member) || typeof member === 'symbol' || member === 'then' || member === 'toJSON') return target[member];
                return function () { return or(name + '.' + member, { args: K.copy(arguments) }, none); };
            },
        });
    }

    // ---- $nlp, $caila ----

    var nlp = {
        match: function (text, state) { return K.call('nlp.match', { text: K.shown(text), state: state === undefined ? '/' : K.string(state) }); },
        matchPatterns: function (text, patterns) { return K.call('nlp.matchPatterns', { text: K.shown(text), patterns: P.isArray(patterns) ? patterns : [patterns] }); },
        matchExamples: function (text, examples) { return K.call('nlp.matchExamples', { text: K.shown(text), examples: P.isArray(examples) ? examples : [examples] }); },
        inflect: function (word, form) { return or('nlp.inflect', { word: K.shown(word), form: form }, K.shown(word)); },
        conform: function (word, number) { return or('nlp.conform', { word: K.shown(word), number: P.Number(number) }, K.shown(word)); },
        parseMorph: function (word) { return or('nlp.parseMorph', { word: K.shown(word) }, { score: 0, normalForm: P.lower(K.shown(word)), tags: [] }); },
        tokenize: function (text) { return or('nlp.tokenize', { text: K.shown(text) }, words(K.shown(text))); },
        fixKeyboardLayout: function (text) { return K.call('nlp.fixKeyboardLayout', { text: K.shown(text) }); },
        checkMyVocabulary: function (word) { return or('nlp.checkMyVocabulary', { word: K.shown(word) }, false); },
    };
    function words(text) {
        var list = [], word = /\S+/g, m;
        while ((m = P.exec(word, text)) !== null) K.push(list, m[0]);
        return list;
    }
    K.define('$nlp', open('nlp', nlp, null));

    // Members end in WithToken when they bring a token, which comes first.
    function caila(members) {
        var all = {};
        P.assign(all, members);
        var names = P.keys(members);
        for (var i = 0; i < names.length; i++) all[names[i] + 'WithToken'] = withToken(members[names[i]]);
        return all;
    }
    function withToken(f) { return function () { return P.apply(f, undefined, K.copy(arguments, 1)); }; }
    K.define('$caila', open('caila', caila({
        inflect: function (text, form) { return or('caila.inflect', { text: K.shown(text), form: form }, nlp.inflect(text, P.isArray(form) ? form[0] : form)); },
        conform: function (text, number) { return or('caila.conform', { text: K.shown(text), number: P.Number(number) }, nlp.conform(text, number)); },
        entitiesLookup: function (text, all) { return or('caila.entitiesLookup', { text: K.shown(text), showAll: all === true }, { text: K.shown(text), entities: [] }); },
        markup: function (text) { return or('caila.markup', { text: K.shown(text) }, { source: K.shown(text), words: [] }); },
        simpleInference: function (text) { return or('caila.simpleInference', { text: K.shown(text) }, { intent: { path: '', slots: [] }, confidence: 0, slots: [] }); },
        inference: function (of) { return or('caila.inference', of, { phrase: K.isObject(of) ? of.phrase : of, variants: [] }); },
        getEntity: function (name) { return or('caila.getEntity', { name: K.shown(name) }, { name: K.shown(name), records: [] }); },
    }), null));

    // ---- $pushgate ----

    // A time may be text, a number of milliseconds, a Date or a moment.
    function time(of) {
        if (typeof of === 'number') return new P.Date(of).toISOString();
        if (K.isObject(of) && typeof of.toISOString === 'function') return of.toISOString();
        return of;
    }
    var eventNames = ['dateTime', 'event', 'eventData', 'channelBotId', 'channelType', 'channelUserId'];
    var backNames = ['channelBotId', 'channelType', 'channelUserId', 'event', 'eventData'];
    function named(names, given) {
        if (given.length === 1 && K.isObject(given[0]) && typeof given[0].toISOString !== 'function') return P.assign({}, given[0]);
        var args = {};
        for (var i = 0; i < names.length && i < given.length; i++) if (given[i] !== undefined) args[names[i]] = given[i];
        return args;
    }
    K.define('$pushgate', open('pushgate', {
        createEvent: function () {
            var args = named(eventNames, arguments);
            args.dateTime = time(args.dateTime);
            return or('pushgate.createEvent', args, { id: '' });
        },
        cancelEvent: function (id) { return or('pushgate.cancelEvent', { id: K.isObject(id) ? id.id : id }, false); },
        createPushback: function () { return or('pushgate.createPushback', named(backNames, arguments), { id: '', link: '' }); },
    }, null));

    // ---- $conversationApi, $analytics, $storage ----

    // Without a host that sends at once, replies go with the answer of the turn.
    function sendReplies(replies) {
        if (!P.isArray(replies)) replies = [replies];
        if (K.call('conversationApi.sendRepliesToClient', { replies: replies }) !== null) return;
        for (var i = 0; i < replies.length; i++) K.reply(replies[i]);
    }
    K.define('$conversationApi', open('conversationApi', {
        sendRepliesToClient: sendReplies,
        sendTextToClient: function (text) { sendReplies([{ type: 'text', text: K.shown(text) }]); },
    }, null));
    K.define('$analytics', open('analytics', {}, null));
    K.define('$storage', open('storage', { getTempDir: function () { return or('storage.getTempDir', null, '/tmp'); } }, null));

    // ---- $secrets, $env ----

    // A value that is not set is its default; without one that is a mistake, but for tests and
    // loading, which rarely have them.
    function values(service, what) {
        return {
            get: function (name, none) {
                var value = K.call(service, { name: K.string(name) });
                if (value !== null) return value;
                if (none !== undefined) return none;
                if (!K.loading && !K.ctx.testContext) throw new P.Error(what + ' "' + K.string(name) + '" is not set');
                K.log(what + ' "' + K.string(name) + '" is not set');
                return '';
            },
        };
    }
    K.define('$secrets', values('secrets.get', 'the secret'));
    K.define('$env', values('env.get', 'the variable'));
})
