package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/openservicemesh/osm/pkg/constants"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/interception"
	"aks-mesh/judge/pods"
)

// pod is a running pod and what it stands for.
type pod struct {
	*pods.Pod
	object *corev1.Pod
}

// startPod starts a pod with a sidecar if it is in the mesh.
func startPod(node *pods.Node, object *corev1.Pod, objects *cluster.Objects, served *pods.Application, envoyPath string) (*pod, error) {
	spec := pods.Spec{Name: nodeID(object), Address: object.Status.PodIP, Ports: targetPorts(object, objects)}
	if meshed(object) {
		rules, err := interception.Of(object, objects.MeshConfig)
		if err != nil {
			return nil, err
		}
		spec.Sidecar = &pods.Sidecar{Interception: rules.Rules, Bootstrap: bootstrap(object), User: uint32(constants.EnvoyUID)}
	}
	running, err := pods.Start(node, spec, served, envoyPath)
	if running == nil {
		return nil, err
	}
	return &pod{running, object}, err
}

func meshed(object *corev1.Pod) bool { return object.Labels[constants.EnvoyUniqueIDLabelName] != "" }

// targetPorts are those of the pod that Services lead to.
func targetPorts(object *corev1.Pod, objects *cluster.Objects) map[int32]bool {
	ports := map[int32]bool{}
	for _, endpoints := range objects.Endpoints {
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				for _, port := range subset.Ports {
					if address.IP == object.Status.PodIP {
						ports[port.Port] = true
					}
				}
			}
		}
	}
	return ports
}

func endpointAddresses(objects *cluster.Objects, service *corev1.Service, portName string) []string {
	var list []string
	for _, endpoints := range objects.Endpoints {
		if endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
			continue
		}
		for _, subset := range endpoints.Subsets {
			for _, port := range subset.Ports {
				for _, address := range subset.Addresses {
					if port.Name == portName {
						list = append(list, fmt.Sprintf("%s:%d", address.IP, port.Port))
					}
				}
			}
		}
	}
	return list
}

// bootstrap has Envoy start as OSM's injector would have it started, with the discovery server in place of the controller.
func bootstrap(object *corev1.Pod) string {
	return fmt.Sprintf(`{
"node": {"id": %q, "cluster": "mesh"},
"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15000}}},
"dynamic_resources": {
  "ads_config": {"api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true, "grpc_services": [{"envoy_grpc": {"cluster_name": "control"}}]},
  "cds_config": {"ads": {}, "resource_api_version": "V3"}, "lds_config": {"ads": {}, "resource_api_version": "V3"}},
"static_resources": {"clusters": [{"name": "control", "type": "STATIC", "connect_timeout": "2s",
  "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": {}}}},
  "load_assignment": {"cluster_name": "control", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": %q, "port_value": %d}}}}]}]}}]}}`,
		nodeID(object), pods.NodeAddress, pods.ControlPort)
}
