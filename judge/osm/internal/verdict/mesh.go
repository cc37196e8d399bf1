package verdict

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/openservicemesh/osm/pkg/constants"
	"github.com/openservicemesh/osm/pkg/k8s/informers"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/controlplane"
	"aks-mesh/judge/osm/internal/envoy"
	"aks-mesh/judge/osm/internal/interception"
)

// Mesh is one cluster with OSM in it. It makes the proxies that requests ask for, once each.
type Mesh struct {
	// by is the Envoy of all its sidecars.
	by      envoy.Kind
	objects *cluster.Objects
	control *controlplane.ControlPlane
	podByIP map[netip.Addr]*corev1.Pod
	servers map[*corev1.Pod][][]*envoy.Proxy
	clients map[*corev1.Pod][]*envoy.Proxy
	// interceptions are the pods' netfilter rules.
	interceptions map[*corev1.Pod]*interception.Interception
}

// load gives a cluster to the control plane. The mesh is valid until the next load on the same control plane.
func load(control *controlplane.ControlPlane, objects *cluster.Objects, requests []Request) (*Mesh, error) {
	AddMissingClients(objects, requests)
	mesh := &Mesh{
		objects: objects,
		control: control,
		podByIP: map[netip.Addr]*corev1.Pod{},

		interceptions: map[*corev1.Pod]*interception.Interception{},
	}
	for _, pod := range objects.Pods {
		ip, err := netip.ParseAddr(pod.Status.PodIP)
		if err != nil {
			return nil, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		mesh.podByIP[ip] = pod
	}
	control.Load(objects)
	return mesh, nil
}

// with is the same mesh with sidecars of another kind.
func (m *Mesh) with(by envoy.Kind) *Mesh {
	other := *m
	other.by = by
	other.servers = map[*corev1.Pod][][]*envoy.Proxy{}
	other.clients = map[*corev1.Pod][]*envoy.Proxy{}
	return &other
}

// AddMissingClients gives a pod to every caller that has none, so that there is a sidecar to look at. It has no labels:
// no Service selects it.
func AddMissingClients(objects *cluster.Objects, requests []Request) {
	present := map[string]bool{}
	for _, pod := range objects.Pods {
		present[pod.Namespace+"/"+pod.Spec.ServiceAccountName] = true
	}
	for _, request := range requests {
		who, _ := request.Caller()
		namespace, account, found := strings.Cut(who, "/")
		if !found || present[who] {
			continue
		}
		present[who] = true
		objects.AddPod(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "client-of-" + account},
			Spec:       corev1.PodSpec{ServiceAccountName: account},
		})
	}
}

// callers are the pods of a service account, or one outside of the mesh. Their sidecars may differ: what is wrong on a pod's
// server side can cost it its client side too.
func (m *Mesh) callers(from string) ([]*corev1.Pod, error) {
	if IsOutsider(from) {
		caller, err := Outsider(from)
		return []*corev1.Pod{caller}, err
	}
	var pods []*corev1.Pod
	for _, pod := range m.objects.Pods {
		if pod.Namespace+"/"+pod.Spec.ServiceAccountName == from {
			pods = append(pods, pod)
		}
	}
	if len(pods) == 0 {
		return nil, fmt.Errorf("from %q is not of the form namespace/service-account", from)
	}
	return pods, nil
}

func hasSidecar(pod *corev1.Pod) bool {
	return pod.Labels[constants.EnvoyUniqueIDLabelName] != ""
}

func (m *Mesh) interception(pod *corev1.Pod) (*interception.Interception, error) {
	if made, found := m.interceptions[pod]; found {
		return made, nil
	}
	made, err := interception.Of(pod, m.objects.MeshConfig)
	if err == nil {
		m.interceptions[pod] = made
	}
	return made, err
}

// clientProxies are the configurations that a caller's sidecar may get: one for each TrafficSplit that OSM may take for
// the root it looks up, since it takes the first of a list without an order.
func (m *Mesh) clientProxies(pod *corev1.Pod) ([]*envoy.Proxy, error) {
	if made, found := m.clients[pod]; found {
		return made, nil
	}
	var proxies []*envoy.Proxy
	err := m.inEverySplitOrder(func() error {
		_, proxy, err := m.discover(pod)
		proxies = append(proxies, proxy)
		return err
	})
	m.clients[pod] = proxies
	return proxies, err
}

