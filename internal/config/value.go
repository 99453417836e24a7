package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	neturl "net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// value reads and shows one field of a Config.
type value struct {
	expects string
	set     func(string) bool // false: not what is expected
	show    func() any        // as it is written in YAML
}

func text(p *string) value {
	return value{"any text", func(s string) bool { *p = s; return true }, func() any { return *p }}
}

func path(p *string) value {
	return value{"a path", func(s string) bool { *p = s; return s != "" }, func() any { return *p }}
}

// url takes an empty text, too.
func url(p *string, schemes ...string) value {
	return value{
		"a URL that begins with " + strings.Join(schemes, ":// or ") + "://",
		func(s string) bool {
			*p = s
			if s == "" {
				return true
			}
			u, err := neturl.Parse(s)
			return err == nil && slices.Contains(schemes, u.Scheme) && u.Host != ""
		},
		func() any { return *p },
	}
}

func address(p *string) value {
	return value{
		"host:port, such as 127.0.0.1:8080",
		func(s string) bool {
			_, port, err := net.SplitHostPort(s)
			if err != nil {
				return false
			}
			_, err = strconv.ParseUint(port, 10, 16)
			*p = s
			return err == nil
		},
		func() any { return *p },
	}
}

func onOff(p *bool) value {
	return value{
		"on or off (or true or false)",
		func(s string) bool {
			on := s == "on" || s == "true"
			*p = on
			return on || s == "off" || s == "false"
		},
		func() any { return *p },
	}
}

func count(p *int, least, most int) value {
	return value{
		fmt.Sprintf("a whole number from %d to %d", least, most),
		func(s string) bool {
			n, err := strconv.Atoi(s)
			*p = n
			return err == nil && n >= least && n <= most
		},
		func() any { return *p },
	}
}

func rate(p *float64) value {
	const least, most = 0.01, 1_000_000
	return value{
		fmt.Sprintf("a number from %v to %d", least, most),
		func(s string) bool {
			f, err := strconv.ParseFloat(s, 64)
			*p = f
			return err == nil && f >= least && f <= most
		},
		func() any { return *p },
	}
}

func span(p *time.Duration, least, most string) value {
	return value{
		fmt.Sprintf("a duration from %s to %s, such as 30s or 1m30s", least, most),
		func(s string) bool {
			d, err := time.ParseDuration(s)
			*p = d
			return err == nil && d >= mustSpan(least) && d <= mustSpan(most)
		},
		func() any { return p.String() },
	}
}

func mustSpan(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

func oneOf(p *string, words ...string) value {
	return value{
		strings.Join(words, " or "),
		func(s string) bool { *p = s; return slices.Contains(words, s) },
		func() any { return *p },
	}
}

func level(p *slog.Level) value {
	words := []string{"debug", "info", "warn", "error"}
	return value{
		"debug, info, warn or error",
		func(s string) bool { return slices.Contains(words, s) && p.UnmarshalText([]byte(s)) == nil },
		func() any { return strings.ToLower(p.String()) },
	}
}

func networks(p *[]netip.Prefix) value {
	return value{
		"addresses or networks parted by commas, such as 10.0.0.0/8, 192.168.1.7",
		func(s string) bool {
			var list []netip.Prefix
			for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' }) {
				n, ok := network(word)
				if !ok {
					return false
				}
				list = append(list, n)
			}
			*p = list
			return true
		},
		func() any {
			list := make([]string, len(*p))
			for i, n := range *p {
				list[i] = n.String()
			}
			return list
		},
	}
}

// private takes on and off beside networks.
func private(p *Private) value {
	some, all := networks(&p.Networks), onOff(&p.All)
	return value{
		"off, on, or " + some.expects,
		func(s string) bool {
			p.Networks = nil
			if all.set(s) {
				return true
			}
			p.All = false
			return some.set(s) && len(p.Networks) > 0
		},
		func() any {
			if len(p.Networks) > 0 {
				return some.show()
			}
			return all.show()
		},
	}
}

func network(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	n, err := netip.ParsePrefix(s)
	return n, err == nil
}
