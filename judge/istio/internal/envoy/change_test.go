package envoy

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// anyPattern is RE2 that takes every expression.
type anyPattern struct{}

func (anyPattern) Size(string, bool) (int, error)    { return 1, nil }
func (anyPattern) Matches(string, bool, string) bool { return true }
func engine() *Engine                                { return &Engine{Patterns: anyPattern{}} }
func prefix(text string) *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: text}}
}
func uri(text string) *routev3.RouteAction { return &routev3.RouteAction{PrefixRewrite: text} }
func set(name, value string) *corev3.HeaderValueOption {
	return change(name, value, corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD)
}
func added(name, value string) *corev3.HeaderValueOption {
	return change(name, value, corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD)
}

func change(name, value string, how corev3.HeaderValueOption_HeaderAppendAction) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: name, Value: value}, AppendAction: how}
}

func expression(pattern, substitution string) *routev3.RouteAction {
	return &routev3.RouteAction{RegexRewrite: &matcherv3.RegexMatchAndSubstitute{
		Pattern: &matcherv3.RegexMatcher{Regex: pattern}, Substitution: substitution,
	}}
}

func TestRewrittenPaths(t *testing.T) {
	exact := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: "/a"}}
	below := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: "/a"}}
	regex := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: "/a.*"}}}
	folded := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/a"}, CaseSensitive: wrapperspb.Bool(false)}
	for _, it := range []struct {
		match      *routev3.RouteMatch
		action     *routev3.RouteAction
		path, want string
	}{
		{prefix("/a"), uri("/"), "/a/b?x=1", "//b?x=1"},
		{prefix("/a/"), uri("/"), "/a/b", "/b"},
		{prefix("/"), uri("/b"), "/a", "/ba"},
		{prefix("/a"), uri("/b/"), "/ab", "/b/b"},
		{folded, uri("/b"), "/A/c", "/b/c"},
		{exact, uri("/b"), "/a?x=/a", "/b?x=/a"},
		{below, uri("/b"), "/a/c", "/b/c"},
		{regex, uri("/b"), "/a/b/c?x=1", "/b?x=1"},
		{prefix("/"), expression("/a", "/b"), "/a/ab?x=/a", "/b/bb?x=/a"},
		{regex, expression("^/a(/.*)?$", `/b\1`), "/a", "/b"},
		{regex, expression("^/([^/]+)/(.+)$", `/\2/\1`), "/a/b/c", "/b/c/a"},
		{prefix("/"), expression("x*$", "/"), "/a", "/a/"},
		{prefix("/"), &routev3.RouteAction{}, "/a//b?x", "/a//b?x"},
	} {
		e := engine()
		if got := e.rewritten(it.match, it.action, it.path); got != it.want || e.Problem() != nil {
			t.Errorf("%s by %v becomes %s, not %s (%v)", it.path, it.action, got, it.want, e.Problem())
		}
	}
}

func TestPathsThatAreNotFollowed(t *testing.T) {
	for want, action := range map[string]*routev3.RouteAction{
		"begin with a slash": uri("b"),
		"RE2 refuses":        expression("/a", `\1`),
		"by a policy":        {PathRewritePolicy: &corev3.TypedExtensionConfig{}},
	} {
		e := engine()
		e.rewritten(prefix("/a"), action, "/a")
		if e.Problem() == nil || !strings.Contains(e.Problem().Error(), want) {
			t.Errorf("%v: %v", action, e.Problem())
		}
	}
}

