# $Currency, the name or sign of a money: the value is its code (ISO 4217), "RUB". $Money is an
# amount: the value is {amount, currency}.
require: ../number/number.sc

patterns:
    $Currency = ((~рубль|рублик|рублики|рубликов|руб|р|рубас|рубасов|деревянных|rub|rur|ruble|rubles|rouble|roubles|₽):RUB|
        (~доллар|долл|бакс|бакса|баксов|баксы|баксах|usd|dollar|dollars|buck|bucks|доллар* сша|американск* доллар*|us (dollar|dollars)):USD|
        (евро|еврик|евриков|eur|euro|euros|€):EUR|
        (~фунт [стерлингов]|~стерлинг|gbp|pound|pounds [sterling]|quid|£):GBP|
        (~юань|китайск* юан*|cny|rmb|yuan|renminbi):CNY|
        (~иена|~йена|jpy|yen|¥):JPY|
        (~тенге|kzt|tenge|₸):KZT|
        (~гривна|~гривня|uah|hryvnia|hryvnias|₴):UAH|
        (белорусск* рубл*|бел руб|byn|belarusian (ruble|rubles)):BYN|
        (~лира|турецк* лир*|try|lira|liras|₺):TRY|
        (~франк|швейцарск* франк*|chf|franc|francs|swiss (franc|francs)):CHF|
        (~злотый|pln|zloty|zlotys):PLN|
        (~крона|шведск* крон*|sek|krona|kronor):SEK|
        (~сум|узбекск* сум*|uzs):UZS|
        (~сом|киргизск* сом*|kgs):KGS|
        (~драм|армянск* драм*|amd):AMD|
        (~лари|gel|lari):GEL|
        (~манат|азербайджанск* манат*|azn|manat):AZN|
        (~шекель|ils|shekel|shekels|₪):ILS|
        (~дирхам|aed|dirham|dirhams):AED|
        (~рупия|inr|rupee|rupees|₹):INR|
        (~вона|krw|won|₩):KRW|
        (~биткоин|~биткойн|биток|битков|btc|bitcoin|bitcoins):BTC)
    $Money = ($Number [(~тысяча|тыс|тыщ|к|k):1000|(~миллион|млн|лям|лямов|m):1000000] $Currency|$Currency $Number) || converter = function (node) { return { amount: node.Number[0].value * Number(node.value || 1), currency: node.Currency[0].value }; }
