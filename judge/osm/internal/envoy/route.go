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

// Request is an HTTP request as a route sees it. Header names are in lower case.
type Request struct {
	Method  string
	Path    string
	Host    string
	Headers map[string]string
}

// routes is a route configuration that Envoy accepted; its zero value has no route at all.
type routes struct {
	exact    map[string]*route_v3.VirtualHost
	suffixes map[string]*route_v3.VirtualHost // by ".example.com", from "*.example.com"
	any      *route_v3.VirtualHost
}

// acceptRoutes checks a route configuration as Envoy does: one wrong route or a repeated domain refuses all of it.
func acceptRoutes(config *route_v3.RouteConfiguration) (*routes, error) {
	accepted := &routes{exact: map[string]*route_v3.VirtualHost{}, suffixes: map[string]*route_v3.VirtualHost{}}
	for _, host := range config.VirtualHosts {
		for _, domain := range host.Domains {
			if err := accepted.addDomain(strings.ToLower(domain), host); err != nil {
				return nil, err
			}
		}
		for _, route := range host.Routes {
			if err := checkRoute(route); err != nil {
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

func checkRoute(route *route_v3.Route) error {
	if expression := route.GetMatch().GetSafeRegex(); expression != nil {
		if _, err := compile(expression.Regex); err != nil {
			return err
		}
	}
	for _, header := range route.GetMatch().GetHeaders() {
		if _, err := compile(header.GetSafeRegexMatch().GetRegex()); err != nil {
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
		if routeMatches(route.GetMatch(), request) {
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

func routeMatches(match *route_v3.RouteMatch, request Request) bool {
	path, _, _ := strings.Cut(request.Path, "?")
	if !fullMatch(match.GetSafeRegex().GetRegex(), path) {
		return false
	}
	for _, header := range match.GetHeaders() {
		value, present := headerOf(request, strings.ToLower(header.Name))
		if !present || !fullMatch(header.GetSafeRegexMatch().GetRegex(), value) {
			return false
		}
	}
	return true
}

// headerOf finds a header by Envoy's name for it: pseudo headers too, and "host" is the authority.
func headerOf(request Request, name string) (string, bool) {
	switch name {
	case ":method":
		return request.Method, true
	case ":path":
		return request.Path, true
	case ":authority", "host":
		return request.Host, true
	case ":scheme":
		return "http", true
	}
	value, present := request.Headers[name]
	return value, present
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
