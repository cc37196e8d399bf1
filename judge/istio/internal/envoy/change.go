package envoy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// changed is a request as a route passes it on (Envoy's source/common/router/config_impl.cc, finalizeRequestHeaders). to is the one of
// several clusters that was chosen, nil where there is but one.
func (e *Engine) changed(it *way, action *routev3.RouteAction, to *routev3.WeightedCluster_ClusterWeight, before *Request) *Request {
	request := *before
	request.Headers = maps.Clone(before.Headers)
	if it.config.GetMostSpecificHeaderMutationsWins() {
		e.Unsupported("changes of headers from the outside in")
	}
	for _, changes := range []headerChanges{to, it.route, it.host, it.config} {
		e.changeHeaders(&request, changes)
	}
	if name := to.GetHostRewriteLiteral(); name != "" {
		request.Host = name
	}
	switch by := action.GetHostRewriteSpecifier().(type) {
	case nil:
	case *routev3.RouteAction_HostRewriteLiteral:
		if by.HostRewriteLiteral != "" {
			request.Host = by.HostRewriteLiteral
		}
	default:
		e.Unsupported("another host by %T", by)
	}
	request.Path = e.rewritten(it.route.GetMatch(), action, request.Path)
	return &request
}

// headerChanges is what each of the things around a route may say of headers.
type headerChanges interface {
	GetRequestHeadersToAdd() []*corev3.HeaderValueOption
	GetRequestHeadersToRemove() []string
}

// changeHeaders does what one of the things around a route says: first it takes headers off, then it sets some, and then it adds some
// (Envoy's source/common/router/header_parser.cc, evaluateHeaders).
func (e *Engine) changeHeaders(request *Request, changes headerChanges) {
	for _, name := range changes.GetRequestHeadersToRemove() {
		name = e.changeable(name)
		delete(request.Headers, name)
		if name == "authorization" {
			request.Token = nil
		}
	}
	set, added := map[string]string{}, map[string][]string{}
	for _, it := range changes.GetRequestHeadersToAdd() {
		name := e.changeable(it.GetHeader().GetKey())
		value := e.literal(it.GetHeader().GetValue())
		if it.GetAppend() != nil || len(it.GetHeader().GetRawValue()) > 0 || name == "authorization" {
			e.Unsupported("what a route makes of header %s", name)
		}
		if value == "" && !it.GetKeepEmptyValue() {
			continue
		}
		value = strings.Trim(value, " \t") // as the next proxy reads it
		present := len(request.Headers[name]) > 0
		switch it.GetAppendAction() {
		case corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
			added[name] = append(added[name], value)
		case corev3.HeaderValueOption_ADD_IF_ABSENT:
			if !present {
				added[name] = append(added[name], value)
			}
		case corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD:
			set[name] = value
		case corev3.HeaderValueOption_OVERWRITE_IF_EXISTS:
			if present {
				set[name] = value
			}
		}
	}
	for name, value := range set {
		request.Headers[name] = []string{value}
	}
	for name, values := range added {
		request.Headers[name] = slices.Concat(request.Headers[name], values)
	}
}

// unchangeable are headers of which more depends than conditions on them.
var unchangeable = []string{"host", "x-forwarded-for", "connection", "content-length", "transfer-encoding", "upgrade", "te", "expect"}

// changeable is a header's name in lower case.
func (e *Engine) changeable(name string) string {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, ":") || slices.Contains(unchangeable, name) {
		e.Unsupported("a route that changes header %s", name)
	}
	return name
}

// literal is a header's value where nothing in it stands for something else.
func (e *Engine) literal(format string) string {
	parts := strings.Split(format, "%%")
	if strings.Contains(strings.Join(parts, ""), "%") {
		e.Unsupported("the value %q, in which Envoy puts what it knows", format)
	}
	return strings.Join(parts, "%")
}

// rewritten is the path, with its query, that a route makes of one.
func (e *Engine) rewritten(match *routev3.RouteMatch, action *routev3.RouteAction, path string) string {
	after := path
	switch {
	case action.GetPathRewritePolicy() != nil:
		e.Unsupported("another path by a policy")
	case action.GetPrefixRewrite() != "":
		after = action.GetPrefixRewrite() + path[e.matched(match, path):]
	case action.GetRegexRewrite() != nil:
		plain := withoutQuery(path)
		after = e.replaced(action.GetRegexRewrite(), plain) + path[len(plain):]
	default:
		return path
	}
	if !strings.HasPrefix(after, "/") {
		e.Unsupported("the path %q, which does not begin with a slash", after)
	}
	return after
}

// matched is the length of what of a path another takes the place of: what the route asks for, and of a regular expression the whole path
// without its query.
func (e *Engine) matched(match *routev3.RouteMatch, path string) int {
	switch it := match.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return len(it.Prefix)
	case *routev3.RouteMatch_Path:
		return len(it.Path)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		return len(it.PathSeparatedPrefix)
	case *routev3.RouteMatch_SafeRegex:
		return len(withoutQuery(path))
	}
	e.Unsupported("another path by a route by %T", match.GetPathSpecifier())
	return 0
}

// replaced is a path in which each match of a regular expression, which may be a part of it, has become another text.
func (e *Engine) replaced(rewrite *matcherv3.RegexMatchAndSubstitute, path string) string {
	pattern := rewrite.GetPattern().GetRegex()
	if _, err := e.Patterns.Size(pattern, true); err != nil {
		e.Unsupported("the regular expression %q, which RE2 refuses: %v", pattern, err)
		return path
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		e.Unsupported("the regular expression %q, which Go reads otherwise than RE2", pattern)
		return path
	}
	template, ok := substitution(rewrite.GetSubstitution(), expression.NumSubexp())
	if !ok {
		e.Unsupported("the substitution %q, which RE2 refuses", rewrite.GetSubstitution())
		return path
	}
	return expression.ReplaceAllString(path, template)
}

// substitution is what RE2 puts in the place of a match, as Go writes it: groups from \0 to \9, and \\ for a backslash. ok is false for any
// other backslash, and for a group that the expression has not.
func substitution(text string, groups int) (template string, ok bool) {
	var out strings.Builder
	for at := 0; at < len(text); at++ {
		switch {
		case text[at] == '$':
			out.WriteString("$$")
		case text[at] != '\\':
			out.WriteByte(text[at])
		case at+1 == len(text):
			return "", false
		default:
			at++
			switch b := text[at]; {
			case b == '\\':
				out.WriteByte(b)
			case b >= '0' && b <= '9' && int(b-'0') <= groups:
				out.WriteString("${" + string(b) + "}")
			default:
				return "", false
			}
		}
	}
	return out.String(), true
}
