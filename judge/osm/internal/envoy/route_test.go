package envoy

import (
	"regexp"
	"strings"
	"testing"

	mapset "github.com/deckarep/golang-set"
	route_v3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/openservicemesh/osm/pkg/envoy/rds/route"
	"github.com/openservicemesh/osm/pkg/service"
	"github.com/openservicemesh/osm/pkg/trafficpolicy"
)

// osmRoutes lets OSM itself write the routes of a server on port 80.
func osmRoutes(t *testing.T, hosts []string, matches ...trafficpolicy.HTTPRouteMatch) *route_v3.RouteConfiguration {
	t.Helper()
	cluster := service.WeightedCluster{ClusterName: "a/s|80|local", Weight: 100}
	policy := &trafficpolicy.OutboundTrafficPolicy{Name: "s", Hostnames: hosts}
	egress := &trafficpolicy.EgressHTTPRouteConfig{Name: policy.Name, Hostnames: hosts}
	for _, match := range matches {
		egress.RoutingRules = append(egress.RoutingRules, &trafficpolicy.EgressHTTPRoutingRule{
			Route: trafficpolicy.RouteWeightedClusters{HTTPRouteMatch: match, WeightedClusters: mapset.NewSet(cluster)},
		})
	}
	return route.BuildEgressRouteConfiguration(map[int][]*trafficpolicy.EgressHTTPRouteConfig{80: {egress}})[0]
}

func regexMatch(path string, methods []string, headers map[string]string) trafficpolicy.HTTPRouteMatch {
	return trafficpolicy.HTTPRouteMatch{Path: path, PathMatchType: trafficpolicy.PathMatchRegex, Methods: methods, Headers: headers}
}

// literals stands for RE2 where patterns are text, and a dot and a star, or two letters in brackets, mean what they mean in Go.
type literals struct{}

func (literals) Size(pattern string, _ bool) (int, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return 0, err
	}
	return len(pattern) + 4, nil
}

func (literals) Matches(pattern string, _ bool, text string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(text)
}

var anEnvoy = Kind{Version: Older, Patterns: literals{}}

func TestFirstMatchingRouteWins(t *testing.T) {
	accepted, err := anEnvoy.acceptRoutes(osmRoutes(t, []string{"s.a", "s.a:80"},
		regexMatch("/a", []string{"GET", "POST"}, nil),
		regexMatch("/a.*", []string{"*"}, map[string]string{"host": "s\\.a", "X-Key": "v[12]"}),
	))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		request Request
		want    string // the path of the route, "" for none
	}{
		{"whole path", Request{Method: "GET", Path: "/a", Host: "s.a"}, "/a"},
		{"query is left out", Request{Method: "GET", Path: "/a?b=/c", Host: "S.A:80"}, "/a"},
		{"a prefix is no match", Request{Method: "GET", Path: "/a/b", Host: "s.a"}, ""},
		{"other method", Request{Method: "PUT", Path: "/a", Host: "s.a"}, ""},
		{"headers", Request{Method: "PUT", Path: "/ab", Host: "s.a", Headers: map[string][]string{"x-key": {"v1"}}}, "/a.*"},
		{"header as a whole", Request{Method: "PUT", Path: "/ab", Host: "s.a", Headers: map[string][]string{"x-key": {"v12"}}}, ""},
		{"host header with port", Request{Method: "PUT", Path: "/ab", Host: "s.a:80", Headers: map[string][]string{"x-key": {"v1"}}}, ""},
		{"unknown host", Request{Method: "GET", Path: "/a", Host: "s"}, ""},
		{"unknown port", Request{Method: "GET", Path: "/a", Host: "s.a:81"}, ""},
	}
	for _, it := range cases {
		if got := accepted.find(it.request).GetMatch().GetSafeRegex().GetRegex(); got != it.want {
			t.Errorf("%s: got route %q, want %q", it.name, got, it.want)
		}
	}
}

func TestRoutesThatEnvoyRefuses(t *testing.T) {
	cases := map[string]*route_v3.RouteConfiguration{
		"missing closing":  osmRoutes(t, []string{"s"}, regexMatch("(", []string{"*"}, nil)),
		"program size":     osmRoutes(t, []string{"s"}, regexMatch("/"+strings.Repeat("a", 96), []string{"*"}, nil)),
		"duplicate domain": osmRoutes(t, []string{"s", "S"}, regexMatch("/", []string{"*"}, nil)),
	}
	for reason, config := range cases {
		if _, err := anEnvoy.acceptRoutes(config); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("want a refusal with %q, got %v", reason, err)
		}
	}
	if _, err := anEnvoy.acceptRoutes(osmRoutes(t, []string{"s"}, regexMatch("/"+strings.Repeat("a", 95), []string{"*"}, nil))); err != nil {
		t.Errorf("a path of 96 characters is accepted: %v", err)
	}
}

// TestRepeatedHeader holds what CVE-2026-26308 changed; test/judge/live.ts shows both to be so.
func TestRepeatedHeader(t *testing.T) {
	config := osmRoutes(t, []string{"s"}, regexMatch("/", []string{"*"}, map[string]string{"x-key": "a"}))
	request := Request{Method: "GET", Path: "/", Host: "s", Headers: map[string][]string{"x-key": {"a", "b"}}}
	for version, want := range map[Version]bool{Older: false, Newer: true} {
		accepted, err := Kind{Version: version, Patterns: literals{}}.acceptRoutes(config)
		if err != nil {
			t.Fatal(err)
		}
		if got := accepted.find(request) != nil; got != want {
			t.Errorf("%+v: matches %v, want %v", version, got, want)
		}
	}
}
