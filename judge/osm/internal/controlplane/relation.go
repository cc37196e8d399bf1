package controlplane

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/openservicemesh/osm/pkg/trafficpolicy"
)

// Relation is what OSM's catalogue says about one pod: whom it may call, who may call it by which routes, and whom its
// network filter lets in. The generators make a sidecar's configuration of these three.
type Relation struct {
	Outbound *trafficpolicy.OutboundMeshTrafficPolicy
	Inbound  *trafficpolicy.InboundMeshTrafficPolicy
	Network  []trafficpolicy.TrafficTargetWithRoutes
}

// Relate asks OSM's catalogue about a pod.
func (c *ControlPlane) Relate(pod *corev1.Pod) (*Relation, error) {
	proxy, err := proxyOf(pod)
	if err != nil {
		return nil, err
	}
	services, err := c.registry.ListProxyServices(proxy)
	if err != nil {
		return nil, fmt.Errorf("services of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	network, err := c.catalog.ListInboundTrafficTargetsWithRoutes(proxy.Identity)
	if err != nil {
		return nil, fmt.Errorf("targets of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return &Relation{
		Outbound: c.catalog.GetOutboundMeshTrafficPolicy(proxy.Identity),
		Inbound:  c.catalog.GetInboundMeshTrafficPolicy(proxy.Identity, services),
		Network:  network,
	}, nil
}
