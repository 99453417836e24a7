// Package bots carries the bots that come with the server.
package bots

import "embed"

// Demo is the demo bot in the folder demo: chatbot.yaml and its scenario.
//
//go:embed demo
var Demo embed.FS
