package reference

import (
	"net/url"
	"strings"
)

// curl is a command that makes a call.
type curl struct {
	method, url string
	query       url.Values
	bearer      bool
	arguments   []string
}

// parameter gives a parameter the value of its example; those without one are left out.
func (c *curl) parameter(p parameter) {
	value := p.Example.Value
	switch {
	case p.In == "path":
		if value == "" {
			value = "ID"
		}
		c.url = strings.ReplaceAll(c.url, "{"+p.Name+"}", value)
	case value == "":
	case p.In == "query":
		if c.query == nil {
			c.query = url.Values{}
		}
		c.query.Set(p.Name, value)
	case p.In == "header":
		c.arguments = append(c.arguments, "-H "+quote(p.Name+": "+value))
	}
}

// body gives the call the body that is shown.
func (c *curl) body(content ordered[media], shown []table) {
	for i, m := range content {
		switch m.name {
		case "application/json":
			compact := strings.Join(strings.Fields(shown[i].Example), " ")
			c.arguments = append(c.arguments, "-H "+quote("Content-Type: application/json"), "-d "+quote(compact))
			return
		case "multipart/form-data":
			for _, f := range shown[i].Fields {
				if strings.Contains(f.Type, "file") {
					c.arguments = append(c.arguments, "-F "+quote(f.Name+"=@photo.jpg"))
				}
			}
			return
		}
	}
}

func (c *curl) String() string {
	address := c.url
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	arguments := c.arguments
	if c.bearer {
		arguments = append([]string{`-H "Authorization: Bearer $KEY"`}, arguments...)
	}
	command := "curl "
	if c.method != "GET" {
		command += "-X " + c.method + " "
	}
	return strings.Join(append([]string{command + quote(address)}, arguments...), " \\\n  ")
}

// quote makes one word of a text for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
