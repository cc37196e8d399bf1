package verdict

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/controlplane"
	"aks-mesh/judge/istio/internal/envoy"
)

// Mesh is one cluster with Istio in it. It makes the proxies that requests ask for, once each.
type Mesh struct {
	objects    *cluster.Objects
	control    *controlplane.ControlPlane
	patterns   envoy.Patterns
	alpnFilter bool
	podByIP    map[netip.Addr]*corev1.Pod
	proxies    map[*corev1.Pod]*envoy.Proxy
}

// New is a mesh that is valid as long as its control plane.
func New(control *controlplane.ControlPlane, objects *cluster.Objects, patterns envoy.Patterns, alpnFilter bool) (*Mesh, error) {
	mesh := &Mesh{
		objects: objects, control: control, patterns: patterns, alpnFilter: alpnFilter,
		podByIP: map[netip.Addr]*corev1.Pod{}, proxies: map[*corev1.Pod]*envoy.Proxy{},
	}
	for _, pod := range objects.Pods {
		ip, err := netip.ParseAddr(pod.Status.PodIP)
		if err != nil {
			return nil, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		mesh.podByIP[ip] = pod
	}
	return mesh, nil
}

// AddMissingClients gives a pod to every caller that has none, so that there is a sidecar to look at. It has no labels.
func AddMissingClients(objects *cluster.Objects, requests []Request) {
	present := map[string]bool{}
	for _, pod := range objects.Pods {
		present[pod.Namespace+"/"+pod.Spec.ServiceAccountName] = true
	}
	for _, request := range requests {
		namespace, account, found := strings.Cut(request.From, "/")
		if !found || present[request.From] {
			continue
		}
		present[request.From] = true
		objects.AddPod(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "client-of-" + account},
			Spec:       corev1.PodSpec{ServiceAccountName: account},
		})
	}
}

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
		return nil, fmt.Errorf("from %q: nobody runs so", from)
	}
	return pods, nil
}

func (m *Mesh) hasSidecar(pod *corev1.Pod) bool {
	return pod.Namespace != outsideNamespace && m.objects.HasSidecar(pod)
}

func (m *Mesh) proxy(pod *corev1.Pod) (*envoy.Proxy, error) {
	if made, found := m.proxies[pod]; found {
		return made, nil
	}
	for name := range pod.Annotations {
		if strings.HasPrefix(name, "traffic.sidecar.istio.io/") || strings.HasPrefix(name, "proxy.istio.io/") {
			return nil, fmt.Errorf("not followed: annotation %s of pod %s/%s", name, pod.Namespace, pod.Name)
		}
	}
	made, err := envoy.New(m.control.Discover(pod))
	if err != nil {
		return nil, err
	}
	m.proxies[pod] = made
	return made, nil
}

// Decide tells what becomes of a request with sidecars of any age.
func (m *Mesh) Decide(request Request) Verdict {
	if err := request.unusual(); err != nil {
		return Verdict{Error: err.Error()}
	}
	var all []leaf
	for version, old := range []bool{false, true} {
		engine := &envoy.Engine{Patterns: m.patterns, Joined: old}
		leaves, err := m.leaves(request, engine)
		if err != nil {
			return Verdict{Error: err.Error()}
		}
		for _, it := range leaves {
			it.version = version
			all = append(all, it)
		}
		if !engine.Several {
			break
		}
	}
	return summarize(all, request.Protocol == "tcp")
}

// call is a request on its way.
type call struct {
	mesh   *Mesh
	engine *envoy.Engine
	// client opens the next connection: the caller, or a gateway that the call has come to.
	client *corev1.Pod
	// passed are the gateways that the call has come through.
	passed []*corev1.Pod
	// service is the Kubernetes Service that is called, nil for none.
	service *corev1.Service
	// outside is what is called outside of the cluster, as it was asked.
	outside string
	leaves  *[]leaf
}

// endpointsPerDestination keeps the numbers of the endpoints behind two destinations, or two gateways, apart.
const endpointsPerDestination = 1 << 16

func (m *Mesh) leaves(request Request, engine *envoy.Engine) ([]leaf, error) {
	callers, err := m.callers(request.From)
	if err != nil {
		return nil, err
	}
	it := &call{mesh: m, engine: engine, leaves: &[]leaf{}}
	destinations, err := it.lookUp(request.To)
	if err != nil {
		return nil, err
	}
	part := 1 / float64(len(callers)*max(1, len(destinations)))
	for caller, pod := range callers {
		it.client = pod
		for index, destination := range destinations {
			at := leaf{endpoint: (caller*len(destinations) + index) * endpointsPerDestination, part: part}
			if err := it.connect(at, destination, request.load()); err != nil {
				return nil, err
			}
		}
	}
	if engine.Problem() != nil {
		return nil, engine.Problem()
	}
	if len(*it.leaves) == 0 {
		return []leaf{{outcome: Refused, part: 1}}, nil
	}
	return *it.leaves, nil
}

func (c *call) end(at leaf, outcome Outcome, status int) {
	if status == statuses[outcome] {
		status = 0
	}
	at.outcome, at.status = outcome, status
	*c.leaves = append(*c.leaves, at)
}

// fail ends a call that a proxy could not pass on.
func (c *call) fail(at leaf, http bool) {
	if http {
		c.end(at, Unavailable, 0)
	} else {
		c.end(at, Refused, 0)
	}
}

// lookUp does what the cluster's DNS does with host:port.
func (c *call) lookUp(to string) ([]netip.AddrPort, error) {
	host, portText, found := strings.Cut(to, ":")
	number, err := strconv.ParseUint(portText, 10, 16)
	if !found || err != nil {
		return nil, fmt.Errorf("to %q is not of the form host:port", to)
	}
	port := uint16(number)
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(address, port)}, nil
	}
	c.service = c.mesh.serviceNamed(host)
	switch {
	case c.service == nil:
		labels := strings.Split(host, ".")
		if len(labels) < 2 || slices.Contains(labels, "svc") {
			return nil, fmt.Errorf("to %q: there is no such Service", to)
		}
		c.outside = to
		return []netip.AddrPort{netip.AddrPortFrom(envoy.OutsideAddress, port)}, nil
	case c.service.Spec.Type == corev1.ServiceTypeExternalName:
		return nil, fmt.Errorf("not followed: a Service of type ExternalName")
	case c.service.Spec.ClusterIP != corev1.ClusterIPNone:
		address, err := netip.ParseAddr(c.service.Spec.ClusterIP)
		return []netip.AddrPort{netip.AddrPortFrom(address, port)}, err
	}
	var list []netip.AddrPort
	for _, address := range c.mesh.addressesOf(c.service) {
		if ip, err := netip.ParseAddr(address); err == nil && !slices.Contains(list, netip.AddrPortFrom(ip, port)) {
			list = append(list, netip.AddrPortFrom(ip, port))
		}
	}
	return list, nil
}

func (m *Mesh) serviceNamed(host string) *corev1.Service {
	labels := strings.Split(host, ".")
	if len(labels) < 2 || (len(labels) > 2 && labels[2] != "svc") {
		return nil
	}
	for _, service := range m.objects.Services {
		if service.Name == labels[0] && service.Namespace == labels[1] {
			return service
		}
	}
	return nil
}

func (m *Mesh) addressesOf(service *corev1.Service) []string {
	var list []string
	for _, slice := range m.objects.EndpointSlices {
		if slice.Namespace == service.Namespace && slice.Labels["kubernetes.io/service-name"] == service.Name {
			for _, endpoint := range slice.Endpoints {
				list = append(list, endpoint.Addresses...)
			}
		}
	}
	return list
}
