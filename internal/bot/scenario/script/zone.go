package script

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a server may have no time zones of its own
)

// offset is a zone that says how far it is from UTC: "GMT+3", "UTC-03:30", "+0300".
var offset = regexp.MustCompile(`^(?i:gmt|utc|z)?\s*(?:([+-])\s*(\d{1,2})(?::?([0-5]\d))?)?$`)

// zone finds a time zone by the names that Java knows: of the time zone database, or an offset.
func zone(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	if strings.EqualFold(name, "msk") {
		name = "Europe/Moscow"
	}
	if m := offset.FindStringSubmatch(name); m != nil && name != "" {
		hours, _ := strconv.Atoi("0" + m[2])
		minutes, _ := strconv.Atoi("0" + m[3])
		seconds := (hours*60 + minutes) * 60
		if hours > 18 {
			return nil, fmt.Errorf("there is no time zone %q: an offset is at most 18 hours", name)
		}
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone(name, seconds), nil
	}
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("there is no time zone %q, a name as Europe/Moscow or GMT+3 is expected", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q, a name as Europe/Moscow or GMT+3 is expected", name)
	}
	return loc, nil
}

// names of months and days, in the forms that a date has. Java of the platform speaks English.
var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// maxFormat bounds the formats of dates, in bytes.
const maxFormat = 1000

// format writes a time after a pattern of Java's SimpleDateFormat: letters stand for fields, 'text'
// for itself, ” for an apostrophe.
func format(t time.Time, pattern string) (string, error) {
	if len(pattern) > maxFormat {
		return "", fmt.Errorf("the format of a date has more than %d bytes", maxFormat)
	}
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			i = quoted(&b, pattern, i)
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			if err := field(&b, t, c, n); err != nil {
				return "", err
			}
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), nil
}

// quoted writes what stands in quotes from i on, and tells where it ends.
func quoted(b *strings.Builder, pattern string, i int) int {
	if strings.HasPrefix(pattern[i:], "''") {
		b.WriteByte('\'')
		return i + 2
	}
	for i++; i < len(pattern); i++ {
		if pattern[i] != '\'' {
			b.WriteByte(pattern[i])
			continue
		}
		if i+1 < len(pattern) && pattern[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return i + 1
	}
	return i
}

// field writes one field of n letters c.
func field(b *strings.Builder, t time.Time, c byte, n int) error {
	number := func(v, width int) { fmt.Fprintf(b, "%0*d", width, v) }
	name := func(of string, short int) {
		if n < 4 {
			of = of[:short]
		}
		b.WriteString(of)
	}
	switch c {
	case 'y', 'Y', 'u':
		switch {
		case c == 'u' && n < 3:
			number((int(t.Weekday())+6)%7+1, n)
		case n == 2:
			number(t.Year()%100, 2)
		default:
			number(t.Year(), n)
		}
	case 'M', 'L':
		if n >= 3 {
			name(monthNames[t.Month()-1], 3)
		} else {
			number(int(t.Month()), n)
		}
	case 'd':
		number(t.Day(), n)
	case 'D':
		number(t.YearDay(), n)
	case 'E':
		name(dayNames[t.Weekday()], 3)
	case 'H':
		number(t.Hour(), n)
	case 'k':
		number((t.Hour()+23)%24+1, n)
	case 'h':
		number((t.Hour()+11)%12+1, n)
	case 'K':
		number(t.Hour()%12, n)
	case 'm':
		number(t.Minute(), n)
	case 's':
		number(t.Second(), n)
	case 'S':
		number(t.Nanosecond()/1e6, n)
	case 'a':
		b.WriteString(t.Format("PM"))
	case 'w':
		_, week := t.ISOWeek()
		number(week, n)
	case 'z':
		b.WriteString(t.Format("MST"))
	case 'Z':
		b.WriteString(t.Format("-0700"))
	case 'X':
		b.WriteString(t.Format([]string{"Z07", "Z0700", "Z07:00"}[min(n, 3)-1]))
	case 'G':
		b.WriteString("AD")
	default:
		return fmt.Errorf("the format of a date has the letter %q, which stands for nothing", c)
	}
	return nil
}
