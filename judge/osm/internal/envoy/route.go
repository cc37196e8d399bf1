package envoy

import (
	"fmt"
	"net/http"
	"strings"

	rbac_v3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	route_v3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	http_rbac_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
)

const httpRBACFilter = "envoy.filters.http.rbac"

// Request is an HTTP request as a route sees it. Header names are in lower case, values without blanks around them.
type Request struct {
	Method  string
	Path    string
	Host    string
	Headers map[string][]string
}

// routes is a route configuration that Envoy accepted; its zero value has no route at all.
type routes struct {
	by       Kind
	exact    map[string]*route_v3.VirtualHost
	suffixes map[string]*route_v3.VirtualHost // by ".example.com", from "*.example.com"
	any      *route_v3.VirtualHost
}

// acceptRoutes checks a route configuration as Envoy does: one wrong route or a repeated domain refuses all of it.
func (k Kind) acceptRoutes(config *route_v3.RouteConfiguration) (*routes, error) {
	accepted := &routes{by: k, exact: map[string]*route_v3.VirtualHost{}, suffixes: map[string]*route_v3.VirtualHost{}}
	for _, host := range config.VirtualHosts {
		for _, domain := range host.Domains {
			if err := accepted.addDomain(strings.ToLower(domain), host); err != nil {
				return nil, err
			}
		}
		for _, route := range host.Routes {
			if err := k.checkRoute(route); err != nil {
				return nil, fmt.Errorf("virtual host %s: %w", host.Name, err)
			}
		}
	}
	return accepted, nil
}

func (r *routes) addDomain(domain string, host *route_v3.VirtualHost) error {
	duplicate := false
	switch {
	case domain == "*":
		duplicate = r.any != nil
		r.any = host
	case strings.HasPrefix(domain, "*"):
		_, duplicate = r.suffixes[domain[1:]]
		r.suffixes[domain[1:]] = host
	default:
		_, duplicate = r.exact[domain]
		r.exact[domain] = host
	}
	if duplicate {
		return fmt.Errorf("duplicate domain %s", domain)
	}
	return nil
}

func (k Kind) checkRoute(route *route_v3.Route) error {
	if expression := route.GetMatch().GetSafeRegex(); expression != nil {
		if err := k.check(expression.Regex); err != nil {
			return err
		}
	}
	for _, header := range route.GetMatch().GetHeaders() {
		if err := k.check(header.GetSafeRegexMatch().GetRegex()); err != nil {
			return fmt.Errorf("header %s: %w", header.Name, err)
		}
	}
	total := uint32(0)
	for _, it := range route.GetRoute().GetWeightedClusters().GetClusters() {
		total += it.GetWeight().GetValue()
	}
	if total == 0 {
		return fmt.Errorf("weights add up to 0")
	}
	for name, config := range route.TypedPerFilterConfig {
		message, err := config.UnmarshalNew()
		if err != nil {
			return fmt.Errorf("filter %s: %w", name, err)
		}
		if checked, ok := message.(interface{ ValidateAll() error }); ok {
			if err := checked.ValidateAll(); err != nil {
				return fmt.Errorf("filter %s: %w", name, err)
			}
		}
	}
	return nil
}

// find takes the first route that matches, of the one virtual host that the Host header chooses; nil means 404.
func (r *routes) find(request Request) *route_v3.Route {
	// Envoy has a kind of route for CONNECT that OSM never writes.
	if r == nil || request.Method == http.MethodConnect {
		return nil
	}
	host := r.virtualHost(strings.ToLower(request.Host))
	if host == nil {
		return nil
	}
	for _, route := range host.Routes {
		if r.by.routeMatches(route.GetMatch(), request) {
			return route
		}
	}
	return nil
}

func (r *routes) virtualHost(host string) *route_v3.VirtualHost {
	if found := r.exact[host]; found != nil {
		return found
	}
	// The longest wildcard first; it must stand for at least one character.
	for start := 1; start < len(host); start++ {
		if found := r.suffixes[host[start:]]; found != nil {
			return found
		}
	}
	return r.any
}

func (k Kind) routeMatches(match *route_v3.RouteMatch, request Request) bool {
	path, _, _ := strings.Cut(request.Path, "?")
	if !k.fullMatch(match.GetSafeRegex().GetRegex(), path) {
		return false
	}
	for _, header := range match.GetHeaders() {
		name := strings.ToLower(header.Name)
		if !k.headerMatches(name, header.GetSafeRegexMatch().GetRegex(), headerOf(request, name)) {
			return false
		}
	}
	return true
}

// keptAsOne are headers of which every Envoy keeps one value, with commas: seen with 1.39.3.
var keptAsOne = map[string]bool{
	"user-agent":                     true,
	"x-request-id":                   true,
	"x-forwarded-for":                true,
	"x-forwarded-host":               true,
	"x-forwarded-port":               true,
	"via":                            true,
	"content-type":                   true,
	"accept":                         true,
	"accept-encoding":                true,
	"authorization":                  true,
	"cache-control":                  true,
	"origin":                         true,
	"if-match":                       true,
	"if-none-match":                  true,
	"if-modified-since":              true,
	"if-range":                       true,
	"pragma":                         true,
	"referer":                        true,
	"x-client-trace-id":              true,
	"grpc-timeout":                   true,
	"grpc-accept-encoding":           true,
	"access-control-request-method":  true,
	"access-control-request-headers": true,
	"expect":                         true,
}

// headerMatches asks for any value of a header; one that is absent has none.
func (k Kind) headerMatches(name, pattern string, values []string) bool {
	if (k.Joined || keptAsOne[name]) && len(values) > 1 {
		values = []string{strings.Join(values, ",")}
	}
	for _, value := range values {
		if k.fullMatch(pattern, value) {
			return true
		}
	}
	return false
}

// headerOf finds a header by Envoy's name for it: pseudo headers too, and "host" is the authority.
func headerOf(request Request, name string) []string {
	switch name {
	case ":method":
		return []string{request.Method}
	case ":path":
		return []string{request.Path}
	case ":authority", "host":
		return []string{request.Host}
	case ":scheme":
		return []string{"http"}
	}
	return request.Headers[name]
}

// routeRBAC are the access rules of one route, nil if it has none.
func routeRBAC(route *route_v3.Route) *rbac_v3.RBAC {
	config, found := route.TypedPerFilterConfig[httpRBACFilter]
	if !found {
		return nil
	}
	var perRoute http_rbac_v3.RBACPerRoute
	if err := config.UnmarshalTo(&perRoute); err != nil {
		return &rbac_v3.RBAC{}
	}
	return perRoute.GetRbac().GetRules()
}
