// bind, and the converters of patterns: functions of a bot that are called between scripts.
(function (K) {
    'use strict';
    var P = K.P;

    // bind takes (type, handler, path, name) or an object of these. What a script binds while a
    // turn runs is bound for that turn.
    K.bind = function (type, handler, path, name) {
        if (K.isObject(type)) { handler = type.handler; path = type.path; name = type.name; type = type.type; }
        if (typeof handler !== 'function') throw new P.TypeError('bind: the handler of ' + K.string(type) + ' is not a function');
        path = path === undefined || path === null || path === '' ? '/' : K.string(path);
        if (P.charAt(path, 0) !== '/') path = '/' + path;
        if (path.length > 1 && P.charAt(path, path.length - 1) === '/') path = P.substring(path, 0, path.length - 1);
        K.push(K.loading ? K.loadHandlers : K.turnHandlers, { type: K.string(type), handler: handler, path: path, name: name });
    };

    function covers(path, state) {
        return path === '/' || state === path || P.substring(state, 0, path.length + 1) === path + '/';
    }

    K.handle = function (kind, state, extra, thrown) {
        var ctx = K.ctx;
        P.assign(ctx, extra);
        if (thrown !== null && K.isObject(extra.exception)) ctx.exception = exception(thrown.value, extra.exception);
        var lists = [K.loadHandlers, K.turnHandlers], waiting = null;
        for (var i = 0; i < 2; i++) {
            var list = K.copy(lists[i]);
            for (var j = 0; j < list.length; j++) {
                if (list[j].type !== kind || !covers(list[j].path, state)) continue;
                K.noteHandled();
                if (waiting !== null) { waiting = after(waiting, list[j].handler); continue; }
                var r = P.apply(list[j].handler, undefined, [K.ctx]);
                if (r instanceof P.Promise) waiting = r;
            }
        }
        return waiting === null ? undefined : waiting;
    };
    function after(promise, handler) {
        return P.then(promise, function () { return P.apply(handler, undefined, [K.ctx]); });
    }

    // exception is what $context.exception holds: the fields of what was thrown, and a message.
    function exception(value, known) {
        var result = P.assign({}, known);
        if (!K.isObject(value)) {
            if (value !== undefined && value !== null) result.message = K.string(value);
            return result;
        }
        P.assign(result, value);
        if (typeof value.message === 'string') result.message = value.message;
        if (value instanceof P.Error) { result.name = value.name; result.stack = value.stack; }
        return result;
    }

    // ---- converters ----

    function converter(of) {
        if (typeof of === 'number') return K.blocks[of];
        var code = P.trim(K.string(of)), f = K.root[code];
        if (f === undefined) f = K.evaluate(code);
        if (typeof f !== 'function') throw new P.TypeError('the converter ' + code + ' is not a function');
        return f;
    }

    // convert runs the converters of a parse tree, the deepest first, and makes it $parseTree.
    K.convert = function (tree) {
        try {
            walk(tree, 0);
        } finally {
            K.ctx.parseTree = tree;
        }
        return K.json(tree);
    };
    // walk returns what _Name is when a converter has changed it: the node's value, or that of the
    // one node below that took all its words ($Minutes = $Number); undefined for no change.
    function walk(node, depth) {
        if (depth > 500) throw new P.RangeError('the parse tree is too deep');
        var names = P.keys(node), count = 0, inner;
        for (var i = 0; i < names.length; i++) {
            var name = names[i], kids = node[name];
            if (name === 'words' || !P.isArray(kids)) continue;
            for (var j = 0; j < kids.length; j++) {
                if (!K.isObject(kids[j])) continue;
                var said = walk(kids[j], depth + 1);
                if (said !== undefined && j === 0) node['_' + name] = said;
                count++;
                inner = sameWords(kids[j], node) ? said : undefined;
            }
        }
        var of = node.$converter;
        if (of === undefined) return node.value === undefined && count === 1 ? inner : undefined;
        delete node.$converter;
        var f = converter(of), value = P.apply(f, undefined, [node, K.ctx]);
        if (typeof value === 'function') value = P.apply(value, undefined, [node, K.ctx]);
        if (value !== undefined) node.value = value;
        return node.value;
    }
    function sameWords(a, b) { return P.isArray(a.words) && P.isArray(b.words) && a.words.length === b.words.length; }
})
