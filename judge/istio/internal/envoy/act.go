package envoy

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
)

const (
	corsFilter  = "envoy.filters.http.cors"
	faultFilter = "envoy.filters.http.fault"
)

// Share is a part of the calls, from 0 to 1, with what becomes of them.
type Share struct {
	Cluster string
	Part    float64
	// Request is the request as it goes on, nil where it was not routed as one.
	Request *Request
	// Aborted is the answer of calls that a fault ends here; 0 where they go on.
	Aborted int
}

// way is a route, with what it is in.
type way struct {
	config *routev3.RouteConfiguration
	host   *routev3.VirtualHost
	route  *routev3.Route
}

// blackHole is the virtual host that istiod has for calls to whom nobody knows (pilot/pkg/networking/util/util.go).
const blackHole = "block_all"

// act does what a route says.
func (e *Engine) act(it *way, request *Request) Choice {
	aborted := e.filtered(it, request)
	switch action := it.route.GetAction().(type) {
	case *routev3.Route_Route:
		shares := e.forward(it, action.Route, request)
		return Choice{HTTP: true, Shares: aborted.apart(shares), NotFound: notFound(action.Route)}
	case *routev3.Route_DirectResponse:
		choice := e.answer(int(action.DirectResponse.GetStatus()), aborted)
		choice.Said = it.host.GetName() != blackHole
		return choice
	case *routev3.Route_Redirect:
		return e.answer(moved[action.Redirect.GetResponseCode()], aborted)
	}
	e.Unsupported("a route that does %T", it.route.GetAction())
	return Choice{}
}

// moved are the statuses of redirects.
var moved = map[routev3.RedirectAction_RedirectResponseCode]int{
	routev3.RedirectAction_MOVED_PERMANENTLY:  301,
	routev3.RedirectAction_FOUND:              302,
	routev3.RedirectAction_SEE_OTHER:          303,
	routev3.RedirectAction_TEMPORARY_REDIRECT: 307,
	routev3.RedirectAction_PERMANENT_REDIRECT: 308,
}

func (e *Engine) answer(status int, aborted Share) Choice {
	if aborted.Part > 0 {
		e.Unsupported("faults of a route that answers itself")
	}
	e.checkStatus(status)
	return Choice{HTTP: true, Status: status, Said: true}
}

// checkStatus looks whether Envoy takes a status as one that it may answer with.
func (e *Engine) checkStatus(status int) {
	if status < 200 || status > 599 {
		e.Unsupported("an answer of the proxy's own with status %d", status)
	}
}

func notFound(action *routev3.RouteAction) int {
	switch action.GetClusterNotFoundResponseCode() {
	case routev3.RouteAction_INTERNAL_SERVER_ERROR:
		return 500
	case routev3.RouteAction_NOT_FOUND:
		return 404
	}
	return 503
}

// filtered is what the filters do that a route has settings for: they come behind all that decide for every route. It gives the share of
// calls that they end.
func (e *Engine) filtered(it *way, request *Request) Share {
	if len(it.host.GetTypedPerFilterConfig()) > 0 {
		e.Unsupported("a virtual host with settings for filters")
	}
	var aborted Share
	for name, packed := range it.route.GetTypedPerFilterConfig() {
		switch name {
		case corsFilter:
			if isPreflight(request) {
				e.Unsupported("a browser's question before a request to a route with rules for that")
			}
		case faultFilter:
			var fault faultv3.HTTPFault
			if err := packed.UnmarshalTo(&fault); err != nil {
				e.Unsupported("the faults of a route: %v", err)
			}
			aborted = e.aborted(&fault)
		default:
			e.Unsupported("a route with settings for filter %s", name)
		}
	}
	return aborted
}

// isPreflight is the only kind of request that the filter for cross-origin requests answers.
func isPreflight(request *Request) bool {
	return request.Method == "OPTIONS" && len(request.Headers["origin"]) > 0 && len(request.Headers["access-control-request-method"]) > 0
}

// aborted is the share of calls that a fault ends. Delays change no answer.
func (e *Engine) aborted(fault *faultv3.HTTPFault) Share {
	if fault.GetUpstreamCluster() != "" || len(fault.GetHeaders())+len(fault.GetDownstreamNodes()) > 0 || fault.GetMaxActiveFaults() != nil {
		e.Unsupported("faults of some calls")
	}
	if fault.GetAbort() == nil {
		return Share{}
	}
	by, is := fault.GetAbort().GetErrorType().(*faultv3.FaultAbort_HttpStatus)
	if !is {
		e.Unsupported("faults of type %T", fault.GetAbort().GetErrorType())
		return Share{}
	}
	e.checkStatus(int(by.HttpStatus))
	return Share{Part: part(fault.GetAbort().GetPercentage()), Aborted: int(by.HttpStatus)}
}

// part is a share from 0 to 1.
func part(percentage *typev3.FractionalPercent) float64 {
	whole := map[typev3.FractionalPercent_DenominatorType]float64{
		typev3.FractionalPercent_HUNDRED: 100, typev3.FractionalPercent_TEN_THOUSAND: 10_000, typev3.FractionalPercent_MILLION: 1_000_000,
	}[percentage.GetDenominator()]
	return min(1, float64(percentage.GetNumerator())/whole)
}

// apart takes a share of calls off others.
func (s Share) apart(others []Share) []Share {
	if s.Part == 0 {
		return others
	}
	list := []Share{s}
	for _, other := range others {
		other.Part *= 1 - s.Part
		if other.Part > 0 {
			list = append(list, other)
		}
	}
	return list
}

// forward is where a route sends a request, and as what.
func (e *Engine) forward(it *way, action *routev3.RouteAction, request *Request) []Share {
	switch by := action.GetClusterSpecifier().(type) {
	case *routev3.RouteAction_Cluster:
		return []Share{{Cluster: by.Cluster, Part: 1, Request: e.changed(it, action, nil, request)}}
	case *routev3.RouteAction_WeightedClusters:
		total := uint32(0)
		for _, one := range by.WeightedClusters.GetClusters() {
			total += one.GetWeight().GetValue()
			if len(one.GetTypedPerFilterConfig()) > 0 {
				e.Unsupported("a destination with settings for filters")
			}
		}
		var list []Share
		for _, one := range by.WeightedClusters.GetClusters() {
			if weight := one.GetWeight().GetValue(); weight > 0 {
				share := float64(weight) / float64(total)
				list = append(list, Share{Cluster: one.GetName(), Part: share, Request: e.changed(it, action, one, request)})
			}
		}
		return list
	}
	e.Unsupported("a route to %T", action.GetClusterSpecifier())
	return nil
}
