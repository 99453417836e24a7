// What scripts of ES6 bots expect of the runtime they were written for: texts as bytes, base 64,
// URLs, fetch; and the npm packages that need no installing, because they are here already.
(function (K) {
    'use strict';
    var P = K.P;

    // ---- bytes ----

    function toBytes(text) {
        var utf8 = unescape(P.encodeURIComponent(P.wellFormed(K.string(text)))), bytes = new P.Uint8Array(utf8.length);
        for (var i = 0; i < utf8.length; i++) bytes[i] = P.code(utf8, i);
        return bytes;
    }
    function binary(bytes) {
        var parts = [];
        for (var i = 0; i < bytes.length; i += 4096) K.push(parts, P.apply(P.fromCode, undefined, P.subarray(bytes, i, P.min(i + 4096, bytes.length))));
        return P.join(parts, '');
    }
    function toText(bytes) {
        var out = '', i = 0;
        function more() { return i < bytes.length && (bytes[i] & 0xC0) === 0x80 ? bytes[i++] & 0x3F : -1; }
        while (i < bytes.length) {
            var b = bytes[i++], n = b < 0x80 ? 0 : b >= 0xC2 && b < 0xE0 ? 1 : b >= 0xE0 && b < 0xF0 ? 2 : b >= 0xF0 && b < 0xF5 ? 3 : -1;
            var c = n === 0 ? b : n > 0 ? b & (0x3F >> n) : 0xFFFD;
            for (; n > 0; n--) { var next = more(); if (next < 0) { c = 0xFFFD; break; } c = c << 6 | next; }
            out += P.fromPoint(c > 0x10FFFF ? 0xFFFD : c);
        }
        return out;
    }

    var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    function toBase64(bytes, url) {
        var out = '';
        for (var i = 0; i < bytes.length; i += 3) {
            var n = bytes[i] << 16 | (bytes[i + 1] || 0) << 8 | (bytes[i + 2] || 0);
            out += P.charAt(alphabet, n >> 18) + P.charAt(alphabet, n >> 12 & 63) +
                (i + 1 < bytes.length ? P.charAt(alphabet, n >> 6 & 63) : '=') + (i + 2 < bytes.length ? P.charAt(alphabet, n & 63) : '=');
        }
        return url ? P.replace(P.replace(P.replace(out, /\+/g, '-'), /\//g, '_'), /=+$/, '') : out;
    }
    function fromBase64(text) {
        text = P.replace(P.replace(P.replace(K.string(text), /-/g, '+'), /_/g, '/'), /[^A-Za-z0-9+\/]/g, '');
        var bytes = new P.Uint8Array(P.floor(text.length * 3 / 4)), at = 0, n = 0, bits = 0;
        for (var i = 0; i < text.length; i++) {
            n = n << 6 | P.find(alphabet, P.charAt(text, i));
            bits += 6;
            if (bits >= 8) { bits -= 8; bytes[at++] = n >> bits & 255; }
        }
        return bytes;
    }

    K.define('btoa', function (text) {
        text = K.string(text);
        var bytes = new P.Uint8Array(text.length);
        for (var i = 0; i < text.length; i++) {
            if (P.code(text, i) > 255) throw new P.Error('btoa: a character has more than 8 bits');
            bytes[i] = P.code(text, i);
        }
        return toBase64(bytes);
    });
    K.define('atob', function (text) { return binary(fromBase64(text)); });
    K.define('TextEncoder', class TextEncoder { encode(text) { return toBytes(text === undefined ? '' : text); } });
    K.define('TextDecoder', class TextDecoder {
        decode(bytes) {
            if (bytes === undefined) return '';
            return toText(bytes instanceof P.ArrayBuffer ? new P.Uint8Array(bytes) : new P.Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
        }
    });

    class Buffer extends P.Uint8Array {
        static from(of, encoding) {
            var bytes = of;
            if (typeof of === 'string') {
                encoding = P.lower(K.shown(encoding));
                if (encoding === 'base64' || encoding === 'base64url') bytes = fromBase64(of);
                else if (encoding === 'hex') bytes = fromHex(of);
                else if (encoding === 'binary' || encoding === 'latin1' || encoding === 'ascii') bytes = fromBinary(of);
                else bytes = toBytes(of);
            } else if (of instanceof P.ArrayBuffer) bytes = new P.Uint8Array(of);
            var result = new Buffer(bytes.length);
            for (var i = 0; i < bytes.length; i++) result[i] = bytes[i];
            return result;
        }
        static alloc(n) { return new Buffer(n); }
        static isBuffer(of) { return of instanceof Buffer; }
        static byteLength(text) { return toBytes(text).length; }
        static concat(list) {
            var size = 0, at = 0, i;
            for (i = 0; i < list.length; i++) size += list[i].length;
            var result = new Buffer(size);
            for (i = 0; i < list.length; i++) { result.set(list[i], at); at += list[i].length; }
            return result;
        }
        toString(encoding) {
            switch (P.lower(K.shown(encoding))) {
                case 'base64': return toBase64(this);
                case 'base64url': return toBase64(this, true);
                case 'hex': return toHex(this);
                case 'binary': case 'latin1': case 'ascii': return binary(this);
                default: return toText(this);
            }
        }
        toJSON() { return { type: 'Buffer', data: P.slice(this) }; }
    }
    function fromHex(text) {
        var bytes = new P.Uint8Array(text.length >> 1);
        for (var i = 0; i < bytes.length; i++) bytes[i] = P.parseInt(P.substring(text, 2 * i, 2 * i + 2), 16);
        return bytes;
    }
    function toHex(bytes) {
        var out = '', digits = '0123456789abcdef';
        for (var i = 0; i < bytes.length; i++) out += P.charAt(digits, bytes[i] >> 4) + P.charAt(digits, bytes[i] & 15);
        return out;
    }
    function fromBinary(text) {
        var bytes = new P.Uint8Array(text.length);
        for (var i = 0; i < text.length; i++) bytes[i] = P.code(text, i) & 255;
        return bytes;
    }
    K.define('Buffer', Buffer);

    K.define('queueMicrotask', function (f) { P.then(P.resolve(P.Promise, undefined), function () { f(); }); });
    K.define('structuredClone', function (of) { return P.parse(K.json(of)); });
    K.define('crypto', { randomUUID: function () { return P.replace('xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx', /x/g, function () { return P.charAt('0123456789abcdef', K.random(16)); }); } });

    // ---- URLSearchParams, fetch, axios, over $http ----

    class URLSearchParams {
        #list = [];
        constructor(of) {
            if (typeof of === 'string') {
                var pairs = P.split(P.replace(of, /^\?/, ''), '&');
                for (var i = 0; i < pairs.length; i++) {
                    if (pairs[i] === '') continue;
                    var at = P.find(pairs[i], '=');
                    this.append(plain(at < 0 ? pairs[i] : P.substring(pairs[i], 0, at)), plain(at < 0 ? '' : P.substring(pairs[i], at + 1)));
                }
            } else if (K.isObject(of) && typeof of[P.Symbol.iterator] === 'function') {
                for (var pair of of) this.append(pair[0], pair[1]);
            } else if (K.isObject(of)) {
                var names = P.keys(of);
                for (var j = 0; j < names.length; j++) this.append(names[j], of[names[j]]);
            }
        }
        append(name, value) { K.push(this.#list, [P.String(name), P.String(value)]); }
        set(name, value) { this.delete(name); this.append(name, value); }
        get(name) { for (var p of this.#list) if (p[0] === name) return p[1]; return null; }
        getAll(name) { var all = []; for (var p of this.#list) if (p[0] === name) K.push(all, p[1]); return all; }
        has(name) { return this.get(name) !== null; }
        delete(name) { var kept = []; for (var p of this.#list) if (p[0] !== name) K.push(kept, p); this.#list = kept; }
        forEach(f) { for (var p of P.slice(this.#list)) f(p[1], p[0], this); }
        entries() { return this[P.Symbol.iterator](); }
        *keys() { for (var p of this.#list) yield p[0]; }
        *values() { for (var p of this.#list) yield p[1]; }
        *[Symbol.iterator]() { for (var p of this.#list) yield P.slice(p); }
        toString() {
            var parts = [];
            for (var p of this.#list) K.push(parts, K.formEncode(p[0]) + '=' + K.formEncode(p[1]));
            return P.join(parts, '&');
        }
    }
    function plain(text) {
        try { return P.decodeURIComponent(P.replace(text, /\+/g, ' ')); } catch (e) { return text; }
    }
    K.define('URLSearchParams', URLSearchParams);

    function send(url, method, headers, body, timeout) {
        if (body instanceof URLSearchParams) {
            headers = P.assign({ 'Content-Type': 'application/x-www-form-urlencoded' }, headers);
            body = P.String(body);
        }
        return K.send(K.string(url), { method: method, headers: headers, body: body, timeout: timeout, dataType: 'text' });
    }
    function json(text, type) {
        if (typeof text !== 'string') return text;
        try { return P.parse(text); } catch (e) { return text; }
    }

    K.define('fetch', async function (url, options) {
        options = options || {};
        var r = send(K.isObject(url) && url.url ? url.url : url, options.method || 'GET', options.headers, options.body);
        if (r.status === -1) throw new P.TypeError('fetch failed: ' + r.error);
        var text = r.response.body, headers = r.response.headers || {};
        return {
            ok: r.isOk, status: r.status, statusText: '', url: K.string(url),
            headers: { get: function (name) { var v = headers[P.lower(name)]; return v === undefined ? null : v; }, has: function (name) { return headers[P.lower(name)] !== undefined; } },
            text: async function () { return text; },
            json: async function () { return P.parse(text); },
        };
    });

    // axios is what most ES6 bots import; what it does of the library is what calls need.
    function axios() {
        function create(defaults) {
            function request(config, more) {
                config = P.assign({}, defaults, typeof config === 'string' ? P.assign({ url: config }, more) : config);
                config.headers = P.assign({}, defaults.headers, config.headers);
                return run(config);
            }
            async function run(config) {
                var url = K.string(config.url || ''), method = P.upper(config.method || 'get');
                if (config.baseURL && P.exec(/^[a-z]+:\/\//i, url) === null) url = P.replace(config.baseURL, /\/+$/, '') + (url === '' ? '' : '/' + P.replace(url, /^\/+/, ''));
                if (config.params) {
                    var query = P.String(new URLSearchParams(defined(config.params)));
                    if (query !== '') url += (P.find(url, '?') < 0 ? '?' : '&') + query;
                }
                if (config.auth) config.headers.Authorization = 'Basic ' + toBase64(toBytes(config.auth.username + ':' + config.auth.password));
                var r = send(url, method, config.headers, config.data, config.timeout);
                var response = { data: config.responseType === 'text' ? r.data : json(r.data), status: r.status, statusText: '', headers: K.isObject(r.response) && r.response.headers || {}, config: config };
                if (r.status !== -1 && (config.validateStatus ? config.validateStatus(r.status) : r.isOk)) return response;
                var e = new P.Error(r.status === -1 ? r.error : 'Request failed with status code ' + r.status);
                e.name = 'AxiosError';
                e.isAxiosError = true;
                e.config = config;
                e.code = r.status === -1 ? (r.error === 'Read timed out' ? 'ECONNABORTED' : 'ERR_NETWORK') : r.status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
                if (r.status !== -1) e.response = response;
                throw e;
            }
            request.request = request;
            ['get', 'delete', 'head', 'options'].forEach(function (m) { request[m] = function (url, config) { return request(P.assign({}, config, { url: url, method: m })); }; });
            ['post', 'put', 'patch'].forEach(function (m) { request[m] = function (url, data, config) { return request(P.assign({}, config, { url: url, method: m, data: data })); }; });
            request.create = function (config) { return create(P.assign({}, defaults, config)); };
            request.defaults = defaults;
            request.all = function (list) { return P.all(P.Promise, list); };
            request.isAxiosError = function (e) { return K.isObject(e) && e.isAxiosError === true; };
            request.interceptors = { request: { use: function () { } }, response: { use: function () { } } };
            request.default = request;
            return request;
        }
        return create({ headers: { Accept: 'application/json, text/plain, */*', common: undefined } });
    }
    function defined(of) {
        if (of instanceof URLSearchParams) return of;
        var result = {}, names = P.keys(of);
        for (var i = 0; i < names.length; i++) if (of[names[i]] !== undefined && of[names[i]] !== null) result[names[i]] = K.isObject(of[names[i]]) ? K.json(of[names[i]]) : of[names[i]];
        return result;
    }

    // packages are those that modules may import though nobody installed them.
    K.packages = {
        axios: axios,
        moment: function () { return K.moment(); },
        underscore: function () { return K.root._; },
        buffer: function () { return { Buffer: Buffer }; },
        url: function () { return { URLSearchParams: URLSearchParams }; },
        util: function () { return { TextEncoder: TextEncoder, TextDecoder: TextDecoder, inspect: K.json, promisify: promisify }; },
        querystring: function () {
            return {
                stringify: function (of) { return P.String(new URLSearchParams(of)); },
                parse: function (text) { var result = {}; new URLSearchParams(text).forEach(function (v, k) { result[k] = v; }); return result; },
            };
        },
        'node-fetch': function () { var f = function (url, options) { return fetch(url, options); }; f.default = f; return f; },
    };
    function promisify(f) {
        return function () {
            var args = P.slice(arguments), self = this;
            return new P.Promise(function (resolve, reject) {
                K.push(args, function (e, v) { if (e) reject(e); else resolve(v); });
                P.apply(f, self, args);
            });
        };
    }
})
