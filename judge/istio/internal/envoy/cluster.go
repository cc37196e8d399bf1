package envoy

import (
	"fmt"
	"net/netip"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// OutsideAddress is what names outside the cluster resolve to; an address for documentation.
var OutsideAddress = netip.MustParseAddr("198.51.100.7")

// Cluster is where a request or a connection can be sent.
type Cluster struct {
	config *clusterv3.Cluster
	// Endpoints are the addresses that traffic goes to, none where it goes on to its original destination.
	Endpoints []Endpoint
	// alpn tells that the client's ALPN filter says what is inside.
	alpn bool
}

// Endpoint is one address of a cluster.
type Endpoint struct {
	Address netip.AddrPort
	match   *structpb.Struct
}

// TLS is how a client speaks it.
type TLS struct {
	ServerName  string
	Protocols   []string
	Certificate bool // shows the workload's own

	names []*matcherv3.StringMatcher
	// Verified tells that the server's certificate has to be of the mesh's authority.
	Verified bool
}

// OriginalDestination tells whether traffic goes on to where it was sent.
func (c *Cluster) OriginalDestination() bool {
	return c.config.GetType() == clusterv3.Cluster_ORIGINAL_DST
}

// LocalApplication tells whether the cluster is the application beside the sidecar.
func (c *Cluster) LocalApplication() bool {
	return strings.HasPrefix(c.config.GetName(), "inbound|") || strings.HasPrefix(c.config.GetName(), "InboundPassthroughCluster")
}

// Service is the host that an outbound cluster is for, with its port and subset; empty for others.
func (c *Cluster) Service() (host string, port string) {
	parts := strings.Split(c.config.GetName(), "|")
	if len(parts) != 4 || parts[0] != "outbound" {
		return "", ""
	}
	return parts[3], parts[1]
}

func newClusters(discovery *Discovery) (map[string]*Cluster, error) {
	assignments := map[string]*endpointv3.ClusterLoadAssignment{}
	for _, it := range discovery.Endpoints {
		assignments[it.GetClusterName()] = it
	}
	clusters := map[string]*Cluster{}
	for _, config := range discovery.Clusters {
		it := &Cluster{config: config}
		clusters[config.GetName()] = it
		assignment := config.GetLoadAssignment()
		if config.GetType() == clusterv3.Cluster_EDS {
			name := config.GetEdsClusterConfig().GetServiceName()
			if name == "" {
				name = config.GetName()
			}
			assignment = assignments[name]
		}
		for _, locality := range assignment.GetEndpoints() {
			for _, one := range locality.GetLbEndpoints() {
				if locality.GetPriority() > 0 {
					return nil, fmt.Errorf("cluster %s has endpoints of a second priority", config.GetName())
				}
				if status := one.GetHealthStatus(); status != corev3.HealthStatus_UNKNOWN && status != corev3.HealthStatus_HEALTHY {
					continue
				}
				socket := one.GetEndpoint().GetAddress().GetSocketAddress()
				ip, err := netip.ParseAddr(socket.GetAddress())
				if err != nil {
					ip = OutsideAddress // a name that the sidecar resolves
				}
				it.Endpoints = append(it.Endpoints, Endpoint{
					Address: netip.AddrPortFrom(ip, uint16(socket.GetPortValue())),
					match:   one.GetMetadata().GetFilterMetadata()["envoy.transport_socket_match"],
				})
			}
		}
	}
	return clusters, nil
}

// Security is how an endpoint of the cluster is spoken to, nil for plain text. http tells that requests are sent, by a sidecar that has
// the ALPN filter where alpnFilter says so.
func (c *Cluster) Security(e *Engine, endpoint Endpoint, http, alpnFilter bool) *TLS {
	socket := c.config.GetTransportSocket()
	for _, it := range c.config.GetTransportSocketMatches() {
		if matches(it.GetMatch(), endpoint.match) {
			socket = it.GetTransportSocket()
			break
		}
	}
	if socket == nil || socket.GetName() == "envoy.transport_sockets.raw_buffer" {
		return nil
	}
	var context tlsv3.UpstreamTlsContext
	if err := socket.GetTypedConfig().UnmarshalTo(&context); err != nil {
		e.Unsupported("the transport socket of cluster %s: %v", c.config.GetName(), err)
		return nil
	}
	common := context.GetCommonTlsContext()
	tls := &TLS{ServerName: context.GetSni(), Protocols: common.GetAlpnProtocols()}
	for _, it := range common.GetTlsCertificateSdsSecretConfigs() {
		if it.GetName() != "default" {
			e.Unsupported("a client certificate from %s", it.GetName())
		}
		tls.Certificate = true
	}
	combined := common.GetCombinedValidationContext()
	tls.Verified = combined.GetValidationContextSdsSecretConfig().GetName() == "ROOTCA"
	if !tls.Verified && (combined.GetValidationContextSdsSecretConfig() != nil || common.GetValidationContext().GetTrustedCa() != nil) {
		e.Unsupported("an authority that is not the mesh's")
	}
	tls.names = subjectNames(combined.GetDefaultValidationContext())
	override := c.config.GetMetadata().GetFilterMetadata()["istio"].GetFields()["alpn_override"].GetStringValue()
	if http && alpnFilter && override != "false" {
		if c.speaksHTTP2(e) {
			tls.Protocols = []string{"istio-h2", "istio", "h2"}
		} else {
			tls.Protocols = []string{"istio-http/1.1", "istio", "http/1.1"}
		}
	}
	return tls
}

func (c *Cluster) speaksHTTP2(e *Engine) bool {
	packed, found := c.config.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
	if !found {
		return false
	}
	var options httpv3.HttpProtocolOptions
	if err := packed.UnmarshalTo(&options); err != nil {
		e.Unsupported("the protocol options of cluster %s: %v", c.config.GetName(), err)
	}
	return options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() != nil
}

func matches(wanted, given *structpb.Struct) bool {
	for key, value := range wanted.GetFields() {
		if given.GetFields()[key].GetStringValue() != value.GetStringValue() {
			return false
		}
	}
	return true
}

// Accepts tells whether the client takes a server with this identity for right.
func (t *TLS) Accepts(e *Engine, identity string) bool { return e.accepts(t.names, identity) }

// subjectNames are those that a peer's certificate may have, none for any.
func subjectNames(context *tlsv3.CertificateValidationContext) []*matcherv3.StringMatcher {
	names := context.GetMatchSubjectAltNames()
	for _, it := range context.GetMatchTypedSubjectAltNames() {
		names = append(names, it.GetMatcher())
	}
	return names
}

func (e *Engine) accepts(names []*matcherv3.StringMatcher, identity string) bool {
	for _, it := range names {
		if e.text(it, identity) {
			return true
		}
	}
	return len(names) == 0
}
