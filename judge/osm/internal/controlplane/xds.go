package controlplane

import (
	"crypto/tls"
	"fmt"
	"strings"

	cluster_v3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint_v3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener_v3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route_v3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tls_v3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discovery_v3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	corev1 "k8s.io/api/core/v1"

	"github.com/openservicemesh/osm/pkg/catalog"
	"github.com/openservicemesh/osm/pkg/certificate"
	"github.com/openservicemesh/osm/pkg/configurator"
	"github.com/openservicemesh/osm/pkg/constants"
	"github.com/openservicemesh/osm/pkg/envoy"
	"github.com/openservicemesh/osm/pkg/envoy/cds"
	"github.com/openservicemesh/osm/pkg/envoy/eds"
	"github.com/openservicemesh/osm/pkg/envoy/lds"
	"github.com/openservicemesh/osm/pkg/envoy/rds"
	"github.com/openservicemesh/osm/pkg/envoy/registry"
	"github.com/openservicemesh/osm/pkg/envoy/sds"
	"github.com/openservicemesh/osm/pkg/identity"
)

// Discovery is everything OSM sends to one proxy.
type Discovery struct {
	Listeners  []*listener_v3.Listener
	Clusters   []*cluster_v3.Cluster
	Routes     []*route_v3.RouteConfiguration
	Endpoints  []*endpoint_v3.ClusterLoadAssignment
	ServerSANs map[string][]string // by the name of the validation context: the identities a client accepts
}

// Discover asks OSM's generators for the configuration of a pod's sidecar, in the current order of the stores.
func (c *ControlPlane) Discover(pod *corev1.Pod) (*Discovery, error) {
	proxy, err := proxyOf(pod)
	if err != nil {
		return nil, err
	}
	discovery := &Discovery{ServerSANs: map[string][]string{}}

	resources, err := lds.NewResponse(c.catalog, proxy, nil, c.configurator, c.certificates, c.registry)
	if err != nil {
		return nil, fmt.Errorf("listeners: %w", err)
	}
	discovery.Listeners = only[*listener_v3.Listener](resources)

	if resources, err = cds.NewResponse(c.catalog, proxy, nil, c.configurator, c.certificates, c.registry); err != nil {
		return nil, fmt.Errorf("clusters: %w", err)
	}
	discovery.Clusters = only[*cluster_v3.Cluster](resources)

	if discovery.Routes, err = c.discoverRoutes(proxy); err != nil {
		return nil, err
	}

	// As Envoy does, ask for the endpoints and the validation contexts that the clusters name.
	var endpointNames, secretNames []string
	for _, it := range discovery.Clusters {
		if it.GetType() != cluster_v3.Cluster_EDS {
			continue
		}
		endpointNames = append(endpointNames, it.Name)
		name, err := validationContext(it)
		if err != nil {
			return nil, err
		}
		secretNames = append(secretNames, name)
	}
	if len(endpointNames) == 0 {
		return discovery, nil
	}
	resources, err = eds.NewResponse(c.catalog, proxy, &discovery_v3.DiscoveryRequest{ResourceNames: endpointNames},
		c.configurator, c.certificates, c.registry)
	if err != nil {
		return nil, fmt.Errorf("endpoints: %w", err)
	}
	discovery.Endpoints = only[*endpoint_v3.ClusterLoadAssignment](resources)

	resources, err = sds.NewResponse(c.catalog, proxy, &discovery_v3.DiscoveryRequest{ResourceNames: secretNames},
		c.configurator, c.certificates, c.registry)
	if err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	for _, secret := range only[*tls_v3.Secret](resources) {
		names := []string{}
		for _, matcher := range secret.GetValidationContext().GetMatchSubjectAltNames() {
			names = append(names, matcher.GetExact())
		}
		discovery.ServerSANs[secret.Name] = names
	}
	return discovery, nil
}

// DiscoverRoutes asks only for the routes: what else a server gets does not depend on the order of TrafficTargets.
func (c *ControlPlane) DiscoverRoutes(pod *corev1.Pod) ([]*route_v3.RouteConfiguration, error) {
	proxy, err := proxyOf(pod)
	if err != nil {
		return nil, err
	}
	return c.discoverRoutes(proxy)
}