func TestSubstitutions(t *testing.T) {
	for text, want := range map[string]string{`/\0\2`: "/${0}${2}", `$1\\1`: `$$1\1`, `\3`: "", `a\`: "", `\n`: "", "": ""} {
		got, ok := substitution(text, 2)
		if got != want || ok != (want != "" || text == "") {
			t.Errorf("%s becomes %s (%t), not %s", text, got, ok, want)
		}
	}
}

func TestChangedHeaders(t *testing.T) {
	for _, it := range []struct {
		name   string
		route  *routev3.Route
		to     *routev3.WeightedCluster_ClusterWeight
		before map[string][]string
		want   string
	}{
		{"removed, then set, then added",
			&routev3.Route{
				RequestHeadersToAdd:    []*corev3.HeaderValueOption{added("X-A", "3"), set("x-a", "1"), set("X-a", "2"), added("x-b", "2")},
				RequestHeadersToRemove: []string{"X-B", "x-a"},
			}, nil,
			map[string][]string{"x-a": {"0", "0"}, "x-b": {"0"}, "x-c": {"0"}}, "map[x-a:[2 3] x-b:[2] x-c:[0]]"},
		{"the route's after the cluster's",
			&routev3.Route{RequestHeadersToAdd: []*corev3.HeaderValueOption{set("x-a", "route")}, RequestHeadersToRemove: []string{"x-b"}},
			&routev3.WeightedCluster_ClusterWeight{RequestHeadersToAdd: []*corev3.HeaderValueOption{set("x-a", "cluster"), set("x-b", "cluster")}},
			nil, "map[x-a:[route]]"},
		{"an empty value is none, and %% a percent sign",
			&routev3.Route{RequestHeadersToAdd: []*corev3.HeaderValueOption{set("x-a", ""), added("x-b", ""), set("x-c", "%%1 ")}}, nil,
			map[string][]string{"x-a": {"0"}}, "map[x-a:[0] x-c:[%1]]"},
		{"by what was there before",
			&routev3.Route{RequestHeadersToAdd: []*corev3.HeaderValueOption{
				set("x-a", "1"), change("x-a", "2", corev3.HeaderValueOption_OVERWRITE_IF_EXISTS),
				change("x-b", "1", corev3.HeaderValueOption_OVERWRITE_IF_EXISTS), change("x-b", "2", corev3.HeaderValueOption_ADD_IF_ABSENT),
			}}, nil, map[string][]string{"x-b": {"0"}}, "map[x-a:[1] x-b:[1]]"},
	} {
		e := engine()
		before := fmt.Sprint(it.before)
		where := &way{&routev3.RouteConfiguration{}, &routev3.VirtualHost{}, it.route}
		request := &Request{Path: "/", Headers: it.before}
		if request.Headers == nil {
			request.Headers = map[string][]string{}
		}
		got := e.changed(where, &routev3.RouteAction{}, it.to, request)
		if fmt.Sprint(got.Headers) != it.want || e.Problem() != nil {
			t.Errorf("%s: %v, not %s (%v)", it.name, got.Headers, it.want, e.Problem())
		}
		if fmt.Sprint(it.before) != before {
			t.Errorf("%s: the request that came is another: %v", it.name, it.before)
		}
	}
}

func TestTokensGoWithTheirHeader(t *testing.T) {
	where := &way{&routev3.RouteConfiguration{}, &routev3.VirtualHost{}, &routev3.Route{RequestHeadersToRemove: []string{"Authorization"}}}
	before := &Request{Path: "/", Headers: map[string][]string{}, Token: map[string]any{"iss": "a"}}
	if got := engine().changed(where, &routev3.RouteAction{}, nil, before); got.Token != nil || before.Token == nil {
		t.Errorf("%v of %v", got.Token, before.Token)
	}
}

func TestHeadersThatAreNotFollowed(t *testing.T) {
	for _, it := range []*corev3.HeaderValueOption{
		set("x-a", "%REQ(x-b)%"), set(":path", "/"), added("Host", "a"), set("authorization", "a"), added("x-forwarded-for", "::1"),
		{Header: &corev3.HeaderValue{Key: "x-a", Value: "1"}, Append: wrapperspb.Bool(true)},
	} {
		e := engine()
		e.changeHeaders(&Request{Headers: map[string][]string{}}, &routev3.Route{RequestHeadersToAdd: []*corev3.HeaderValueOption{it}})
		if e.Problem() == nil {
			t.Errorf("%v is followed", it)
		}
	}
}

func TestHosts(t *testing.T) {
	cluster := &routev3.WeightedCluster_ClusterWeight{
		HostRewriteSpecifier: &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{HostRewriteLiteral: "cluster"},
	}
	route := &routev3.RouteAction{HostRewriteSpecifier: &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: "route"}}
	where := &way{&routev3.RouteConfiguration{}, &routev3.VirtualHost{}, &routev3.Route{}}
	var got []string
	for _, to := range []*routev3.WeightedCluster_ClusterWeight{nil, cluster} {
		for _, action := range []*routev3.RouteAction{{}, route} {
			got = append(got, engine().changed(where, action, to, &Request{Path: "/", Host: "before"}).Host)
		}
	}
	if want := []string{"before", "route", "cluster", "route"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}
