//go:build race

package app_test

// manyBots are loaded at once; fewer than otherwise, for the race detector makes the machine of scripts
// ten times as slow.
const manyBots = 20
