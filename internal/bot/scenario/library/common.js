// What scripts share: small functions over texts, lists and dates. Those that every bot has
// without asking (selectRandomArg, capitalize, toPrettyString, parseXml, currentDate …) are not
// repeated here.

// hasValue reports whether something was said or stored: not null, undefined, "", [] or {}.
function hasValue(of) {
    if (of === undefined || of === null || of === '') return false;
    if (typeof of === 'object' && !(of instanceof Date)) return Object.keys(of).length > 0;
    return true;
}

// formatString puts values for {0}, {1} … in a text.
function formatString(text) {
    var values = arguments;
    return String(text).replace(/\{(\d+)\}/g, function (all, n) {
        var value = values[Number(n) + 1];
        return value === undefined ? all : value;
    });
}

// pluralize is the form that goes with a number: pluralize(5, "рубль", "рубля", "рублей").
function pluralize(number, one, few, many) {
    var n = Math.abs(Math.floor(number)), last = n % 10, two = n % 100;
    if (many === undefined) return n === 1 ? one : few;
    if (last === 1 && two !== 11) return one;
    return last >= 2 && last <= 4 && (two < 10 || two > 20) ? few : many;
}

// leadingZeros writes a number with at least so many digits.
function leadingZeros(number, digits) {
    var text = String(number);
    while (text.length < digits) text = '0' + text;
    return text;
}

// thousands writes a number with a space between thousands.
function thousands(number) {
    return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}
