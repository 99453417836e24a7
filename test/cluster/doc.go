// Package cluster tries what "make run-cluster" starts: a conversation through the balancer goes
// on when a node is killed, and nothing is left behind at the end. The tests have the build tag
// e2e. GOVORUN_BIN names the program; without it the tests build it.
package cluster
