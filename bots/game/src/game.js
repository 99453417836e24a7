// Правила игры. Словарь приходит из cities.csv и называется Cities: {номер: {value: {name, fact}}}.

// Последняя буква, на которую бывают города: «ь», «ъ» и «ы» пропускают, «й» читают как «и».
function lastLetter(name) {
    var letters = name.toLowerCase().replace(/ё/g, "е").replace(/[ьъы]+$/, "");
    var last = letters.charAt(letters.length - 1);
    return last === "й" ? "и" : last;
}

function firstLetter(name) {
    return name.toLowerCase().charAt(0).replace("ё", "е");
}

function game() {
    return $jsapi.context().session.game;
}

function startGame() {
    $jsapi.context().session.game = { used: [], score: 0, letter: null };
}

function city(id) {
    return Cities[id].value;
}

// Города на букву, которых ещё не называли.
function left(letter) {
    return (CitiesByLetter[letter] || []).filter(function(id) { return game().used.indexOf(id) < 0; });
}

// Почему ход не годится; "" для годного.
function refusal(id) {
    var g = game();
    if (g.letter && firstLetter(city(id).name) !== g.letter) {
        return "Нужен город на «" + g.letter.toUpperCase() + "».";
    }
    return g.used.indexOf(id) >= 0 ? city(id).name + " уже был." : "";
}

function play(id) {
    game().used.push(id);
    game().letter = lastLetter(city(id).name);
}

// Ответ бота: случайный из оставшихся; undefined, если ходить некуда.
function answer() {
    var ids = left(game().letter);
    return ids.length > 0 ? ids[$reactions.random(ids.length)] : undefined;
}

function level() {
    return Math.floor(game().score / $jsapi.context().injector.step) + 1;
}

function secondsToMove() {
    var seconds = $jsapi.context().injector.seconds;
    return seconds[Math.min(level(), seconds.length) - 1];
}

// Рекорд помнят между разговорами. Возвращает, побит ли он.
function keepRecord() {
    var client = $jsapi.context().client;
    if (game().score <= (client.record || 0)) {
        return false;
    }
    client.record = game().score;
    return true;
}
