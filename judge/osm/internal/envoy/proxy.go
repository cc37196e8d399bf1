// Package envoy evaluates the configuration that OSM generates the way Envoy would: what it accepts, which filter chain a
// connection gets, which route a request takes, and what the access rules on it say.
package envoy

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"

	cluster_v3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	route_v3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tls_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/openservicemesh/osm/pkg/constants"
	"github.com/openservicemesh/osm/pkg/envoy/lds"

	"aks-mesh/judge/osm/internal/controlplane"
)

// Proxy is one sidecar with a configuration it has just received, none before. A nil listener is one that does not exist.
type Proxy struct {
	Outbound *Listener
	Inbound  *Listener
	Clusters map[string]*Cluster
	// Rejected are the resources that Envoy refused, with its reasons.
	Rejected []string

	by     Kind
	routes map[string]*routes
	// other is the same proxy with its egress routes in another order; nil where that makes no difference.
	other *Proxy
}

// Cluster is where a request or connection can be sent.
type Cluster struct {
	Name        string
	Passthrough bool   // to the connection's original destination, as it is
	Host        string // to what a name outside the mesh resolves to; the application beside the sidecar is at localhost
	Endpoints   []netip.AddrPort
	ServerName  string   // SNI
	Protocols   []string // ALPN
	ServerNames []string // identities accepted in the server's certificate; empty accepts all
}

// Local tells whether the cluster is the application beside the sidecar.
func (c *Cluster) Local() bool { return c.Host == constants.LocalhostIPAddress }

// Accept gives a configuration to a fresh Envoy of a kind.
func Accept(by Kind, discovery *controlplane.Discovery) (*Proxy, error) {
	proxy := &Proxy{by: by, Clusters: map[string]*Cluster{}}
	proxy.acceptListeners(discovery)
	for _, config := range discovery.Clusters {
		cluster, err := newCluster(config, discovery)
		if err != nil {
			return nil, err
		}
		proxy.Clusters[config.Name] = cluster
	}
	for _, assignment := range discovery.Endpoints {
		cluster := proxy.Clusters[assignment.ClusterName]
		if cluster == nil {
			continue
		}
		for _, locality := range assignment.Endpoints {
			for _, it := range locality.LbEndpoints {
				address := it.GetEndpoint().GetAddress().GetSocketAddress()
				ip, err := netip.ParseAddr(address.GetAddress())
				if err != nil {
					return nil, fmt.Errorf("endpoint of %s: %w", cluster.Name, err)
				}
				cluster.Endpoints = append(cluster.Endpoints, netip.AddrPortFrom(ip, uint16(address.GetPortValue())))
			}
		}
	}
	proxy.acceptRoutes(discovery)
	return proxy, nil
}

// WithRoutes is the same proxy with other route configurations.
func (p *Proxy) WithRoutes(discovery *controlplane.Discovery) *Proxy {
	other := *p
	other.acceptRoutes(discovery)
	return &other
}

// acceptListeners takes the listeners that are right. One that breaks a rule of its message's own form refuses the whole
// answer: Envoy checks those while it decodes.
func (p *Proxy) acceptListeners(discovery *controlplane.Discovery) {
	for _, config := range discovery.Listeners {
		if err := config.ValidateAll(); err != nil {
			p.Rejected = append(p.Rejected, fmt.Sprintf("all listeners, for %s: %v", config.Name, err))
			return
		}
	}
	for _, config := range discovery.Listeners {
		accepted, err := acceptListener(config)
		if err != nil {
			p.Rejected = append(p.Rejected, fmt.Sprintf("listener %s: %v", config.Name, err))
			continue
		}
		switch config.Name {
		case lds.OutboundListenerName:
			p.Outbound = accepted
		case lds.InboundListenerName:
			p.Inbound = accepted
		}
	}
}

// acceptRoutes takes the route configurations of one answer. One that breaks a rule of its message's own form refuses the whole
// answer. Otherwise Envoy gives each to the listener's part that waits for it, the part that came last first, and stops at the
// first that is wrong: those that came before it get nothing.
func (p *Proxy) acceptRoutes(discovery *controlplane.Discovery) {
	p.routes, p.other = map[string]*routes{}, nil
	configs := map[string]*route_v3.RouteConfiguration{}
	for _, config := range discovery.Routes {
		if err := config.ValidateAll(); err != nil {
			p.Rejected = append(p.Rejected, fmt.Sprintf("all routes, for %s: %v", config.Name, err))
			return
		}
		configs[config.Name] = config
	}
	names := p.awaitedRoutes()
	right := map[string]*routes{}
	wrong := map[string]error{}
	for _, name := range names {
		if config := configs[name]; config != nil {
			accepted, err := p.by.acceptRoutes(config)
			if err != nil {
				wrong[name] = err
			} else {
				right[name] = accepted
			}
		}
	}
	// Where OSM puts an egress configuration among the others of egress is a Go map's doing: right ones may come after all
	// wrong ones, or before.
	p.routes = p.give(names, right, wrong, func(name string) bool { return wrong[name] != nil })
	other := *p
	other.Rejected = nil
	other.routes = other.give(names, right, wrong, func(name string) bool { return wrong[name] == nil })
	if len(other.routes) != len(p.routes) {
		p.other = &other
	}
}

