// Корзина живёт в $session: {код товара: количество}. Новая сессия начинается с пустой.

function rubles(sum) {
    return thousands(sum) + " ₽";
}

function cart() {
    var session = $jsapi.context().session;
    session.cart = session.cart || {};
    return session.cart;
}

function isCartEmpty() {
    return Object.keys(cart()).length === 0;
}

// Сколько товара станет в корзине; null, если столько не продаём.
function addToCart(id, count) {
    var sum = (cart()[id] || 0) + count;
    if (!(count > 0) || count % 1 !== 0 || sum > $jsapi.context().injector.most) {
        return null;
    }
    cart()[id] = sum;
    return sum;
}

function removeFromCart(id) {
    var was = cart()[id] !== undefined;
    delete cart()[id];
    return was;
}

// Позиции корзины в порядке каталога.
function cartLines() {
    return Object.keys(Catalogue)
        .filter(function(id) { return cart()[id]; })
        .map(function(id) {
            return { id: id, title: Catalogue[id].title, count: cart()[id], sum: cart()[id] * Catalogue[id].price };
        });
}

function goodsSum() {
    return cartLines().reduce(function(sum, line) { return sum + line.sum; }, 0);
}

function deliverySum() {
    var delivery = $jsapi.context().injector.delivery;
    return goodsSum() >= delivery.freeFrom ? 0 : delivery.price;
}

function totalSum() {
    return goodsSum() + deliverySum();
}

function cartText() {
    return cartLines()
        .map(function(line) { return line.title + " × " + line.count + " — " + rubles(line.sum); })
        .join("\n");
}

// Конвертер $quantity: число словами, цифрами или «пара».
function quantityOf($parseTree) {
    if ($parseTree.Number) {
        return $parseTree.Number[0].value;
    }
    return Number($parseTree.couple ? $parseTree.couple[0].value : $parseTree.value);
}
