package pattern

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// Bounds of an expression that Go's own engine, which takes linear time, cannot run.
const (
	slowTimeout = 50 * time.Millisecond
	slowText    = 1000 // bytes
	slowCost    = 16   // steps for a byte, where a byte costs the others one
)

// expression is a regular expression of a scenario. They are written in Java's dialect;
// nearly all of them mean the same to Go. Those with look-around, back references and \b
// among other than ASCII letters go to an engine that backtracks, with a time-out.
type expression struct {
	fast        *regexp.Regexp // matches at the beginning, as much as it can
	whole, head *regexp2.Regexp
	literal     bool // stands for exactly one text
	any         bool // fits about everything
}

// newExpression compiles an expression; fold makes upper and lower case the same.
func newExpression(expr string, fold bool) (*expression, error) {
	java, bounds := translate(expr)
	flags := ""
	if fold {
		flags = "(?i)"
	}
	e := &expression{}
	fast, err := regexp.Compile(`^(?:` + flags + java + `)`)
	if err == nil && !bounds {
		fast.Longest()
		e.fast = fast
		if tree, err := syntax.Parse(java, syntax.Perl); err == nil && !fold {
			e.literal = tree.Simplify().Op == syntax.OpLiteral
		}
		word, _ := e.full("Жq7") // cannot take long
		sign, _ := e.full("☃")
		e.any = word && sign
		return e, nil
	}
	var slowErr error
	if e.whole, slowErr = regexp2.Compile(`^(?:`+flags+java+`)\z`, regexp2.None); slowErr == nil {
		e.head, slowErr = regexp2.Compile(`^(?:`+flags+java+`)`, regexp2.None)
	}
	if slowErr != nil {
		if err == nil {
			err = slowErr
		}
		return nil, errors.New(explain(err))
	}
	e.whole.MatchTimeout, e.head.MatchTimeout = slowTimeout, slowTimeout
	return e, nil
}

func explain(err error) string {
	if e := (*syntax.Error)(nil); errors.As(err, &e) {
		return string(e.Code) + ": " + e.Expr
	}
	return err.Error()
}

// cost is what a look at so many bytes costs, in steps.
func (e *expression) cost(bytes int) int {
	if e.fast == nil {
		return 1 + slowCost*bytes
	}
	return 1 + bytes
}

// full reports whether the expression matches a text from end to end. The error says that
// it took too long.
func (e *expression) full(s string) (bool, error) {
	if e.fast != nil {
		loc := e.fast.FindStringIndex(s)
		return loc != nil && loc[1] == len(s), nil
	}
	if len(s) > slowText {
		return false, nil
	}
	return e.whole.MatchString(s)
}

// prefix returns how many bytes at the beginning of a text it matches, -1 for no match. The
// error says that it took too long.
func (e *expression) prefix(s string) (int, error) {
	if e.fast != nil {
		loc := e.fast.FindStringIndex(s)
		if loc == nil {
			return -1, nil
		}
		return loc[1], nil
	}
	if len(s) > slowText {
		return -1, nil
	}
	m, err := e.head.FindStringMatch(s)
	if m == nil || err != nil {
		return -1, err
	}
	end := 0 // the engine counts in runes
	for range m.Length {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return end, nil
}

// javaClasses are Java's names of classes (java.util.regex.Pattern) that Go has under
// another name; what stands inside brackets.
var javaClasses = map[string]string{
	"IsCyrillic": `\p{Cyrillic}`, "InCyrillic": `\p{Cyrillic}`, "IsLatin": `\p{Latin}`, "InLatin": `\p{Latin}`,
	"IsAlphabetic": `\p{L}`, "IsLetter": `\p{L}`, "IsL": `\p{L}`, "IsDigit": `\p{Nd}`, "IsPunctuation": `\p{P}`,
	"IsUppercase": `\p{Lu}`, "IsLowercase": `\p{Ll}`, "javaUpperCase": `\p{Lu}`, "javaLowerCase": `\p{Ll}`,
	"Alpha": `a-zA-Z`, "Digit": `0-9`, "Alnum": `a-zA-Z0-9`, "Upper": `A-Z`, "Lower": `a-z`, "Space": `\s`,
	"XDigit": `0-9a-fA-F`, "Blank": ` \t`, "Punct": `!-/:-@\[-` + "`" + `{-~`,
}

// translate rewrites what Java's dialect writes in another way, and reports whether a word
// boundary is asked for: Java's knows all letters, Go's only ASCII.
func translate(expr string) (out string, bounds bool) {
	var b strings.Builder
	class, quantified := 0, false
	for i := 0; i < len(expr); {
		n := 1
		switch c := expr[i]; {
		case c == '\\' && i+1 < len(expr):
			var piece string
			piece, n = escape(expr[i:], class > 0)
			bounds = bounds || class == 0 && (piece == `\b` || piece == `\B`)
			b.WriteString(piece)
			quantified = false
		case c == '[':
			class++
			b.WriteByte(c)
		case c == ']' && class > 0:
			class--
			b.WriteByte(c)
			quantified = false
		case class > 0:
			b.WriteByte(c)
		case c == '+' && quantified: // possessive: it only takes away matches that nobody misses
			quantified = false
		case strings.HasPrefix(expr[i:], "(?"):
			var piece string
			piece, n = group(expr[i:])
			b.WriteString(piece)
			quantified = false
		default:
			b.WriteByte(c)
			quantified = c == '*' || c == '+' || c == '?' || c == '}'
		}
		i += n
	}
	return b.String(), bounds
}

// escape rewrites one escaped sign and returns how many bytes it took.
func escape(s string, class bool) (piece string, n int) {
	ascii := func(in string) string {
		if class {
			return in
		}
		return "[" + in + "]"
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	switch s[1] {
	case 'd':
		return ascii("0-9"), 2
	case 'w':
		return ascii("a-zA-Z0-9_"), 2
	case 'D', 'W':
		if !class {
			return map[byte]string{'D': "[^0-9]", 'W': "[^a-zA-Z0-9_]"}[s[1]], 2
		}
	case 'h':
		return ascii(` \t`), 2
	case 'R':
		return `(?:\r\n|\n|\r)`, 2
	case 'Q':
		if end := strings.Index(s, `\E`); end >= 0 {
			return regexp.QuoteMeta(s[2:end]), end + 2
		}
		return regexp.QuoteMeta(s[2:]), len(s)
	case 'p':
		if end := strings.IndexByte(s, '}'); end > 3 && s[2] == '{' {
			if in, ok := javaClasses[s[3:end]]; ok {
				return ascii(in), end + 1
			}
			return s[:end+1], end + 1
		}
	case '/', '"', '\'', '<', '>', ' ', '@', '#', '%', '&', '=', '!', ',', ';', ':', '~', '`', '_':
		return s[1:2], 2 // Java lets everything be escaped
	}
	return s[:1+size], 1 + size
}

// group rewrites the beginning of a group with a question mark: flags that Go does not have
// (u: case of all letters, which is always so here) go.
func group(s string) (piece string, n int) {
	end := 2
	for end < len(s) && strings.IndexByte("imsdxuU-", s[end]) >= 0 {
		end++
	}
	if end == 2 || end == len(s) || s[end] != ')' && s[end] != ':' {
		return "(?", 2
	}
	flags := strings.Map(func(r rune) rune {
		if strings.ContainsRune("imsx-", r) {
			return r
		}
		return -1
	}, s[2:end])
	switch {
	case flags == "" && s[end] == ')':
		return "", end + 1
	case flags == "":
		return "(?:", end + 1
	}
	return "(?" + flags + s[end:end+1], end + 1
}
