package reference

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/govorun/govorun/api"
)

// page is what the template shows.
type page struct {
	Title    string
	Intro    template.HTML
	Events   template.HTML // introduces what is sent over sockets
	Sections []section
	Channels []section
}

// section is a tag with its operations, or a channel with its messages.
type section struct {
	Anchor, Title string
	Text          template.HTML
	Entries       []item
}

// item is an operation, or a message.
type item struct {
	Anchor, Method, Path string
	Title, Origin        string
	Also                 []string
	Text                 template.HTML
	Security             []template.HTML
	Tables               []table
	Curl                 string
	Answers              []answer
}

// table is a list of fields and perhaps an example.
type table struct {
	Title   string
	Text    template.HTML
	Fields  []field
	Example string
}

type answer struct {
	Status string
	Text   template.HTML
	Tables []table
}

// render makes the page of both documents.
func render(url string) ([]byte, error) {
	var described openAPI
	if err := yaml.Unmarshal(api.OpenAPI, &described); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	var events asyncAPI
	if err := yaml.Unmarshal(api.AsyncAPI, &events); err != nil {
		return nil, fmt.Errorf("asyncapi.yaml: %w", err)
	}
	p := page{Title: described.Info.Title, Intro: text(described.Info.Description), Events: text(events.Info.Description)}
	var err error
	if p.Sections, err = described.sections(url); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	if p.Channels, err = events.sections(); err != nil {
		return nil, fmt.Errorf("asyncapi.yaml: %w", err)
	}
	t, err := template.ParseFS(files, "page/page.html")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

// methods is the order in which those of a path are shown.
var methods = [...]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func (p *pathItem) operation(method string) *operation {
	switch method {
	case http.MethodGet:
		return p.Get
	case http.MethodPost:
		return p.Post
	case http.MethodPut:
		return p.Put
	case http.MethodPatch:
		return p.Patch
	default:
		return p.Delete
	}
}

// sections lists the operations by their tags, in the order of the document.
func (d *openAPI) sections(url string) ([]section, error) {
	all := make([]section, len(d.Tags))
	for i, t := range d.Tags {
		all[i] = section{Anchor: anchor("part-" + t.Name), Title: t.Name, Text: text(t.Description)}
	}
	for _, path := range d.Paths {
		for _, method := range methods {
			o := path.value.operation(method)
			if o == nil {
				continue
			}
			shown, err := d.operation(url, path.name, method, &path.value, o)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path.name, err)
			}
			i := slices.IndexFunc(d.Tags, func(t tag) bool { return slices.Contains(o.Tags, t.Name) })
			if i < 0 {
				return nil, fmt.Errorf("%s %s: no such tag as %v", method, path.name, o.Tags)
			}
			all[i].Entries = append(all[i].Entries, shown)
		}
	}
	return all, nil
}

func (d *openAPI) operation(url, path, method string, p *pathItem, o *operation) (item, error) {
	shown := item{
		Anchor: o.OperationID, Method: method, Path: path, Title: o.Summary, Origin: o.Origin, Also: p.Also, Text: text(o.Description),
		Security: d.security(o),
	}
	call := curl{method: method, url: url + path, bearer: len(o.Security) > 0 && len(o.Security[0]) > 0}
	parameters, err := d.parameters(append(slices.Clone(p.Parameters), o.Parameters...), &call)
	if err != nil {
		return item{}, err
	}
	if len(parameters) > 0 {
		shown.Tables = append(shown.Tables, table{Title: "Parameters", Fields: parameters})
	}
	if o.RequestBody != nil {
		b, err := d.Components.body(*o.RequestBody)
		if err != nil {
			return item{}, err
		}
		tables, err := d.contents("Body", b.Content)
		if err != nil {
			return item{}, err
		}
		call.body(b.Content, tables)
		if len(tables) > 0 {
			tables[0].Text = text(b.Description)
		}
		shown.Tables = append(shown.Tables, tables...)
	}
	shown.Curl = call.String()
	shown.Answers, err = d.answers(o)
	return shown, err
}