func (c *ControlPlane) discoverRoutes(proxy *envoy.Proxy) ([]*route_v3.RouteConfiguration, error) {
	resources, err := rds.NewResponse(c.catalog, proxy, nil, c.configurator, c.certificates, c.registry)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return asSent(only[*route_v3.RouteConfiguration](resources))
}

// asSent is what arrives at a proxy: OSM leaves the clusters of a route nil where their weights add up to 0, and a nil
// message in a oneof is an empty one on the wire.
func asSent(configs []*route_v3.RouteConfiguration) ([]*route_v3.RouteConfiguration, error) {
	for index, config := range configs {
		bytes, err := proto.Marshal(config)
		if err != nil {
			return nil, fmt.Errorf("routes %s: %w", config.Name, err)
		}
		sent := &route_v3.RouteConfiguration{}
		if err := proto.Unmarshal(bytes, sent); err != nil {
			return nil, fmt.Errorf("routes %s: %w", config.Name, err)
		}
		configs[index] = sent
	}
	return configs, nil
}

func proxyOf(pod *corev1.Pod) (*envoy.Proxy, error) {
	id, err := uuid.Parse(pod.Labels[constants.EnvoyUniqueIDLabelName])
	if err != nil {
		return nil, fmt.Errorf("pod %s/%s has no sidecar: %w", pod.Namespace, pod.Name, err)
	}
	return envoy.NewProxy(envoy.KindSidecar, id, identity.New(pod.Spec.ServiceAccountName, pod.Namespace), nil), nil
}

// validationContext is the name of the secret by which a cluster checks its servers' certificates.
func validationContext(cluster *cluster_v3.Cluster) (string, error) {
	var context tls_v3.UpstreamTlsContext
	if err := cluster.GetTransportSocket().GetTypedConfig().UnmarshalTo(&context); err != nil {
		return "", fmt.Errorf("cluster %s: %w", cluster.Name, err)
	}
	return context.GetCommonTlsContext().GetValidationContextSdsSecretConfig().GetName(), nil
}

// Identity is the name in the certificate of a pod's sidecar.
func Identity(pod *corev1.Pod) string {
	return strings.Join([]string{pod.Spec.ServiceAccountName, pod.Namespace, TrustDomain}, ".")
}

func only[T any](resources []types.Resource) []T {
	var list []T
	for _, resource := range resources {
		if it, ok := resource.(T); ok {
			list = append(list, it)
		}
	}
	return list
}

// Respond answers one discovery request of a pod's sidecar as OSM's server does, in the form it has on the wire.
func (c *ControlPlane) Respond(pod *corev1.Pod, request *discovery_v3.DiscoveryRequest) ([]*anypb.Any, error) {
	proxy, err := proxyOf(pod)
	if err != nil {
		return nil, err
	}
	generate, found := map[envoy.TypeURI]func(catalog.MeshCataloger, *envoy.Proxy, *discovery_v3.DiscoveryRequest,
		configurator.Configurator, *certificate.Manager, *registry.ProxyRegistry) ([]types.Resource, error){
		envoy.TypeLDS: lds.NewResponse,
		envoy.TypeCDS: cds.NewResponse,
		envoy.TypeRDS: rds.NewResponse,
		envoy.TypeEDS: eds.NewResponse,
		envoy.TypeSDS: sds.NewResponse,
	}[envoy.TypeURI(request.TypeUrl)]
	if !found {
		return nil, fmt.Errorf("unknown type %s", request.TypeUrl)
	}
	resources, err := generate(c.catalog, proxy, request, c.configurator, c.certificates, c.registry)
	if err != nil {
		return nil, err
	}
	var packed []*anypb.Any
	for _, resource := range resources {
		it, err := anypb.New(resource.(proto.Message))
		if err != nil {
			return nil, err
		}
		packed = append(packed, it)
	}
	return packed, nil
}

// GatewayCertificate is a certificate as OSM issues it for an ingress gateway.
func (c *ControlPlane) GatewayCertificate(name string) (tls.Certificate, error) {
	issued, err := c.certificates.IssueCertificate(name, certificate.IngressGateway, certificate.FullCNProvided())
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(issued.GetCertificateChain(), issued.GetPrivateKey())
}
