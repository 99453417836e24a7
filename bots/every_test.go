//go:build !race

package bots_test

// every says that each case is played.
const every = 1
