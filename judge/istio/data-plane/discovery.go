package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretv3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	corev1 "k8s.io/api/core/v1"

	networking "istio.io/api/networking/v1alpha3"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/controlplane"
)

const (
	typePrefix    = "type.googleapis.com/envoy."
	listenersType = typePrefix + "config.listener.v3.Listener"
	clustersType  = typePrefix + "config.cluster.v3.Cluster"
	routesType    = typePrefix + "config.route.v3.RouteConfiguration"
	endpointsType = typePrefix + "config.endpoint.v3.ClusterLoadAssignment"
	secretsType   = typePrefix + "extensions.transport_sockets.tls.v3.Secret"
)

// discoveryServer answers Envoys with what istiod's generators make for the pod that the node's id names, and with its certificate.
type discoveryServer struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	secretv3.UnimplementedSecretDiscoveryServiceServer

	authority *authority

	lock sync.Mutex
	pods map[string]*sidecar
	// refused is what Envoys refused of their configuration. Then they go on with the old one: their calls say nothing.
	refused []error
}

// sidecar is what one Envoy is told: resources by their type, with their names.
type sidecar struct {
	resources map[string][]resource
}

type resource struct {
	name    string
	message *anypb.Any
}

func newDiscoveryServer() (*discoveryServer, error) {
	authority, err := newAuthority()
	return &discoveryServer{authority: authority}, err
}

// load takes over the pods of the next case.
func (s *discoveryServer) load(control *controlplane.ControlPlane, objects *cluster.Objects) error {
	made := map[string]*sidecar{}
	for _, pod := range objects.Pods {
		if !objects.HasSidecar(pod) {
			continue
		}
		it := &sidecar{map[string][]resource{}}
		found := control.Discover(pod)
		var problem error
		add := func(kind, name string, message proto.Message) {
			packed, err := anypb.New(message)
			problem = errors.Join(problem, err)
			it.resources[kind] = append(it.resources[kind], resource{name, packed})
		}
		for _, one := range found.Listeners {
			add(listenersType, one.GetName(), one)
		}
		for _, one := range found.Clusters {
			add(clustersType, one.GetName(), one)
		}
		for _, one := range found.Routes {
			add(routesType, one.GetName(), one)
		}
		for _, one := range found.Endpoints {
			add(endpointsType, one.GetClusterName(), one)
		}
		secrets, err := s.authority.secrets(pod)
		if err := errors.Join(problem, err); err != nil {
			return err
		}
		for _, name := range credentialsOf(objects) {
			one, err := s.authority.credential(name)
			if err != nil {
				return err
			}
			secrets = append(secrets, one)
		}
		for _, one := range secrets {
			add(secretsType, one.GetName(), one)
		}
		made[nodeID(pod)] = it
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.pods, s.refused = made, nil
	return nil
}

// credentialsOf are the names of the certificates that Gateways end TLS with.
func credentialsOf(objects *cluster.Objects) []string {
	var names []string
	for _, it := range objects.Configs {
		gateway, is := it.Spec.(*networking.Gateway)
		if !is {
			continue
		}
		for _, server := range gateway.Servers {
			if name := server.GetTls().GetCredentialName(); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// problem tells what Envoys refused, nil for nothing.
func (s *discoveryServer) problem() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	return errors.Join(s.refused...)
}

func nodeID(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// stream is a conversation about configuration or about certificates.
type stream interface {
	Recv() (*discoveryv3.DiscoveryRequest, error)
	Send(*discoveryv3.DiscoveryResponse) error
}

// StreamAggregatedResources implements the state-of-the-world protocol as far as a configuration that never changes needs it.
func (s *discoveryServer) StreamAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	return s.answer(stream)
}

// StreamSecrets does the same for certificates alone.
func (s *discoveryServer) StreamSecrets(stream secretv3.SecretDiscoveryService_StreamSecretsServer) error {
	return s.answer(stream)
}

// FetchSecrets is the way without a stream, which no sidecar of Istio's goes.
func (s *discoveryServer) FetchSecrets(context.Context, *discoveryv3.DiscoveryRequest) (*discoveryv3.DiscoveryResponse, error) {
	return nil, errors.New("not offered: ask by stream")
}

func (s *discoveryServer) answer(stream stream) error {
	var told *sidecar
	answered := map[string]string{}
	for version := 1; ; version++ {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		if told == nil {
			s.lock.Lock()
			told = s.pods[request.GetNode().GetId()]
			s.lock.Unlock()
			if told == nil {
				return fmt.Errorf("unknown node %q", request.GetNode().GetId())
			}
		}
		if request.ErrorDetail != nil {
			s.lock.Lock()
			s.refused = append(s.refused, fmt.Errorf("Envoy refuses %s: %s", request.TypeUrl, request.ErrorDetail.Message))
			s.lock.Unlock()
		}
		// An acknowledgement asks for nothing new.
		asked := fmt.Sprint(request.ResourceNames)
		if answered[request.TypeUrl] == asked {
			continue
		}
		answered[request.TypeUrl] = asked
		response := &discoveryv3.DiscoveryResponse{TypeUrl: request.TypeUrl, VersionInfo: fmt.Sprint(version), Nonce: fmt.Sprint(version)}
		for _, it := range told.resources[request.TypeUrl] {
			if len(request.ResourceNames) == 0 || slices.Contains(request.ResourceNames, it.name) {
				response.Resources = append(response.Resources, it.message)
			}
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}
