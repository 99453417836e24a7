package bundle

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// content is a file that is in memory.
type content struct {
	path string
	data []byte
}

// gatherer takes files one after another and judges them.
type gatherer struct {
	limits
	contents []content
	seen     map[string]bool
	entries  int   // those that are left out count, too
	left     int64 // bytes that may come yet
}

func (l limits) newGatherer() *gatherer {
	return &gatherer{limits: l, seen: make(map[string]bool), left: l.unpacked}
}

// add takes a file if it is one of a bot. open is called then.
func (g *gatherer) add(name string, mode fs.FileMode, open func() (io.ReadCloser, error)) error {
	if g.entries++; g.entries > g.files {
		return tooLarge("", "there are more than %d files", g.files)
	}
	if err := checkPath(name); err != nil {
		return err
	}
	if !belongs(name) {
		return nil
	}
	switch {
	case mode&fs.ModeSymlink != 0:
		return invalid(name, "it is a symbolic link; expected a file")
	case !mode.IsRegular():
		return invalid(name, "it is no regular file")
	case g.seen[name]:
		return invalid(name, "it is there twice")
	}
	r, err := open()
	if err != nil {
		return unreadable(name, err)
	}
	defer r.Close() //nolint:errcheck // it is only read
	var data bytes.Buffer
	if _, err := data.ReadFrom(io.LimitReader(r, g.left+1)); err != nil {
		return unreadable(name, err)
	}
	if g.left -= int64(data.Len()); g.left < 0 {
		return tooLarge(name, "with it the files have more than %s", mebibytes(g.unpacked))
	}
	g.seen[name] = true
	g.contents = append(g.contents, content{name, data.Bytes()})
	return nil
}

// bundle makes one of what was taken.
func (g *gatherer) bundle() (*Bundle, error) {
	if !g.seen[ConfigFile] {
		return nil, invalid("", "there is no %s at the top; a bot has %s, src/ and maybe test/", ConfigFile, ConfigFile)
	}
	for _, c := range g.contents {
		for dir := path.Dir(c.path); dir != "."; dir = path.Dir(dir) {
			if g.seen[dir] {
				return nil, invalid(dir, "it is a file and a directory at once")
			}
		}
	}
	slices.SortFunc(g.contents, func(a, b content) int { return strings.Compare(a.path, b.path) })
	return g.newBundle(g.contents)
}

// checkPath refuses what would lead out of a directory, or cannot be shown or stored.
func checkPath(name string) error {
	switch {
	case !utf8.ValidString(name):
		return invalid(strings.ToValidUTF8(name, "\uFFFD"), "its name is not UTF-8")
	case len(name) > MaxPath:
		return invalid(strings.ToValidUTF8(name[:60], "")+"…", "its path has more than %d bytes", MaxPath)
	case strings.ContainsFunc(name, unicode.IsControl):
		return invalid(name, "its path has a control character")
	case strings.Contains(name, `\`) || !fs.ValidPath(name) || name == ".":
		return invalid(name, `expected a path such as src/main.sc: relative, with /, without . and ..`)
	}
	return nil
}

// belongs reports whether a file is one of a bot.
func belongs(name string) bool {
	top, rest, below := strings.Cut(name, "/")
	switch {
	case hidden(name):
		return false
	case below:
		return (top == "src" || top == "test") && rest != ""
	default:
		return name == ConfigFile || path.Ext(name) == ".json"
	}
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }

// unreadable keeps an error that says already what is wrong.
func unreadable(name string, err error) error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	return invalid(name, "it cannot be read: %v", err)
}
