// Package contract holds what goes over HTTP against api/openapi.yaml: every answer, and every
// request that was accepted. Tests put it between themselves and the server, as the transport of
// their client or around a handler. It is not a test of the server's behaviour: whether an answer is
// right is for the test to say, whether it is documented is said here.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/govorun/govorun/api"
)

// Document is what an exchange is held against.
type Document struct {
	doc     *openapi3.T
	router  routers.Router
	options openapi3filter.Options
}

// Exchange is a request and its answer.
type Exchange struct {
	Request *http.Request // its Body is not looked at
	Sent    []byte        // the request's body
	Cut     bool          // Sent is only its beginning, and is not looked at
	Status  int
	Header  http.Header
	Body    []byte // of the answer
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Ours returns the document of this repository.
var Ours = sync.OnceValues(func() (*Document, error) { return Parse(api.OpenAPI) })

// Parse reads an OpenAPI document, and finds out whether it is one. A path that lists others as
// x-also is served under all of them.
func Parse(data []byte) (*Document, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the document is not valid: %w", err)
	}
	for _, path := range doc.Paths.InMatchingOrder() {
		item := doc.Paths.Value(path)
		for _, also := range names(item) {
			doc.Paths.Set(also, item)
		}
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route the document: %w", err)
	}
	d := &Document{doc: doc, router: router}
	d.options = openapi3filter.Options{
		IncludeResponseStatus:             true,
		RejectWhenRequestBodyNotSpecified: true,
		SkipSettingDefaults:               true,
		MultiError:                        true,
		AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc, // the server has judged that
		SchemaValidationOptions: []openapi3.SchemaValidationOption{
			openapi3.WithStringFormatValidator("uuid", openapi3.NewCallbackValidator(func(s string) error {
				if !uuid.MatchString(s) {
					return errors.New("not a UUID")
				}
				return nil
			})),
		},
	}
	d.options.WithCustomSchemaErrorFunc(saidOf)
	return d, nil
}

// saidOf says what is wrong where, without the whole of schema and value.
func saidOf(err *openapi3.SchemaError) string {
	return strings.Join(err.JSONPointer(), ".") + " " + err.Reason
}

// names lists the other names of a path.
func names(item *openapi3.PathItem) []string {
	list, _ := item.Extensions["x-also"].([]any)
	var all []string
	for _, name := range list {
		all = append(all, fmt.Sprint(name))
	}
	return all
}

