// $$ is what the code that is made from a bot's files works with: the blocks of its scenarios,
// its global variables that come from data, and for each, which old engines had.
(function (K) {
    'use strict';
    var P = K.P;

    P.define(globalThis, '$$', {
        value: P.freeze({
            blocks: K.blocks,
            global: function (name, json) { K.define(name, P.parse(json)); },
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