// security says with what a call is authorised; nothing where it needs nothing.
func (d *openAPI) security(o *operation) []template.HTML {
	var all []template.HTML
	for _, alternative := range o.Security {
		for _, e := range alternative {
			if s, ok := d.Components.SecuritySchemes.find(e.name); ok {
				all = append(all, line(s.Description))
			}
		}
	}
	return all
}

func (d *openAPI) parameters(all []parameter, call *curl) ([]field, error) {
	var rows []field
	for _, p := range all {
		p, err := d.Components.parameter(p)
		if err != nil {
			return nil, err
		}
		row, err := d.Components.field(p.Name, p.Schema, p.Required, 0)
		if err != nil {
			return nil, err
		}
		if p.Description != "" {
			row.Text = text(p.Description)
		}
		row.Type += ", in " + p.In
		rows = append(rows, row)
		call.parameter(p)
	}
	return rows, nil
}

// contents shows a body in each of its types.
func (d *openAPI) contents(title string, content ordered[media]) ([]table, error) {
	var tables []table
	for _, m := range content {
		fields, err := d.Components.fields(m.value.Schema, 0)
		if err != nil {
			return nil, err
		}
		t := table{Title: title + ", " + m.name, Fields: fields}
		if m.name == "application/json" {
			if t.Example, err = d.Components.sample(m.value.Example, m.value.Schema); err != nil {
				return nil, err
			}
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (d *openAPI) answers(o *operation) ([]answer, error) {
	var all []answer
	for _, e := range o.Responses {
		r, err := d.Components.response(e.value)
		if err != nil {
			return nil, err
		}
		a := answer{Status: e.name, Text: line(r.Description)}
		var headers []field
		for _, h := range r.Headers {
			p, err := d.Components.header(h.value)
			if err != nil {
				return nil, err
			}
			row, err := d.Components.field(h.name, p.Schema, p.Required, 0)
			if err != nil {
				return nil, err
			}
			row.Text = text(p.Description)
			headers = append(headers, row)
		}
		if len(headers) > 0 {
			a.Tables = append(a.Tables, table{Title: "Headers", Fields: headers})
		}
		tables, err := d.contents("Body", r.Content)
		if err != nil {
			return nil, err
		}
		a.Tables = append(a.Tables, tables...)
		all = append(all, a)
	}
	return all, nil
}

// sections lists the messages by their channels.
func (d *asyncAPI) sections() ([]section, error) {
	var all []section
	for _, c := range d.Channels {
		s := section{Anchor: anchor("events-" + c.name), Title: c.value.Title, Text: text(c.value.Description)}
		for _, m := range c.value.Messages {
			shown, err := d.message(c.name, m.name, m.value)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", m.name, c.name, err)
			}
			s.Entries = append(s.Entries, shown)
		}
		all = append(all, s)
	}
	return all, nil
}

func (d *asyncAPI) message(channel, name string, m message) (item, error) {
	m, err := d.Components.message(m)
	if err != nil {
		return item{}, err
	}
	t := table{Title: "Payload"}
	if t.Fields, err = d.Components.fields(m.Payload, 0); err != nil {
		return item{}, err
	}
	var written yaml.Node
	if len(m.Examples) > 0 {
		written = m.Examples[0].Payload
	}
	if t.Example, err = d.Components.sample(written, m.Payload); err != nil {
		return item{}, err
	}
	return item{Anchor: anchor("events-" + channel + "-" + name), Path: m.Name, Title: m.Summary, Text: text(m.Description), Tables: []table{t}}, nil
}

// anchor makes a name that can stand in an address.
func anchor(name string) string {
	return url.PathEscape(strings.ReplaceAll(strings.ToLower(name), " ", "-"))
}
