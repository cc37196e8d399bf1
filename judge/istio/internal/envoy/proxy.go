package envoy

import (
	"maps"
	"net/netip"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// Discovery is what istiod tells one proxy.
type Discovery struct {
	Listeners []*listenerv3.Listener
	Clusters  []*clusterv3.Cluster
	Routes    []*routev3.RouteConfiguration
	Endpoints []*endpointv3.ClusterLoadAssignment
}

// Proxy is one sidecar, or gateway, with its configuration.
type Proxy struct {
	discovery *Discovery
	clusters  map[string]*Cluster
	routes    map[string]*routev3.RouteConfiguration
}

// New gives a configuration to a fresh Envoy.
func New(discovery *Discovery) (*Proxy, error) {
	proxy := &Proxy{discovery: discovery, routes: map[string]*routev3.RouteConfiguration{}}
	for _, it := range discovery.Routes {
		proxy.routes[it.GetName()] = it
	}
	var err error
	proxy.clusters, err = newClusters(discovery)
	return proxy, err
}

// Choice is what a proxy does with a connection or a request.
type Choice struct {
	// Shares are where it goes; empty where it ends here.
	Shares []Share
	// HTTP tells that it was routed as a request: failures further on are answered.
	HTTP bool
	// Status is the answer of a request that ends here; 0 where the connection is closed.
	Status int
	// Denied tells that access rules ended it.
	Denied bool
	// Said tells that an object's rule says this answer.
	Said bool
	// NotFound is the answer where a cluster of the shares does not exist.
	NotFound int
	// Sealed tells that it goes on inside of the TLS of the connection, which this proxy has not ended.
	Sealed bool
}

// Cluster is a cluster of the proxy, nil where it has none of that name.
func (p *Proxy) Cluster(name string) *Cluster { return p.clusters[name] }

// Outbound takes a new connection of the pod's own application; a nil request is a TCP connection.
func (p *Proxy) Outbound(e *Engine, connection Connection, request *Request) Choice {
	address := netip.AddrPortFrom(connection.DestinationIP, uint16(connection.DestinationPort))
	return p.decide(e, p.outboundListener(address), connection, request)
}

// Inbound takes a new connection to the pod. handshake is false where its TLS fails.
func (p *Proxy) Inbound(e *Engine, connection Connection, request *Request) Choice {
	return p.decide(e, p.inboundListener(), connection, request)
}

// Gateway takes a new connection to a port that the proxy itself listens on.
func (p *Proxy) Gateway(e *Engine, connection Connection, request *Request) Choice {
	address := netip.AddrPortFrom(connection.DestinationIP, uint16(connection.DestinationPort))
	listener := p.boundListener(address)
	if clashes(listener) {
		e.Unsupported("a listener that Envoy refuses: two of its filter chains take the same server names")
	}
	choice := p.decide(e, listener, connection, request)
	for index, share := range choice.Shares {
		if share.Request == nil {
			continue
		}
		// It notes where the request came from.
		noted := *share.Request
		noted.Headers = maps.Clone(noted.Headers)
		noted.Headers["x-forwarded-for"] = []string{connection.SourceIP.String()}
		choice.Shares[index].Request = &noted
	}
	return choice
}

func (p *Proxy) decide(e *Engine, listener *listenerv3.Listener, connection Connection, request *Request) Choice {
	if listener == nil {
		return Choice{}
	}
	seen := e.inspect(listener, connection, request)
	chain := e.chain(listener, seen)
	if chain == nil {
		return Choice{}
	}
	var ended bool
	if seen, request, ended = e.secure(chain, seen, connection, request); ended {
		return Choice{}
	}
	for _, filter := range chain.GetFilters() {
		message, err := filter.GetTypedConfig().UnmarshalNew()
		if err != nil {
			e.Unsupported("the network filter %s: %v", filter.GetName(), err)
			return Choice{}
		}
		switch config := message.(type) {
		case *networkrbacv3.RBAC:
			if config.GetMatcher() != nil {
				e.Unsupported("access rules as a matcher")
			}
			if !e.allows(config.GetRules(), subject{connection: seen}) {
				return Choice{Denied: true}
			}
		case *tcpproxyv3.TcpProxy:
			sealed := connection.TLS && chain.GetTransportSocket() == nil
			return Choice{Shares: tcpShares(config), Sealed: sealed}
		case *hcmv3.HttpConnectionManager:
			if request == nil {
				// Bytes that are no HTTP: the connection manager ends the connection.
				return Choice{}
			}
			return p.serve(e, config, seen, *request)
		default:
			e.Unsupported("the network filter %s", filter.GetName())
		}
	}
	return Choice{}
}

// secure ends the TLS of a connection where the chain does, which shows what is inside.
func (e *Engine) secure(chain *listenerv3.FilterChain, seen, connection Connection, request *Request) (Connection, *Request, bool) {
	if chain.GetTransportSocket() == nil {
		seen.Peer = ""
		if connection.TLS {
			request = nil // it is inside
		}
		return seen, request, false
	}
	if !connection.TLS {
		return seen, request, true
	}
	var context tlsv3.DownstreamTlsContext
	if err := chain.GetTransportSocket().GetTypedConfig().UnmarshalTo(&context); err != nil {
		e.Unsupported("the transport socket of %s: %v", chain.GetName(), err)
		return seen, request, true
	}
	seen.Peer = connection.Peer
	if context.GetRequireClientCertificate().GetValue() {
		if connection.Peer == "" {
			return seen, request, true
		}
		validation := context.GetCommonTlsContext().GetCombinedValidationContext().GetDefaultValidationContext()
		if !e.accepts(subjectNames(validation), connection.Peer) {
			return seen, request, true
		}
	} else {
		seen.Peer = "" // a certificate that nobody asks for is not shown
	}
	return seen, request, false
}

func tcpShares(config *tcpproxyv3.TcpProxy) []Share {
	if name := config.GetCluster(); name != "" {
		return []Share{{Cluster: name, Part: 1}}
	}
	total := uint32(0)
	for _, it := range config.GetWeightedClusters().GetClusters() {
		total += it.GetWeight()
	}
	var list []Share
	for _, it := range config.GetWeightedClusters().GetClusters() {
		if it.GetWeight() > 0 {
			list = append(list, Share{Cluster: it.GetName(), Part: float64(it.GetWeight()) / float64(total)})
		}
	}
	return list
}

// harmless are HTTP filters that change nothing that is followed here, or do so only where a route says it.
var harmless = []string{"istio.alpn", "envoy.filters.http.grpc_stats", corsFilter, faultFilter, "istio.stats"}

// serve takes a request through a connection manager.
func (p *Proxy) serve(e *Engine, config *hcmv3.HttpConnectionManager, connection Connection, request Request) Choice {
	if status := e.normalize(config, &request); status != 0 {
		return Choice{HTTP: true, Status: status}
	}
	routes := config.GetRouteConfig()
	if name := config.GetRds().GetRouteConfigName(); name != "" {
		if routes = p.routes[name]; routes == nil {
			e.Unsupported("a listener that waits for routes %s", name)
			return Choice{}
		}
	}
	host, route := e.find(routes, &request)
	metadata := map[string]map[string]string{}
	var token map[string]any
	for _, filter := range config.GetHttpFilters() {
		if filter.GetName() == "envoy.filters.http.router" {
			break
		}
		if slices.Contains(harmless, filter.GetName()) {
			continue
		}
		if filter.GetName() == jwtFilter {
			var status int
			var taken taken
			if taken, status = e.authenticate(filter, request.Token); status != 0 {
				return Choice{HTTP: true, Status: status, Denied: true}
			}
			token = taken.token
			request.verified = token
			if taken.removed {
				request.Token = nil
			}
			if taken.clears {
				host, route = e.find(routes, &request)
			}
			continue
		}
		var rules httprbacv3.RBAC
		if err := filter.GetTypedConfig().UnmarshalTo(&rules); err != nil {
			e.Unsupported("the HTTP filter %s", filter.GetName())
			continue
		}
		if rules.GetMatcher() != nil || rules.GetShadowMatcher() != nil {
			e.Unsupported("access rules as a matcher")
		}
		it := subject{connection: connection, request: &request, metadata: metadata, token: token}
		if shadow := rules.GetShadowRules(); shadow != nil {
			metadata[rbacFilter] = e.shadow(shadow, rules.GetShadowRulesStatPrefix(), it, metadata[rbacFilter])
		}
		if !e.allows(rules.GetRules(), it) {
			return Choice{HTTP: true, Status: 403, Denied: true}
		}
	}
	if host.GetRequireTls() != routev3.VirtualHost_NONE && !connection.TLS {
		return Choice{HTTP: true, Status: 301, Said: true}
	}
	if route == nil {
		return Choice{HTTP: true, Status: 404}
	}
	return e.act(&way{routes, host, route}, &request)
}

const rbacFilter = "envoy.filters.http.rbac"

// shadow notes what rules say that are not enforced.
func (e *Engine) shadow(rules *rbacv3.RBAC, prefix string, it subject, before map[string]string) map[string]string {
	after := map[string]string{}
	for key, value := range before {
		after[key] = value
	}
	result := "denied"
	if e.allows(rules, it) {
		result = "allowed"
	}
	after[prefix+"shadow_engine_result"] = result
	return after
}

// normalize changes the path as the connection manager does before anything looks at it. A status ends the request.
func (e *Engine) normalize(config *hcmv3.HttpConnectionManager, request *Request) int {
	path, query := request.Path, ""
	for at := range path {
		if path[at] == '?' {
			path, query = path[:at], path[at:]
			break
		}
	}
	for _, b := range []byte(request.Path) {
		if b <= ' ' || b == '#' || b >= 0x7f {
			e.Unsupported("the path %q, which the parser may refuse", request.Path)
		}
	}
	switch config.GetPathWithEscapedSlashesAction() {
	case hcmv3.HttpConnectionManager_KEEP_UNCHANGED, hcmv3.HttpConnectionManager_IMPLEMENTATION_SPECIFIC_DEFAULT:
	case hcmv3.HttpConnectionManager_UNESCAPE_AND_FORWARD:
		path = escapedSlashes.Replace(path)
	default:
		e.Unsupported("what is done about escaped slashes")
	}
	if config.GetNormalizePath().GetValue() {
		changed, ok := normalized(path)
		if !ok {
			return 400
		}
		path = changed
	}
	if config.GetMergeSlashes() {
		path = manySlashes.ReplaceAllString(path, "/")
	}
	request.Path = path + query
	return 0
}
