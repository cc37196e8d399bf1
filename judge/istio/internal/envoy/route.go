package envoy

import (
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// find takes the first route that matches, of the one virtual host that the Host header chooses; nil means 404.
func (e *Engine) find(config *routev3.RouteConfiguration, request *Request) (*routev3.VirtualHost, *routev3.Route) {
	authority := strings.ToLower(request.Host)
	if config.GetIgnorePortInHostMatching() {
		if host, port, found := strings.Cut(authority, ":"); found && strings.Trim(port, "0123456789") == "" {
			authority = host
		}
	}
	host := virtualHost(config.GetVirtualHosts(), authority)
	if host == nil {
		return nil, nil
	}
	if host.GetMatcher() != nil {
		e.Unsupported("a virtual host with a matcher")
	}
	for _, route := range host.GetRoutes() {
		if e.route(route.GetMatch(), request) {
			return host, route
		}
	}
	return host, nil
}

// virtualHost is the one with the domain itself, else the longest "*.suffix", else the longest "prefix.*", else "*".
func virtualHost(hosts []*routev3.VirtualHost, authority string) *routev3.VirtualHost {
	var found *routev3.VirtualHost
	best := -1
	for _, host := range hosts {
		for _, domain := range host.GetDomains() {
			domain = strings.ToLower(domain)
			rank := -1
			switch {
			case domain == authority:
				rank = 1 << 20
			case domain == "*":
				rank = 0
			case strings.HasPrefix(domain, "*") && len(authority) >= len(domain) && strings.HasSuffix(authority, domain[1:]):
				rank = 1<<10 + len(domain)
			case strings.HasSuffix(domain, "*") && len(authority) >= len(domain) && strings.HasPrefix(authority, domain[:len(domain)-1]):
				rank = len(domain)
			}
			if rank > best {
				best, found = rank, host
			}
		}
	}
	return found
}

func (e *Engine) route(match *routev3.RouteMatch, request *Request) bool {
	if match.GetRuntimeFraction() != nil || match.GetGrpc() != nil || match.GetTlsContext() != nil ||
		len(match.GetFilterState()) > 0 {
		e.Unsupported("a route's condition other than on path, headers and query")
	}
	path := withoutQuery(request.Path)
	fold := func(text string) string {
		if match.GetCaseSensitive() != nil && !match.GetCaseSensitive().GetValue() {
			return strings.ToLower(text)
		}
		return text
	}
	matched := false
	switch it := match.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		matched = strings.HasPrefix(fold(path), fold(it.Prefix))
	case *routev3.RouteMatch_Path:
		matched = fold(path) == fold(it.Path)
	case *routev3.RouteMatch_SafeRegex:
		matched = e.pattern(it.SafeRegex.GetRegex(), path)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		path, prefix := fold(path), fold(it.PathSeparatedPrefix)
		matched = path == prefix || strings.HasPrefix(path, prefix+"/")
	default:
		e.Unsupported("a route by %T", it)
	}
	for _, header := range match.GetHeaders() {
		matched = e.header(header, request) && matched
	}
	for _, matcher := range match.GetDynamicMetadata() {
		if matcher.GetFilter() != jwtFilter {
			e.Unsupported("a route by what the filter %s keeps", matcher.GetFilter())
		}
		matched = e.claim(matcher, request.verified) != matcher.GetInvert() && matched
	}
	for _, parameter := range match.GetQueryParameters() {
		matched = e.parameter(parameter, request) && matched
	}
	return matched
}

// parameter looks at the first value of a query parameter, undecoded.
func (e *Engine) parameter(matcher *routev3.QueryParameterMatcher, request *Request) bool {
	_, query, _ := strings.Cut(request.Path, "?")
	value, found := "", false
	for _, pair := range slices.Backward(strings.Split(query, "&")) {
		name, it, _ := strings.Cut(pair, "=")
		if query != "" && name == matcher.GetName() {
			value, found = it, true
		}
	}
	switch it := matcher.GetQueryParameterMatchSpecifier().(type) {
	case *routev3.QueryParameterMatcher_PresentMatch:
		return found == it.PresentMatch
	case *routev3.QueryParameterMatcher_StringMatch:
		return found && e.text(it.StringMatch, value)
	case nil:
		return found
	}
	e.Unsupported("a query condition of type %T", matcher.GetQueryParameterMatchSpecifier())
	return false
}
