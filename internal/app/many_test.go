//go:build !race

package app_test

// manyBots are loaded at once.
const manyBots = 100
