// $$ is what the code that is made from a bot's files works with: the blocks of its scenarios,
// its global variables that come from data, and for each, which old engines had.
(function (K) {
    'use strict';
    var P = K.P;

    // absent stands for a package that is not there: it can be imported, and says so when it is used.
    function absent(name) {
        if (K.packages[name] !== undefined) return K.packages[name]();
        function use() { throw new P.Error('the package ' + name + ' is not available to scripts'); }
        var itself = new P.Proxy(function () { }, {
            get: function (target, member) {
                if (member === '__esModule' || typeof member === 'symbol' || member === 'then') return undefined;
                if (member === 'default') return itself;
                if (member === 'prototype') return target.prototype;
                return itself;
            },
            apply: use,
            construct: use,
            getPrototypeOf: function () { return itself; }, // import of single names copies what it is, and finds the rest here
        });
        return itself;
    }

    P.define(K.root, '$$', {
        value: P.freeze({
            blocks: K.blocks,
            expand: function (text) { return K.expand(text); },
            modules: P.create(null),
            // module makes a module's default export, or else all of it, a global.
            module: function (name, file) {
                var exported = $$.modules[file]();
                K.define(name, K.isObject(exported) && exported.default !== undefined ? exported.default : exported);
            },
            absent: absent,
            // A large one is read when it is first looked at: a list of cities costs only those who use it.
            global: function (name, json) {
                if (json.length < 16384) K.define(name, P.parse(json));
                else K.lazy(name, function () { return P.parse(json); });
            },
            // each gives the values of "for each (x in of)": those that for (x in of) gives the names of.
            each: function (of) {
                var list = [];
                for (var name in of) K.push(list, of[name]);
                return list;
            },
        }),
        writable: false, enumerable: false, configurable: false,
    });
})
