// Package library is the code that bots ask for as the module sys.zb-common: named patterns,
// functions and dictionaries that come with the platform (scenario language, 4). All of it is
// written from the names; the lists of cities and given names are made by gen, and NOTICE says
// whose the data are. A file costs a bot something only when the bot requires it.
package library

import "embed"

// Files are the library's files, by the names that bots require them by.
//
//go:embed *.js *.sc catchAll city currency dateTime name number phoneNumber slotfilling text
var Files embed.FS
