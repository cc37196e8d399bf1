package envoy

import (
	"reflect"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func acting(t *testing.T, route *routev3.Route, settings map[string]proto.Message) *way {
	t.Helper()
	route.TypedPerFilterConfig = map[string]*anypb.Any{}
	for name, message := range settings {
		packed, err := anypb.New(message)
		if err != nil {
			t.Fatal(err)
		}
		route.TypedPerFilterConfig[name] = packed
	}
	return &way{&routev3.RouteConfiguration{}, &routev3.VirtualHost{}, route}
}

func abort(status, percent uint32) proto.Message {
	return &faultv3.HTTPFault{Abort: &faultv3.FaultAbort{
		ErrorType:  &faultv3.FaultAbort_HttpStatus{HttpStatus: status},
		Percentage: &typev3.FractionalPercent{Numerator: percent * 10_000, Denominator: typev3.FractionalPercent_MILLION},
	}}
}

func onward() *routev3.Route {
	weighted := &routev3.WeightedCluster{Clusters: []*routev3.WeightedCluster_ClusterWeight{
		{Name: "one", Weight: wrapperspb.UInt32(1)}, {Name: "none", Weight: wrapperspb.UInt32(0)}, {Name: "three", Weight: wrapperspb.UInt32(3)},
	}}
	return &routev3.Route{Action: &routev3.Route_Route{Route: &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_WeightedClusters{WeightedClusters: weighted},
	}}}
}

func TestAborts(t *testing.T) {
	for percent, want := range map[uint32][]Share{
		0:   {{Cluster: "one", Part: 0.25}, {Cluster: "three", Part: 0.75}},
		50:  {{Part: 0.5, Aborted: 418}, {Cluster: "one", Part: 0.125}, {Cluster: "three", Part: 0.375}},
		100: {{Part: 1, Aborted: 418}},
	} {
		e := engine()
		choice := e.act(acting(t, onward(), map[string]proto.Message{faultFilter: abort(418, percent)}), &Request{Path: "/"})
		for index, share := range choice.Shares {
			if (share.Request == nil) != (share.Aborted != 0) {
				t.Errorf("%d %%: %v goes on with %v", percent, share, share.Request)
			}
			choice.Shares[index].Request = nil
		}
		if !reflect.DeepEqual(choice.Shares, want) || !choice.HTTP || e.Problem() != nil {
			t.Errorf("%d %%: %v, not %v (%v)", percent, choice.Shares, want, e.Problem())
		}
	}
}

func TestAbortsWithoutAShareAreNone(t *testing.T) {
	fault := &faultv3.HTTPFault{Abort: &faultv3.FaultAbort{ErrorType: &faultv3.FaultAbort_HttpStatus{HttpStatus: 418}}}
	e := engine()
	if got := e.aborted(fault); got.Part != 0 || e.Problem() != nil {
		t.Errorf("%v (%v)", got, e.Problem())
	}
}

func TestAnswersOfRoutes(t *testing.T) {
	redirect := func(code routev3.RedirectAction_RedirectResponseCode) *routev3.Route {
		return &routev3.Route{Action: &routev3.Route_Redirect{Redirect: &routev3.RedirectAction{ResponseCode: code}}}
	}
	direct := &routev3.Route{Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 429}}}
	for status, route := range map[int]*routev3.Route{
		301: redirect(routev3.RedirectAction_MOVED_PERMANENTLY), 302: redirect(routev3.RedirectAction_FOUND),
		303: redirect(routev3.RedirectAction_SEE_OTHER), 307: redirect(routev3.RedirectAction_TEMPORARY_REDIRECT),
		308: redirect(routev3.RedirectAction_PERMANENT_REDIRECT), 429: direct,
	} {
		e := engine()
		want := Choice{HTTP: true, Status: status, Said: true}
		if got := e.act(acting(t, route, nil), &Request{Path: "/"}); !reflect.DeepEqual(got, want) || e.Problem() != nil {
			t.Errorf("%v, not %v (%v)", got, want, e.Problem())
		}
	}
}

func TestTheAnswerToCallsOfNobodySaysNoRule(t *testing.T) {
	direct := &routev3.Route{Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 502}}}
	where := acting(t, direct, nil)
	where.host = &routev3.VirtualHost{Name: "block_all"}
	if got := engine().act(where, &Request{Path: "/"}); got.Said || got.Status != 502 {
		t.Errorf("%v", got)
	}
}

func TestQuestionsOfBrowsers(t *testing.T) {
	headers := map[string][]string{"origin": {"https://x.example"}, "access-control-request-method": {"GET"}}
	settings := map[string]proto.Message{corsFilter: &corsv3.CorsPolicy{}}
	for _, it := range []struct {
		request  Request
		settings map[string]proto.Message
		followed bool
	}{
		{Request{Method: "OPTIONS", Headers: headers}, settings, false},
		{Request{Method: "OPTIONS", Headers: headers}, nil, true},
		{Request{Method: "OPTIONS", Headers: map[string][]string{"origin": headers["origin"]}}, settings, true},
		{Request{Method: "GET", Headers: headers}, settings, true},
	} {
		e := engine()
		e.act(acting(t, onward(), it.settings), &it.request)
		if (e.Problem() == nil) != it.followed {
			t.Errorf("%v: %v", it.request, e.Problem())
		}
	}
}

func TestActsThatAreNotFollowed(t *testing.T) {
	status := &routev3.Route{Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 600}}}
	plain := &routev3.Route{Action: &routev3.Route_Redirect{Redirect: &routev3.RedirectAction{}}}
	grpc := &faultv3.HTTPFault{Abort: &faultv3.FaultAbort{ErrorType: &faultv3.FaultAbort_GrpcStatus{GrpcStatus: 14}}}
	for want, it := range map[string]*way{
		"status 600":              acting(t, status, nil),
		"answers itself":          acting(t, plain, map[string]proto.Message{faultFilter: abort(503, 50)}),
		"faults of some calls":    acting(t, onward(), map[string]proto.Message{faultFilter: &faultv3.HTTPFault{UpstreamCluster: "one"}}),
		"FaultAbort_GrpcStatus":   acting(t, onward(), map[string]proto.Message{faultFilter: grpc}),
		"settings for filter own": acting(t, onward(), map[string]proto.Message{"own": &corsv3.CorsPolicy{}}),
		"<nil>":                   acting(t, &routev3.Route{}, nil),
	} {
		e := engine()
		e.act(it, &Request{Path: "/"})
		if e.Problem() == nil || !strings.Contains(e.Problem().Error(), want) {
			t.Errorf("%s: %v", want, e.Problem())
		}
	}
}
