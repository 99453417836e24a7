// What action tags do that is easier said in JavaScript.
var $$inputs = {
    // number reads the first number of a text; undefined when there is none.
    number: function (text) {
        var m = /-?\d+(?:[.,]\d+)?/.exec(String(text).replace(/(\d)[ \u00a0](?=\d{3}(?!\d))/g, '$1'));
        return m ? parseFloat(m[0].replace(',', '.')) : undefined;
    },
    // phone reads a telephone number: its digits, with a plus; undefined when there is none.
    phone: function (text) {
        var m = /\+?\d(?:[\s().-]*\d){9,14}/.exec(String(text));
        if (!m) return undefined;
        var digits = m[0].replace(/\D/g, '');
        if (digits.length === 11 && digits.charAt(0) === '8') digits = '7' + digits.slice(1);
        if (digits.length === 10) digits = '7' + digits;
        return '+' + digits;
    },
    // request calls an address and keeps what its answer has for each variable. It tells
    // whether that went well.
    request: function (url, settings) {
        var headers = {};
        (settings.headers || []).forEach(function (h) { headers[h.name] = $$.expand(String(h.value)); });
        var r = $http.query(url, { method: settings.method || 'GET', body: settings.body, headers: headers, dataType: settings.dataType || 'json', timeout: settings.timeout });
        $session.httpStatus = r.status;
        $session.httpResponse = r.data;
        if (!r.isOk) return false;
        (settings.vars || []).forEach(function (v) {
            $session[v.name] = new Function('$httpResponse', 'return (' + (v.value || '$httpResponse') + ')')(r.data);
        });
        return true;
    },
};
