//go:build race

package bots_test

// every says that a part of the cases is played, for the race detector makes the machine of scripts
// ten times as slow; all of them are played without it.
const every = 6
