// Functions of .js files are globals of all scripts.
function double(n) {
    return n * 2;
}

// Handlers and converters may live here as well.
function countWords($parseTree) {
    return $parseTree.words.length;
}
