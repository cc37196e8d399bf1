package envoy

import (
	"fmt"
	"net/netip"

	listener_v3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbac_v3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	hcm_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	ratelimit_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/local_ratelimit/v3"
	network_rbac_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	tcp_proxy_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tls_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// Listener is a listener that Envoy accepted.
type Listener struct {
	chains       []*chain
	defaultChain *chain
	inspectsHTTP bool
}

// chain is a filter chain: its match, network access rules, and one end, HTTP or TCP.
type chain struct {
	name  string
	match match
	rbac  []*rbac_v3.RBAC
	// terminates tells whether the chain ends TLS, and asks whether it asks for a client certificate, which has to be of the mesh's
	// authority.
	terminates, asks bool

	routeConfig string     // HTTP: the name of the route configuration
	clusters    []weighted // TCP: where the bytes go
}

func (c *chain) http() bool { return c.routeConfig != "" }

// weighted is a cluster and its weight among others.
type weighted struct {
	cluster string
	weight  uint32
}

// acceptListener checks a listener as Envoy does when it arrives: one wrong chain refuses all of it.
func acceptListener(listener *listener_v3.Listener) (*Listener, error) {
	accepted := &Listener{}
	for _, filter := range listener.ListenerFilters {
		if filter.GetTypedConfig().GetTypeUrl() == httpInspectorType {
			accepted.inspectsHTTP = true
		}
	}
	taken := map[string]string{}
	for _, filterChain := range listener.FilterChains {
		it, err := acceptChain(filterChain)
		if err != nil {
			return nil, fmt.Errorf("filter chain %s: %w", filterChain.Name, err)
		}
		for _, place := range it.match.places() {
			if other, duplicate := taken[place]; duplicate {
				return nil, fmt.Errorf("filter chains %s and %s match the same connections: %s", other, it.name, place)
			}
			taken[place] = it.name
		}
		accepted.chains = append(accepted.chains, it)
	}
	if listener.DefaultFilterChain != nil {
		it, err := acceptChain(listener.DefaultFilterChain)
		if err != nil {
			return nil, fmt.Errorf("default filter chain: %w", err)
		}
		accepted.defaultChain = it
	}
	return accepted, nil
}

const httpInspectorType = "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"

func acceptChain(filterChain *listener_v3.FilterChain) (*chain, error) {
	matched, err := newMatch(filterChain.GetFilterChainMatch())
	if err != nil {
		return nil, err
	}
	accepted := &chain{name: filterChain.Name, match: matched}
	if socket := filterChain.GetTransportSocket(); socket != nil {
		var context tls_v3.DownstreamTlsContext
		if err := socket.GetTypedConfig().UnmarshalTo(&context); err != nil {
			return nil, err
		}
		accepted.terminates, accepted.asks = true, context.GetRequireClientCertificate().GetValue()
	}
	for _, filter := range filterChain.Filters {
		if err := accepted.addFilter(filter.GetTypedConfig()); err != nil {
			return nil, fmt.Errorf("filter %s: %w", filter.Name, err)
		}
	}
	return accepted, nil
}

func (c *chain) addFilter(config *anypb.Any) error {
	message, err := config.UnmarshalNew()
	if err != nil {
		return err
	}
	if checked, ok := message.(interface{ ValidateAll() error }); ok {
		if err := checked.ValidateAll(); err != nil {
			return err
		}
	}
	switch filter := message.(type) {
	case *hcm_v3.HttpConnectionManager:
		c.routeConfig = filter.GetRds().GetRouteConfigName()
	case *tcp_proxy_v3.TcpProxy:
		if name := filter.GetCluster(); name != "" {
			c.clusters = []weighted{{name, 1}}
		}
		for _, it := range filter.GetWeightedClusters().GetClusters() {
			c.clusters = append(c.clusters, weighted{it.Name, it.Weight})
		}
	case *network_rbac_v3.RBAC:
		c.rbac = append(c.rbac, filter.GetRules())
	case *ratelimit_v3.LocalRateLimit:
		// Limits need a history of calls; one call alone always has a token.
	default:
		return fmt.Errorf("unexpected filter %s", config.GetTypeUrl())
	}
	return nil
}

// find chooses the chain of a connection, nil if there is none: Envoy then closes it.
func (l *Listener) find(connection Connection) *chain {
	if found := findChain(l.chains, connection); found != nil {
		return found
	}
	return l.defaultChain
}

// Connection is what a listener sees of a new connection.
type Connection struct {
	DestinationIP   netip.Addr
	DestinationPort uint32
	SourceIP        netip.Addr
	TLS             bool
	ServerName      string   // SNI, with TLS
	Protocols       []string // ALPN, or what the HTTP inspector found
	Peer            string   // the identity in the certificate that the client has, with TLS
}
