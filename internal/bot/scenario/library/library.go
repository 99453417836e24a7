// Package library is the code that bots ask for as the module sys.zb-common: named patterns and
// functions that come with the platform.
package library

import "embed"

// Files are the library's files, by the names that bots require them by.
//
//go:embed slotfilling text
var Files embed.FS
