// Services that belong to other platforms. A bot that names one in some branch still runs:
// every member exists, does nothing, and gives a value that the code after it can live with.
(function (K) {
    'use strict';
    var P = K.P;

    var told = {};
    K.push(K.onBegin, function () { told = {}; });
    function tell(name, what) {
        if (told[name]) return;
        told[name] = true;
        K.log(name + ' is a stub: ' + what);
    }

    // neutral is nothing, of which every member is a function that gives nothing again. As text
    // it is empty, as a number 0, as a list empty.
    function neutral(settled) {
        var itself = new P.Proxy(function () { }, {
            get: function (target, name) {
                if (name === P.Symbol.toPrimitive) return function (hint) { return hint === 'number' ? 0 : ''; };
                if (name === P.Symbol.iterator) return function () { return { next: function () { return { done: true, value: undefined }; } }; };
                if (typeof name === 'symbol') return undefined;
                if (name === 'then') {
                    return settled ? undefined : function (f) {
                        if (typeof f === 'function') f(neutral(true));
                        return itself;
                    };
                }
                if (name === 'catch') return function () { return itself; };
                if (name === 'finally') return function (f) { if (typeof f === 'function') f(); return itself; };
                if (name === 'toString' || name === 'valueOf') return function () { return ''; };
                if (name === 'toJSON') return function () { return null; };
                if (name === 'length') return 0;
                if (name === 'prototype') return target.prototype;
                return itself;
            },
            apply: function () { return itself; },
            construct: function () { return itself; },
            set: function () { return true; },
            has: function () { return true; },
            ownKeys: function () { return ['prototype']; },
        });
        return itself;
    }

    // result is what a member gives when its shape is not known: by its name, as people name things.
    function result(member) {
        if (P.exec(/^(is|has|can)[A-Z]/, member) !== null) return false;
        return neutral(false);
    }
    function copy(shape, args) { return typeof shape === 'function' ? P.apply(shape, null, args) : K.isObject(shape) ? P.parse(P.stringify(shape)) : shape; }

    function stub(name, what, shapes) {
        return new P.Proxy({}, {
            get: function (target, member) {
                if (P.hasOwn(target, member)) return target[member];
                if (typeof member === 'symbol' || member === 'then' || member === 'toJSON') return undefined;
                var shape = P.hasOwn(shapes, member) ? shapes[member] : undefined;
                if (shape !== undefined && K.isObject(shape) && shape.members !== undefined) return stub(name + '.' + member, what, shape.members);
                var f = function () {
                    tell(name + '.' + member, what);
                    return shape === undefined ? result(member) : copy(shape, arguments);
                };
                // A member may be a group of members, or be called itself.
                return new P.Proxy(f, {
                    get: function (g, inner) {
                        if (inner === 'call' || inner === 'apply' || inner === 'bind' || inner === 'length' || inner === 'name' || inner === 'prototype') return g[inner];
                        if (typeof inner === 'symbol' || inner === 'then' || inner === 'toJSON') return undefined;
                        return function () {
                            tell(name + '.' + member + '.' + inner, what);
                            return result(inner);
                        };
                    },
                });
            },
        });
    }

    // mail tells the host what would have been sent: tests look at it.
    function mail(to, subject, body) {
        if (K.isObject(to) && !P.isArray(to)) {
            subject = to.subject;
            body = to.body === undefined ? to.content : to.body;
            to = to.to;
        }
        K.call('mail.send', { to: P.isArray(to) ? P.join(to, ', ') : K.shown(to), subject: K.shown(subject), body: K.shown(body) });
        return { status: 'OK' };
    }
    K.define('$mail', stub('$mail', 'nothing was sent', { send: mail, sendMessage: mail, config: undefined }));
    K.define('$dialer', stub('$dialer', 'there is no call', {
        getPayload: {}, getCaller: '', getCallee: '', getCalledPhone: '', getTrunk: '', getCallRecordingPath: '', getCallRecordingFullUrl: '',
        getSipHeaders: {}, getCallAttempt: 1, getAvailableIntervals: [], getCallDuration: 0, getAsrProperties: {}, getTtsProperties: {},
    }));
    K.define('$gpt', stub('$gpt', 'no model was asked', { createChatCompletion: { choices: [{ index: 0, message: { role: 'assistant', content: '' } }] } }));
    K.define('$llm', stub('$llm', 'no model was asked', {}));
    K.define('$integration', stub('$integration', 'nothing was read or written', {
        googleSheets: { members: { readDataFromCells: list, writeDataToCells: neutralNow, writeDataToLine: neutralNow, clearCells: neutralNow } },
    }));
    K.define('$faq', stub('$faq', 'there are no answers', { getReplies: [], pushReplies: neutralNow }));
    K.define('$imputer', stub('$imputer', 'nothing was synthesized', {}));
    var others = ['$smartProfile', '$smartPush', '$smartRating', '$smartGeo', '$payment', '$sms', '$zenbox', '$rasa', '$tovie', '$aimychat', '$ivr'];
    for (var i = 0; i < others.length; i++) K.define(others[i], stub(others[i], 'nothing was done', {}));

    function neutralNow() { return neutral(false); }
    // list is an empty list that can be waited for.
    function list() {
        var empty = [];
        P.define(empty, 'then', { value: function (f) { return typeof f === 'function' ? (f([]), neutral(false)) : neutral(false); }, enumerable: false });
        P.define(empty, 'catch', { value: function () { return empty; }, enumerable: false });
        return empty;
    }
})