// serverProxies are the configurations that a server's sidecar may get, by order of TrafficSplits and then by order of
// TrafficTargets and IngressBackends. TrafficSplits matter to a server because Envoy may refuse all routes for one of its
// outbound ones. Of the TrafficTargets each comes first once: only the first that has a matching route decides, so this
// shows every outcome that any order has.
func (m *Mesh) serverProxies(pod *corev1.Pod) ([][]*envoy.Proxy, error) {
	if made, found := m.servers[pod]; found {
		return made, nil
	}
	var orders [][]*envoy.Proxy
	err := m.inEverySplitOrder(func() error {
		proxies, err := m.serverProxiesInOrder(pod)
		orders = append(orders, proxies)
		return err
	})
	m.servers[pod] = orders
	return orders, err
}

func (m *Mesh) serverProxiesInOrder(pod *corev1.Pod) ([]*envoy.Proxy, error) {
	discovery, proxy, err := m.discover(pod)
	if err != nil {
		return nil, err
	}
	proxies := []*envoy.Proxy{proxy}

	var targets []string
	for _, it := range m.objects.TrafficTargets {
		if it.Namespace == pod.Namespace && it.Spec.Destination.Name == pod.Spec.ServiceAccountName {
			targets = append(targets, it.Namespace+"/"+it.Name)
		}
	}
	if len(targets) > 1 {
		for _, target := range targets {
			m.control.First(informers.InformerKeyTrafficTarget, target)
			if discovery.Routes, err = m.control.DiscoverRoutes(pod); err != nil {
				return nil, err
			}
			proxies = append(proxies, proxy.WithRoutes(discovery))
		}
	}

	var ingresses []string
	for _, it := range m.objects.IngressBackends {
		if it.Namespace == pod.Namespace {
			ingresses = append(ingresses, it.Namespace+"/"+it.Name)
		}
	}
	if len(ingresses) > 1 {
		for _, ingress := range ingresses {
			m.control.First(informers.InformerKeyIngressBackend, ingress)
			if _, proxy, err = m.discover(pod); err != nil {
				return nil, err
			}
			proxies = append(proxies, proxy)
		}
	}
	// The ingress routes of a pod come in the order of its Services, and the first takes every request.
	opened := m.openedServices(pod.Namespace)
	if len(opened) > 1 {
		for _, service := range opened {
			m.control.First(informers.InformerKeyService, service)
			if _, proxy, err = m.discover(pod); err != nil {
				return nil, err
			}
			proxies = append(proxies, proxy)
		}
	}
	return proxies, nil
}

// openedServices are those that IngressBackends of a namespace name, each once.
func (m *Mesh) openedServices(namespace string) []string {
	var names []string
	for _, it := range m.objects.IngressBackends {
		for _, backend := range it.Spec.Backends {
			name := namespace + "/" + backend.Name
			if it.Namespace == namespace && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// inEverySplitOrder repeats a look at the control plane with each TrafficSplit first that shares its root with another.
func (m *Mesh) inEverySplitOrder(look func() error) error {
	byRoot := map[string][]string{}
	for _, it := range m.objects.TrafficSplits {
		root := it.Namespace + "/" + firstLabel(it.Spec.Service)
		byRoot[root] = append(byRoot[root], it.Namespace+"/"+it.Name)
	}
	looked := false
	for _, it := range m.objects.TrafficSplits {
		if len(byRoot[it.Namespace+"/"+firstLabel(it.Spec.Service)]) < 2 {
			continue
		}
		m.control.First(informers.InformerKeyTrafficSplit, it.Namespace+"/"+it.Name)
		looked = true
		if err := look(); err != nil {
			return err
		}
	}
	if looked {
		return nil
	}
	return look()
}

func (m *Mesh) discover(pod *corev1.Pod) (*controlplane.Discovery, *envoy.Proxy, error) {
	discovery, err := m.control.Discover(pod)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := envoy.Accept(m.by, discovery)
	return discovery, proxy, err
}

func firstLabel(host string) string {
	label, _, _ := strings.Cut(host, ".")
	return label
}