// Orders are the proxy and, where the order of its egress routes makes a difference, the same with another order.
func (p *Proxy) Orders() []*Proxy {
	if p.other == nil {
		return []*Proxy{p}
	}
	return []*Proxy{p, p.other}
}

// give hands route configurations over, the last first, until one is wrong. Of egress those that are early come first.
func (p *Proxy) give(names []string, right map[string]*routes, wrong map[string]error, early func(string) bool) map[string]*routes {
	ordered := append([]string(nil), names...)
	rank := func(name string) int {
		switch {
		case strings.HasPrefix(name, "rds-outbound."):
			return 0
		case !strings.HasPrefix(name, "rds-egress."):
			return 3
		case early(name):
			return 1
		default:
			return 2
		}
	}
	sort.SliceStable(ordered, func(i, j int) bool { return rank(ordered[i]) < rank(ordered[j]) })
	given := map[string]*routes{}
	for index := len(ordered) - 1; index >= 0; index-- {
		name := ordered[index]
		if err := wrong[name]; err != nil {
			p.Rejected = append(p.Rejected, fmt.Sprintf("routes %s: %v", name, err))
			break
		}
		if right[name] != nil {
			given[name] = right[name]
		}
	}
	return given
}

// awaitedRoutes are the names of the route configurations that the listeners ask for, in the order in which they do.
func (p *Proxy) awaitedRoutes() []string {
	var names []string
	known := map[string]bool{}
	for _, listener := range []*Listener{p.Outbound, p.Inbound} {
		if listener == nil {
			continue
		}
		for _, chain := range listener.chains {
			if chain.http() && !known[chain.routeConfig] {
				known[chain.routeConfig] = true
				names = append(names, chain.routeConfig)
			}
		}
	}
	return names
}

func newCluster(config *cluster_v3.Cluster, discovery *controlplane.Discovery) (*Cluster, error) {
	cluster := &Cluster{
		Name:        config.Name,
		Passthrough: config.GetType() == cluster_v3.Cluster_ORIGINAL_DST,
	}
	if config.TransportSocket == nil {
		for _, locality := range config.GetLoadAssignment().GetEndpoints() {
			for _, it := range locality.LbEndpoints {
				cluster.Host = it.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()
			}
		}
		return cluster, nil
	}
	var context tls_v3.UpstreamTlsContext
	if err := config.TransportSocket.GetTypedConfig().UnmarshalTo(&context); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", config.Name, err)
	}
	cluster.ServerName = context.Sni
	cluster.Protocols = context.GetCommonTlsContext().GetAlpnProtocols()
	cluster.ServerNames = discovery.ServerSANs[context.GetCommonTlsContext().GetValidationContextSdsSecretConfig().GetName()]
	return cluster, nil
}

// Choice is where a proxy sends a connection or a request: to one of some clusters by their weights, or nowhere.
type Choice struct {
	Clusters []Share
	NoRoute  bool // HTTP: answered with 404
	Refused  bool // the connection ends
	Denied   bool // HTTP: answered with 403
	HTTP     bool // by a route, so that failures are answered with 503
}

// Share is a cluster and its part of the traffic, from 0 to 1.
type Share struct {
	Cluster string
	Part    float64
}

// Decide takes a new connection through a listener; a nil request is a TCP connection.
func (p *Proxy) Decide(listener *Listener, connection Connection, request *Request) Choice {
	if listener == nil {
		return Choice{Refused: true}
	}
	if request != nil && listener.inspectsHTTP && !connection.TLS {
		connection.Protocols = []string{"http/1.1"}
	}
	found := listener.find(connection)
	if found == nil {
		return Choice{Refused: true}
	}
	if connection.TLS {
		if found.asks && connection.Peer == "" {
			return Choice{Refused: true}
		}
		if !found.asks {
			connection.Peer = "" // a certificate that nobody asks for is not shown
		}
		if !found.terminates {
			request = nil // it is inside
		}
	} else if found.terminates {
		return Choice{Refused: true}
	}
	for _, rules := range found.rbac {
		if !rbacAllows(rules, connection) {
			return Choice{Refused: true}
		}
	}
	if !found.http() {
		return Choice{Clusters: shares(found.clusters)}
	}
	if request == nil {
		// Bytes that are no HTTP: the connection manager ends the connection.
		return Choice{Refused: true}
	}
	route := p.routes[found.routeConfig].find(*request)
	if route == nil {
		return Choice{NoRoute: true, HTTP: true}
	}
	if !rbacAllows(routeRBAC(route), connection) {
		return Choice{Denied: true, HTTP: true}
	}
	var clusters []weighted
	for _, it := range route.GetRoute().GetWeightedClusters().GetClusters() {
		clusters = append(clusters, weighted{it.Name, it.GetWeight().GetValue()})
	}
	return Choice{Clusters: shares(clusters), HTTP: true}
}

func shares(clusters []weighted) []Share {
	total := uint32(0)
	for _, it := range clusters {
		total += it.weight
	}
	var list []Share
	for _, it := range clusters {
		if it.weight > 0 {
			list = append(list, Share{it.cluster, float64(it.weight) / float64(total)})
		}
	}
	return list
}
