// Package controlplane makes istiod's own generators give the configuration of every proxy of a cluster, sidecars and gateways.
package controlplane

import (
	"errors"
	"fmt"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/util/sets"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/envoy"
)

// proxyVersion is what the proxies say that they are.
const proxyVersion = "1.31.0"

// Settings are istiod's.
type Settings struct {
	// ALPNFilter has the client's sidecar say in TLS what protocol is inside, which sniffing needs. Istio's own Envoy has the filter,
	// upstream Envoy has not.
	ALPNFilter bool
}

// Prepare sets what istiod takes from its environment. Filters that upstream Envoy lacks and that decide nothing are left out.
func Prepare(settings Settings) {
	features.MetadataExchange = false
	features.ALPNFilter = settings.ALPNFilter
	features.EnableGatewayAPI = false
	features.EnableAmbient = false
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
}

// ControlPlane is istiod with the objects of one cluster.
type ControlPlane struct {
	server *xds.FakeDiscoveryServer
}

// With starts a control plane, lets look use it, and ends it.
func With(objects *cluster.Objects, look func(*ControlPlane) error) error {
	// Every control plane registers its collections there, and they would never be given back.
	krt.GlobalDebugHandler = new(krt.DebugHandler)
	var failure error
	err := test.Wrap(func(t test.Failer) {
		// It runs in a goroutine of its own, and Istio's own code may fall over an object that the webhook lets in.
		defer func() {
			if problem := recover(); problem != nil {
				failure = fmt.Errorf("Istio panicked: %v", problem)
			}
		}()
		options := xds.FakeOptions{
			KubernetesObjects: kubernetes(objects),
			Configs:           objects.Configs,
			MeshConfig:        objects.MeshConfig,
		}
		failure = look(&ControlPlane{xds.NewFakeDiscoveryServer(t, options)})
	})
	return errors.Join(err, failure)
}

func kubernetes(objects *cluster.Objects) []runtime.Object {
	var list []runtime.Object
	list = appendAll(list, objects.Nodes)
	list = appendAll(list, objects.Namespaces)
	list = appendAll(list, objects.ServiceAccounts)
	list = appendAll(list, objects.Pods)
	list = appendAll(list, objects.Services)
	return appendAll(list, objects.EndpointSlices)
}

func appendAll[T runtime.Object](list []runtime.Object, more []T) []runtime.Object {
	for _, it := range more {
		list = append(list, it)
	}
	return list
}

// Proxy is a pod's proxy as it presents itself to istiod: a sidecar, or a gateway.
func Proxy(pod *corev1.Pod) *model.Proxy {
	kind := model.SidecarProxy
	if cluster.IsGateway(pod) {
		kind = model.Router
	}
	return &model.Proxy{
		Type:            kind,
		ID:              pod.Name + "." + pod.Namespace,
		ConfigNamespace: pod.Namespace,
		IPAddresses:     []string{pod.Status.PodIP},
		Labels:          pod.Labels,
		DNSDomain:       pod.Namespace + ".svc.cluster.local",
		Metadata: &model.NodeMetadata{
			IstioVersion:     proxyVersion,
			ClusterID:        "Kubernetes",
			Namespace:        pod.Namespace,
			Labels:           pod.Labels,
			ServiceAccount:   pod.Spec.ServiceAccountName,
			InstanceIPs:      []string{pod.Status.PodIP},
			InterceptionMode: model.InterceptionRedirect,
		},
	}
}

// Discover gives a pod's proxy its whole configuration.
func (c *ControlPlane) Discover(pod *corev1.Pod) *envoy.Discovery {
	found := &envoy.Discovery{}
	proxy := c.server.SetupProxy(Proxy(pod))
	found.Listeners = c.server.Listeners(proxy)
	found.Clusters = c.server.Clusters(proxy)
	found.Routes = c.routes(proxy, found.Listeners)
	found.Endpoints = c.server.Endpoints(proxy)
	return found
}

// routes gives what listeners wait for. Each name is asked once, as Envoy subscribes to it: asked again for the routes of a sniffed port,
// the generator finds none, as it has changed the virtual host that it keeps (getVirtualHostsForSniffedServicePort in httproute.go).
func (c *ControlPlane) routes(proxy *model.Proxy, listeners []*listenerv3.Listener) []*routev3.RouteConfiguration {
	names := sets.SortedList(sets.New(core.ExtractRoutesFromListeners(listeners)...))
	push := &model.PushRequest{Push: c.server.PushContext()}
	resources, _ := c.server.ConfigGen.BuildHTTPRoutes(proxy, push, names)
	var routes []*routev3.RouteConfiguration
	for _, resource := range resources {
		route := &routev3.RouteConfiguration{}
		if err := resource.Resource.UnmarshalTo(route); err != nil {
			panic(err)
		}
		routes = append(routes, route)
	}
	return routes
}
