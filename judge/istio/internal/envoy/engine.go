// Package envoy follows connections and requests through the configuration that istiod generates, the way Envoy would.
package envoy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// Patterns is RE2.
type Patterns interface {
	// Size gives the instructions of a pattern's program, or why there is none.
	Size(pattern string, utf8 bool) (int, error)
	// Matches tells whether a pattern matches a whole text.
	Matches(pattern string, utf8 bool, text string) bool
}

// Engine evaluates for one request. What it cannot evaluate it remembers, and its answers are then worth nothing.
type Engine struct {
	Patterns Patterns
	// Joined is how a header is read that comes several times: as one value with commas (Envoys up to 1.36.4, and 1.37.0), or value
	// by value.
	Joined bool
	// Several tells that a header was asked for that came several times, and may be read either way.
	Several bool
	problem error
}

// Problem is what could not be evaluated, nil for nothing.
func (e *Engine) Problem() error { return e.problem }

// Unsupported notes what cannot be evaluated.
func (e *Engine) Unsupported(format string, arguments ...any) {
	if e.problem == nil {
		e.problem = errors.New("not followed: " + fmt.Sprintf(format, arguments...))
	}
}

// Request is an HTTP request as a proxy sees it. Header names are in lower case, values without blanks around them.
type Request struct {
	Method  string
	Path    string
	Host    string
	Headers map[string][]string
	// Token is what the JSON web token says that it carries, signed as it should be; nil for none.
	Token map[string]any
	// verified is what the filter of tokens keeps, for the routes that are asked for after it.
	verified map[string]any
}

// Connection is what a listener sees of a new connection.
type Connection struct {
	DestinationIP   netip.Addr
	DestinationPort uint32
	SourceIP        netip.Addr
	TLS             bool
	ServerName      string   // SNI, with TLS
	Protocols       []string // ALPN, or what the HTTP inspector found
	Peer            string   // URI in the certificate that the client has, with TLS
}

// keptAsOne are headers of which every Envoy keeps one value, with commas.
var keptAsOne = map[string]bool{
	"user-agent":      true,
	"x-request-id":    true,
	"x-forwarded-for": true,
	"via":             true,
	"content-type":    true,
	"accept":          true,
	"accept-encoding": true,
	"authorization":   true,
	"cache-control":   true,
	"origin":          true,
	"referer":         true,
}

// written are headers that sidecars write themselves.
var written = []string{"x-request-id", "x-forwarded-", "x-envoy-", "x-b3-", ":scheme", "connection", "content-length", "transfer-encoding", "te", "traceparent"}

// values are those of a header by Envoy's name for it: pseudo headers too, and "host" is the authority.
func (e *Engine) values(request *Request, name string) []string {
	name = strings.ToLower(name)
	switch name {
	case ":method":
		return []string{request.Method}
	case ":path":
		return []string{request.Path}
	case ":authority", "host":
		return []string{request.Host}
	}
	for _, it := range written {
		if strings.HasPrefix(name, it) {
			e.Unsupported("a condition on header %s, which sidecars write themselves", name)
		}
	}
	values := request.Headers[name]
	if len(values) < 2 {
		return values
	}
	e.Several = e.Several || !keptAsOne[name]
	if e.Joined || keptAsOne[name] {
		return []string{strings.Join(values, ",")}
	}
	return values
}

func (e *Engine) header(matcher *routev3.HeaderMatcher, request *Request) bool {
	values := e.values(request, matcher.GetName())
	if len(values) == 0 && matcher.GetTreatMissingHeaderAsEmpty() {
		values = []string{""}
	}
	if present, is := matcher.GetHeaderMatchSpecifier().(*routev3.HeaderMatcher_PresentMatch); is {
		return (len(values) > 0) == present.PresentMatch != matcher.GetInvertMatch()
	}
	if len(values) == 0 {
		return false
	}
	found := false
	for _, value := range values {
		switch it := matcher.GetHeaderMatchSpecifier().(type) {
		case nil:
			found = true
		case *routev3.HeaderMatcher_StringMatch:
			found = found || e.text(it.StringMatch, value)
		case *routev3.HeaderMatcher_SafeRegexMatch:
			found = found || e.pattern(it.SafeRegexMatch.GetRegex(), value)
		default:
			e.Unsupported("a header condition of type %T", it)
		}
	}
	return found != matcher.GetInvertMatch()
}

func (e *Engine) text(matcher *matcherv3.StringMatcher, value string) bool {
	fold := func(text string) string {
		if matcher.GetIgnoreCase() {
			return strings.ToLower(text)
		}
		return text
	}
	switch it := matcher.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return fold(value) == fold(it.Exact)
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(fold(value), fold(it.Prefix))
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(fold(value), fold(it.Suffix))
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(fold(value), fold(it.Contains))
	case *matcherv3.StringMatcher_SafeRegex:
		return e.pattern(it.SafeRegex.GetRegex(), value)
	}
	e.Unsupported("a text condition of type %T", matcher.GetMatchPattern())
	return false
}

// pattern tells whether a regular expression matches a whole text.
func (e *Engine) pattern(expression, value string) bool {
	if _, err := e.Patterns.Size(expression, false); err != nil {
		e.Unsupported("the regular expression %q, which RE2 refuses: %v", expression, err)
		return false
	}
	return e.Patterns.Matches(expression, false, value)
}
