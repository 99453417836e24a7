# $Text, some words, is built in.