// Routes lists what is documented, as "METHOD /path", with every name of a path.
func (d *Document) Routes() []string {
	var all []string
	for path, item := range d.doc.Paths.Map() {
		for method := range item.Operations() {
			all = append(all, method+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

// knows: whether an exchange is to be held against the document at all.
func (d *Document) knows(r *http.Request) bool {
	_, _, err := d.router.FindRoute(r)
	return strings.HasPrefix(r.URL.Path, "/api/") || !errors.Is(err, routers.ErrPathNotFound)
}

// Check says what of an exchange is not documented. Paths outside /api that are not in the
// document, such as pages and sockets, are nobody's business here.
func (d *Document) Check(x Exchange) error {
	r := x.Request.Clone(x.Request.Context())
	r.Body = io.NopCloser(bytes.NewReader(x.Sent))
	if len(bytes.TrimSpace(x.Sent)) == 0 { // white space is no body
		r.Body = http.NoBody
	}
	asked := r.Method
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	route, params, err := d.router.FindRoute(r)
	switch {
	case errors.Is(err, routers.ErrPathNotFound):
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			return nil
		}
		return d.general(x, http.StatusNotFound, "NotFound")
	case asked == http.MethodOptions && errors.Is(err, routers.ErrMethodNotAllowed):
		return d.preflight(r, x)
	case errors.Is(err, routers.ErrMethodNotAllowed):
		return errors.Join(d.general(x, http.StatusMethodNotAllowed, "MethodNotAllowed"), d.checkAllow(r, x))
	case err != nil:
		return err
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &d.options}
	if err := d.checkResponse(input, x, asked); err != nil {
		return fmt.Errorf("%s: the answer %d is not as documented: %w: %.500s", route.Operation.OperationID, x.Status, err, x.Body)
	}
	if x.Status >= 300 || x.Cut {
		return nil
	}
	d.asJSON(input)
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return fmt.Errorf("%s: accepted with %d what is not documented: %w: %s %.500s", route.Operation.OperationID, x.Status, err, r.URL.RawQuery, x.Sent)
	}
	return nil
}

func (d *Document) checkResponse(request *openapi3filter.RequestValidationInput, x Exchange, method string) error {
	options := d.options
	options.ExcludeResponseBody = method == http.MethodHead
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: x.Status, Header: x.Header, Body: io.NopCloser(bytes.NewReader(x.Body)), Options: &options,
	}
	if err := openapi3filter.ValidateResponse(request.Request.Context(), input); err != nil {
		return err
	}
	if response := request.Route.Operation.Responses.Status(x.Status); response != nil && len(response.Value.Content) == 0 && len(x.Body) > 0 {
		return errors.New("no body is documented")
	}
	if method == http.MethodHead {
		return nil
	}
	return d.checkWhole(request, x)
}

// checkWhole: only who asks for some fields of a list's items is given items without the others.
func (d *Document) checkWhole(request *openapi3filter.RequestValidationInput, x Exchange) error {
	operation := request.Route.Operation
	if x.Status != http.StatusOK || operation.Parameters.GetByInAndName("query", "fields") == nil || request.Request.URL.Query().Get("fields") != "" {
		return nil
	}
	item := operation.Responses.Status(x.Status).Value.Content.Get("application/json").Schema.Value.Properties["items"].Value.Items.Value.AnyOf[0]
	var list struct{ Items []any }
	if err := json.Unmarshal(x.Body, &list); err != nil {
		return err
	}
	for _, i := range list.Items {
		if err := item.Value.VisitJSON(i, d.options.SchemaValidationOptions...); err != nil {
			return err
		}
	}
	return nil
}

// asJSON: where a body can only be JSON, the server takes it for that whatever its type says.
func (d *Document) asJSON(input *openapi3filter.RequestValidationInput) {
	body := input.Route.Operation.RequestBody
	if body != nil && len(body.Value.Content) == 1 && body.Value.Content["application/json"] != nil {
		input.Request.Header.Set("Content-Type", "application/json")
	}
}

// general holds an answer against one of those that any path may give. The Chat API has its own of each
// name, but for 401, which it does not know.
func (d *Document) general(x Exchange, expected int, name string) error {
	named := map[int]string{
		expected: name, http.StatusTooManyRequests: "RateLimited", http.StatusServiceUnavailable: "Unavailable", http.StatusInternalServerError: "Internal",
		http.StatusUnauthorized: "Unauthenticated", http.StatusForbidden: "Forbidden",
	}
	where := x.Request.Method + " " + x.Request.URL.Path
	component, ok := named[x.Status]
	if redirect := x.Status == http.StatusMovedPermanently || x.Status == http.StatusTemporaryRedirect; redirect && x.Request.URL.Path != x.Header.Get("Location") {
		return nil // the router's, to the path without what is superfluous
	}
	if !ok {
		return fmt.Errorf("%s is not documented, and is answered %d instead of %d: %.500s", where, x.Status, expected, x.Body)
	}
	if isChatAPI(x.Request.URL.Path) {
		component = "Chat" + component
	}
	response := d.doc.Components.Responses[component]
	if response == nil {
		return fmt.Errorf("the document has no response %s", component)
	}
	operation := &openapi3.Operation{OperationID: name, Responses: openapi3.NewResponses(openapi3.WithStatus(x.Status, response))}
	request := &openapi3filter.RequestValidationInput{
		Request: x.Request, Route: &routers.Route{Spec: d.doc, Method: x.Request.Method, Operation: operation}, Options: &d.options,
	}
	if err := d.checkResponse(request, x, x.Request.Method); err != nil {
		return fmt.Errorf("%s: the answer %d is not as documented: %w: %.500s", where, x.Status, err, x.Body)
	}
	return nil
}

func isChatAPI(path string) bool {
	return strings.HasPrefix(path, "/chatapi/") || strings.HasPrefix(path, "/chatadapter/chatapi/")
}

// preflight: every path answers OPTIONS, with 204 and the methods it has.
func (d *Document) preflight(r *http.Request, x Exchange) error {
	if x.Status != http.StatusNoContent {
		return d.general(x, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
	if len(x.Body) > 0 {
		return fmt.Errorf("OPTIONS %s: a body with 204: %.500s", r.URL.Path, x.Body)
	}
	return d.checkAllow(r, x)
}

// checkAllow: Allow names the documented methods, and those that go with them.
func (d *Document) checkAllow(r *http.Request, x Exchange) error {
	if x.Status != http.StatusMethodNotAllowed && x.Status != http.StatusNoContent {
		return nil
	}
	var documented []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		r.Method = method
		if _, _, err := d.router.FindRoute(r); err == nil {
			documented = append(documented, method)
		}
	}
	allow := slices.DeleteFunc(strings.Split(x.Header.Get("Allow"), ", "), func(m string) bool { return m == "OPTIONS" || m == "HEAD" })
	slices.Sort(allow)
	slices.Sort(documented)
	if !slices.Equal(allow, documented) {
		return fmt.Errorf("%s %s: Allow is %q, documented are %v", x.Request.Method, r.URL.Path, x.Header.Get("Allow"), documented)
	}
	return nil
}
