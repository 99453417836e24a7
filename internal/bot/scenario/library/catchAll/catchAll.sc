# $catchAll, anything that was said, a bare sticker or nothing but punctuation too; and the counter
# of catchAll.js. There are no states: what a bot answers to what it does not understand is its own.
require: catchAll.js

patterns:
    $catchAll = *
