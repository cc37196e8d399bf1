package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/verdict"
	"aks-mesh/judge/pods"
)

// proxyUser is whom sidecars run as.
const proxyUser = 1337

// pod is a running pod and what it stands for.
type pod struct {
	*pods.Pod
	object *corev1.Pod
}

// startPod starts a pod with a sidecar where Istio gives it one, or a gateway's, to which nothing is led and beside which nothing runs.
func startPod(node *pods.Node, object *corev1.Pod, objects *cluster.Objects, served *pods.Application, envoyPath string) (*pod, error) {
	spec := pods.Spec{Name: nodeID(object), Address: object.Status.PodIP, Ports: listening(object, objects)}
	switch {
	case verdict.IsOutsider(object.Name) || !objects.HasSidecar(object):
	case cluster.IsGateway(object):
		spec.Ports = nil
		spec.Sidecar = &pods.Sidecar{Bootstrap: bootstrap(object), User: proxyUser}
	default:
		rules, err := interception()
		if err != nil {
			return nil, err
		}
		spec.Sidecar = &pods.Sidecar{Interception: rules, Bootstrap: bootstrap(object), User: proxyUser}
	}
	running, err := pods.Start(node, spec, served, envoyPath)
	if running == nil {
		return nil, err
	}
	return &pod{running, object}, err
}

// listening are the ports that containers or Services name.
func listening(object *corev1.Pod, objects *cluster.Objects) map[int32]bool {
	ports := map[int32]bool{}
	for _, container := range object.Spec.Containers {
		for _, it := range container.Ports {
			ports[it.ContainerPort] = true
		}
	}
	for _, slice := range objects.EndpointSlices {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Addresses[0] != object.Status.PodIP {
				continue
			}
			for _, it := range slice.Ports {
				if it.Port != nil {
					ports[*it.Port] = true
				}
			}
		}
	}
	return ports
}

// bootstrap is what a sidecar of Istio's has that decides about requests: its runtime settings (pkg/bootstrap/config.go) and the names of
// its clusters for configuration and certificates.
func bootstrap(object *corev1.Pod) string {
	control := func(name string) string {
		return fmt.Sprintf(`{"name": %q, "type": "STATIC", "connect_timeout": "2s",
  "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": {}}}},
  "load_assignment": {"cluster_name": %q, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": %q, "port_value": %d}}}}]}]}}`,
			name, name, pods.NodeAddress, pods.ControlPort)
	}
	return fmt.Sprintf(`{
"node": {"id": %q, "cluster": "mesh"},
"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15000}}},
"layered_runtime": {"layers": [{"name": "global config", "static_layer": {
  "re2.max_program_size.error_level": "32768",
  "envoy.reloadable_features.http_reject_path_with_fragment": false}}]},
"dynamic_resources": {
  "ads_config": {"api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true, "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]},
  "cds_config": {"ads": {}, "resource_api_version": "V3"}, "lds_config": {"ads": {}, "resource_api_version": "V3"}},
"static_resources": {"clusters": [%s, %s]}}`, nodeID(object), control("xds-grpc"), control("sds-grpc"))
}
