package main

import (
	"crypto/tls"
	"fmt"
	"sync"

	discovery_v3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/controlplane"
)

// discoveryServer answers Envoys with what OSM's generators make for the pod that the node's id names.
type discoveryServer struct {
	discovery_v3.UnimplementedAggregatedDiscoveryServiceServer

	lock    sync.Mutex
	control *controlplane.ControlPlane
	pods    map[string]*corev1.Pod
	refused map[string]bool
}

// load takes over the pods of the next case.
func (s *discoveryServer) load(pods []*corev1.Pod) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.pods = map[string]*corev1.Pod{}
	s.refused = map[string]bool{}
	for _, pod := range pods {
		s.pods[nodeID(pod)] = pod
	}
}

// gatewayCertificate is what OSM would issue for an ingress gateway of this name.
func (s *discoveryServer) gatewayCertificate(name string) (tls.Certificate, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.control.GatewayCertificate(name)
}

func nodeID(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// StreamAggregatedResources implements the state-of-the-world protocol as far as a configuration that never changes needs it.
func (s *discoveryServer) StreamAggregatedResources(stream discovery_v3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	var pod *corev1.Pod
	answered := map[string]string{}
	for version := 1; ; version++ {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		if pod == nil {
			s.lock.Lock()
			pod = s.pods[request.GetNode().GetId()]
			s.lock.Unlock()
			if pod == nil {
				return fmt.Errorf("unknown node %q", request.GetNode().GetId())
			}
		}
		if request.ErrorDetail != nil {
			s.lock.Lock()
			s.refused[request.TypeUrl+": "+request.ErrorDetail.Message] = true
			s.lock.Unlock()
		}
		// An acknowledgement asks for nothing new.
		asked := fmt.Sprint(request.ResourceNames)
		if answered[request.TypeUrl] == asked {
			continue
		}
		answered[request.TypeUrl] = asked
		s.lock.Lock()
		resources, err := s.control.Respond(pod, request)
		s.lock.Unlock()
		if err != nil {
			return err
		}
		err = stream.Send(&discovery_v3.DiscoveryResponse{
			TypeUrl: request.TypeUrl, Resources: resources, VersionInfo: fmt.Sprint(version), Nonce: fmt.Sprint(version),
		})
		if err != nil {
			return err
		}
	}
}
