// $reactions: what a script says to the client. Replies have the form of the Chat API (section 5)
// and carry the state in which they were made.
(function (K) {
    'use strict';
    var P = K.P;
    var maxReplies = 1000; // of one turn, against scripts that never end to speak

    // replies is $response.replies, made when it is missing.
    function replies() {
        var ctx = K.ctx;
        if (!K.isObject(ctx.response)) ctx.response = {};
        if (!P.isArray(ctx.response.replies)) ctx.response.replies = [];
        return ctx.response.replies;
    }
    K.reply = function (reply) {
        var list = replies();
        if (list.length >= maxReplies) throw new P.RangeError('a turn may have ' + maxReplies + ' replies');
        if (K.isObject(reply) && reply.state === undefined && K.ctx.currentState) K.put(reply, 'state', K.ctx.currentState);
        K.push(list, reply);
    };

    // absolute resolves a path of states from the current one; what the host does not know stays.
    function absolute(path) {
        path = K.string(path);
        if (P.charAt(path, 0) === '/') return path;
        var full = K.call('resolvePath', { base: K.ctx.currentState, path: path });
        return typeof full === 'string' ? full : path;
    }

    // value finds the main thing of a reaction's argument, under the names that scripts give it.
    function value(arg, names) {
        if (!K.isObject(arg)) return arg;
        for (var i = 0; i < names.length; i++) if (arg[names[i]] !== undefined && arg[names[i]] !== null) return arg[names[i]];
        return undefined;
    }
    // carry copies the fields that a reply may have, expanded when they are text.
    function carry(from, to, names) {
        if (!K.isObject(from)) return to;
        for (var i = 0; i < names.length; i++) {
            var v = from[names[i]];
            if (v !== undefined && v !== null && to[names[i]] === undefined) to[names[i]] = typeof v === 'string' ? K.expand(v) : v;
        }
        return to;
    }

    function answer(arg) {
        var text = value(arg, ['value', 'text', 'answer']), markup;
        if (text === undefined || text === null) {
            if (!K.isObject(arg)) return;
            text = value(arg, ['html', 'markdown', 'tts']);
            if (text === undefined || text === null) return;
            markup = value(arg, ['html']) === text ? 'html' : value(arg, ['markdown']) === text ? 'markdown' : undefined;
        }
        if (K.isObject(arg) && (arg.htmlEnabled === true || arg.htmlEnabled === 'true')) markup = 'html';
        var reply = { type: 'text', text: K.expand(K.isObject(text) ? K.json(text) : text) };
        carry(arg, reply, ['tts', 'ttsEnabled', 'html', 'htmlEnabled', 'markdown', 'markup', 'ssml', 'delay', 'auto_listening', 'lang']);
        if (reply.markup === undefined && markup) reply.markup = markup;
        K.reply(reply);
    }

    function button(of) {
        if (!K.isObject(of)) return { text: K.expand(of) };
        var b = {};
        if (K.isObject(of.button)) P.assign(b, of.button);
        P.assign(b, of);
        delete b.button;
        if (b.text === undefined && b.name !== undefined) { b.text = b.name; delete b.name; }
        if (typeof of.button === 'string' && b.text === undefined) b.text = of.button;
        if (b.text !== undefined) b.text = K.expand(b.text);
        if (typeof b.url === 'string') b.url = K.expand(b.url);
        if (typeof b.transition === 'string') b.transition = absolute(K.expand(b.transition));
        else if (K.isObject(b.transition) && typeof b.transition.value === 'string') b.transition = absolute(b.transition.value);
        return b;
    }
    function gather(of, to) {
        if (of === undefined || of === null) return;
        if (!P.isArray(of)) {
            if (K.isObject(of) && P.isArray(of.buttons)) return gather(of.buttons, to);
            K.push(to, button(of));
            return;
        }
        for (var i = 0; i < of.length; i++) gather(of[i], to);
    }
    // buttons in a row are one reply, as those of tags are.
    function buttons(type) {
        return function () {
            var list = [];
            for (var i = 0; i < arguments.length; i++) if (arguments[i] !== K.ctx) gather(arguments[i], list);
            if (list.length === 0) return;
            var all = replies(), last = all.length > 0 ? all[all.length - 1] : null;
            if (K.isObject(last) && last.type === type && P.isArray(last.buttons) && last.state === (K.ctx.currentState || undefined)) {
                for (var j = 0; j < list.length; j++) K.push(last.buttons, list[j]);
                return;
            }
            K.reply({ type: type, buttons: list });
        };
    }

    function media(type, more) {
        return function (arg, second) {
            var url = value(arg, ['value', type + 'Url', 'url']);
            if (url === undefined || url === null) return;
            var reply = { type: type };
            reply[type + 'Url'] = K.expand(url);
            carry(arg, reply, more);
            if (K.isObject(arg) && arg.name !== undefined && type !== 'image') reply[type + 'Name'] = K.expand(arg.name);
            if (typeof second === 'string' && type === 'image') reply.text = K.expand(second);
            K.reply(reply);
        };
    }

    // seconds reads an interval: a number, or "1 h 5 min 10s".
    K.seconds = function (of) {
        if (typeof of === 'number') return of;
        var text = P.lower(P.trim(K.string(of))), part = /(\d+(?:[.,]\d+)?)\s*([a-zа-я]*)\.?/g, total = 0, m, some = false;
        while ((m = P.exec(part, text)) !== null) {
            some = true;
            var n = P.parseFloat(K.replaceAll(m[1], ',', '.')), unit = P.substring(m[2], 0, 1);
            if (m[2] === 'ms' || m[2] === 'мс') n /= 1000;
            else if (unit === 'd' || unit === 'д') n *= 86400;
            else if (unit === 'h' || unit === 'ч') n *= 3600;
            else if (unit === 'm' || unit === 'м') n *= 60;
            total += n;
        }
        return some ? total : 0;
    };

    function timeout(arg) {
        if (!K.isObject(arg)) throw new P.TypeError('$reactions.timeout: {interval, targetState} is expected');
        var target = value(arg, ['targetState', 'state', 'transition', 'value']);
        var reply = { type: 'timeout', interval: K.seconds(arg.interval) };
        if (target !== undefined) reply.targetState = absolute(target);
        K.reply(reply);
    }

    function transition(arg, second) {
        var path = value(arg, ['value', 'state', 'path', 'targetState', 'transition']);
        if (typeof path !== 'string' || path === '') throw new P.TypeError('$reactions.transition: a path of a state is expected');
        K.transit(K.expand(path), K.isObject(arg) ? arg.deferred === true || arg.deferred === 'true' : second === true);
    }

    // random is as fair as people expect: of n values none comes again before half of them did.
    // Every value is written down in $response, and a request may bring the values.
    function random(max) {
        var ctx = K.ctx, n = P.floor(P.Number(max));
        if (!(n >= 1)) return 0;
        var given = K.isObject(ctx.request) && K.isObject(ctx.request.data) ? ctx.request.data.smartRandom : undefined, r;
        if (P.isArray(given) && given.length > 0) {
            r = P.min(P.max(P.floor(P.Number(given[0])) || 0, 0), n - 1);
            K.removeAt(given, 0);
        } else {
            r = ctx.testContext || !K.isObject(ctx.session) ? K.random(n) : fresh(ctx.session, n);
        }
        if (!K.isObject(ctx.response)) ctx.response = {};
        if (!P.isArray(ctx.response.smartRandom)) ctx.response.smartRandom = [];
        K.push(ctx.response.smartRandom, r);
        return r;
    }
    function fresh(session, n) {
        var keep = P.min(P.floor(n / 2), 50);
        if (keep === 0) return K.random(n);
        if (!K.isObject(session.smartRandom) || P.isArray(session.smartRandom)) session.smartRandom = {};
        var last = session.smartRandom[n], r;
        if (!P.isArray(last)) last = session.smartRandom[n] = [];
        for (var tries = 0; tries < 100; tries++) {
            r = K.random(n);
            if (P.indexOf(last, r) < 0) break;
        }
        K.push(last, r);
        while (last.length > keep) K.removeAt(last, 0);
        return r;
    }
    K.smartRandom = random;

    function raw(arg) {
        if (K.isObject(arg) && typeof arg.type === 'string') K.reply(P.assign({}, arg));
        else K.reply({ type: 'raw', body: arg });
    }

    K.define('$reactions', {
        answer: function (arg) {
            if (P.isArray(arg)) { for (var i = 0; i < arg.length; i++) answer(arg[i]); return; }
            answer(arg);
        },
        transition: transition,
        buttons: buttons('buttons'),
        inlineButtons: buttons('inlineButtons'),
        image: media('image', ['text', 'title', 'description', 'hash']),
        audio: media('audio', ['audioName', 'text']),
        video: media('video', ['videoName', 'text']),
        file: media('file', ['fileName', 'mimeType', 'text']),
        location: function (lat, lon) {
            if (K.isObject(lat)) { lon = lat.lon === undefined ? lat.lng : lat.lon; lat = lat.lat; }
            K.reply({ type: 'location', lat: lat, lon: lon });
        },
        carousel: function (arg) { K.reply(P.assign({ type: 'carousel' }, arg)); },
        timeout: timeout,
        random: random,
        newSession: function (arg) { K.startNewSession(arg); },
        template: function (name, data) {
            var text = K.call('reactions.template', { name: name, data: data });
            if (text === null) { K.log('$reactions.template: there is no template ' + K.string(name)); return; }
            answer(text);
        },
        raw: raw,
        reply: raw,
    });
})
