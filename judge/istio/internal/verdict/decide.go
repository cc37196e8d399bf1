package verdict

import (
	"errors"
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

// Mesh is one cluster with Istio in it. It makes the sidecars that requests ask for, once each.
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
	joined := []bool{false}
	for name, values := range request.Headers {
		if len(values) > 1 && !IsClaim(name) {
			joined = []bool{false, true}
		}
	}
	var all []leaf
	for version, old := range joined {
		leaves, err := m.leaves(request, &envoy.Engine{Patterns: m.patterns, Joined: old})
		if err != nil {
			return Verdict{Error: err.Error()}
		}
		for _, it := range leaves {
			it.version = version
			all = append(all, it)
		}
	}
	return summarize(all, request.Protocol == "tcp")
}

// call is a request on its way.
type call struct {
	mesh   *Mesh
	engine *envoy.Engine
	client *corev1.Pod
	// service is the Kubernetes Service that is called, nil for none.
	service *corev1.Service
	// outside is what is called outside of the cluster, as it was asked.
	outside string
	leaves  []leaf
}

// endpointsPerDestination keeps the numbers of the endpoints behind two destinations apart.
const endpointsPerDestination = 1 << 16

func (m *Mesh) leaves(request Request, engine *envoy.Engine) ([]leaf, error) {
	callers, err := m.callers(request.From)
	if err != nil {
		return nil, err
	}
	it := &call{mesh: m, engine: engine}
	destinations, err := it.lookUp(request.To)
	if err != nil {
		return nil, err
	}
	part := 1 / float64(len(callers)*max(1, len(destinations)))
	for caller, pod := range callers {
		it.client = pod
		for index, destination := range destinations {
			at := leaf{endpoint: (caller*len(destinations) + index) * endpointsPerDestination, part: part}
			if err := it.connect(at, destination, request.http()); err != nil {
				return nil, err
			}
		}
	}
	if engine.Problem() != nil {
		return nil, engine.Problem()
	}
	if len(it.leaves) == 0 {
		it.leaves = []leaf{{outcome: Refused, part: 1}}
	}
	return it.leaves, nil
}

func (c *call) end(at leaf, outcome Outcome, status int) {
	at.outcome, at.status = outcome, status
	c.leaves = append(c.leaves, at)
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

// connect opens a connection from the client to an address, through its sidecar if it has one.
func (c *call) connect(at leaf, destination netip.AddrPort, request *envoy.Request) error {
	if !c.mesh.hasSidecar(c.client) {
		return c.direct(at, destination, nil, request, false)
	}
	if destination.Addr().String() == c.client.Status.PodIP {
		// Istio's netfilter rules leave a pod's calls to its own address alone: they reach the application itself.
		at.backend = c.called()
		c.application(at, c.client, destination.Port(), false)
		return nil
	}
	proxy, err := c.mesh.proxy(c.client)
	if err != nil {
		return err
	}
	source, err := netip.ParseAddr(c.client.Status.PodIP)
	if err != nil {
		return err
	}
	choice := proxy.Outbound(c.engine, envoy.Connection{
		DestinationIP: destination.Addr(), DestinationPort: uint32(destination.Port()), SourceIP: source,
	}, request)
	if len(choice.Shares) == 0 {
		c.endHere(at, choice)
		return nil
	}
	for split, share := range choice.Shares {
		way := at
		way.split = split
		way.part *= share.Part
		if err := c.send(way, proxy.Cluster(share.Cluster), choice, destination); err != nil {
			return err
		}
	}
	return nil
}

// endHere ends a call whose proxy sends it nowhere.
func (c *call) endHere(at leaf, choice envoy.Choice) {
	switch {
	case choice.Status == 0:
		c.end(at, Refused, 0)
	case choice.Status == 403 && choice.Denied:
		c.end(at, Denied, 0)
	case choice.Status == 401 && choice.Denied:
		c.end(at, Denied, choice.Status)
	case choice.Status == 404:
		c.end(at, NoRoute, 0)
	case choice.Status == 502:
		c.end(at, Unavailable, choice.Status)
	default:
		c.engine.Unsupported("an answer of the sidecar's own with status %d", choice.Status)
	}
}

// send goes on from the client's sidecar to a cluster.
func (c *call) send(at leaf, to *envoy.Cluster, choice envoy.Choice, destination netip.AddrPort) error {
	if to == nil {
		switch {
		case !choice.HTTP:
			c.end(at, Refused, 0)
		case choice.NotFound == 503:
			c.end(at, Unavailable, 0)
		default:
			c.end(at, Unavailable, choice.NotFound)
		}
		return nil
	}
	at.backend = c.backendOf(to)
	if to.OriginalDestination() {
		return c.direct(at, destination, to.Security(c.engine, envoy.Endpoint{}, choice.HTTP, c.mesh.alpnFilter), choice.Request, choice.HTTP)
	}
	if len(to.Endpoints) == 0 {
		c.fail(at, choice.HTTP)
		return nil
	}
	for index, endpoint := range to.Endpoints {
		way := at
		way.endpoint += index
		way.part /= float64(len(to.Endpoints))
		security := to.Security(c.engine, endpoint, choice.HTTP, c.mesh.alpnFilter)
		if err := c.reach(way, endpoint.Address, security, choice.Request, choice.HTTP); err != nil {
			return err
		}
	}
	return nil
}

// backendOf is the Kubernetes Service or the host outside that a cluster is for, else what was called.
func (c *call) backendOf(to *envoy.Cluster) string {
	host, port := to.Service()
	if host == "" {
		return c.called()
	}
	if service := c.mesh.serviceNamed(host); service != nil {
		return service.Namespace + "/" + service.Name
	}
	return host + ":" + port
}

// called is the Service that is called, or the host and port outside of the cluster.
func (c *call) called() string {
	if c.service == nil {
		return c.outside
	}
	return c.service.Namespace + "/" + c.service.Name
}

// direct opens a connection that no proxy chooses an address for: the node does, where it goes to a Service's.
func (c *call) direct(at leaf, destination netip.AddrPort, security *envoy.TLS, request *envoy.Request, http bool) error {
	if at.backend == "" {
		at.backend = c.called()
	}
	for _, service := range c.mesh.objects.Services {
		if service.Spec.ClusterIP != destination.Addr().String() {
			continue
		}
		targets := c.mesh.targets(service, destination.Port())
		for index, target := range targets {
			way := at
			way.endpoint += index
			way.part /= float64(len(targets))
			if err := c.reach(way, target, security, request, http); err != nil {
				return err
			}
		}
		if len(targets) == 0 {
			c.fail(at, http)
		}
		return nil
	}
	return c.reach(at, destination, security, request, http)
}

// targets are the addresses that the node sends connections to a Service's port to.
func (m *Mesh) targets(service *corev1.Service, port uint16) []netip.AddrPort {
	var list []netip.AddrPort
	for _, it := range service.Spec.Ports {
		if uint16(it.Port) != port {
			continue
		}
		for _, slice := range m.objects.EndpointSlices {
			if slice.Namespace != service.Namespace || slice.Labels["kubernetes.io/service-name"] != service.Name {
				continue
			}
			for _, target := range slice.Ports {
				if target.Name == nil || target.Port == nil || *target.Name != it.Name {
					continue
				}
				for _, endpoint := range slice.Endpoints {
					if address, err := netip.ParseAddr(endpoint.Addresses[0]); err == nil {
						list = append(list, netip.AddrPortFrom(address, uint16(*target.Port)))
					}
				}
			}
		}
	}
	return list
}

// reach arrives at an address of a pod, or outside of the cluster.
func (c *call) reach(at leaf, destination netip.AddrPort, security *envoy.TLS, request *envoy.Request, http bool) error {
	pod := c.mesh.podByIP[destination.Addr()]
	if pod == nil {
		if destination.Addr() == envoy.OutsideAddress && security == nil {
			c.end(at, Allowed, 0)
			return nil
		}
		if security != nil {
			c.engine.Unsupported("TLS to an address outside of the cluster")
		}
		c.fail(at, http)
		return nil
	}
	if !c.mesh.hasSidecar(pod) {
		if security != nil {
			c.fail(at, http) // it speaks no TLS
			return nil
		}
		c.application(at, pod, destination.Port(), http)
		return nil
	}
	source, err := netip.ParseAddr(c.client.Status.PodIP)
	if err != nil {
		return err
	}
	connection := envoy.Connection{DestinationIP: destination.Addr(), DestinationPort: uint32(destination.Port()), SourceIP: source}
	if security != nil {
		connection.TLS, connection.ServerName, connection.Protocols = true, security.ServerName, security.Protocols
		if security.Certificate {
			connection.Peer = Identity(c.client)
		}
		if !security.Accepts(c.engine, Identity(pod)) {
			c.fail(at, http)
			return nil
		}
	}
	proxy, err := c.mesh.proxy(pod)
	if err != nil {
		return err
	}
	choice := proxy.Inbound(c.engine, connection, request)
	switch {
	case len(choice.Shares) > 0:
		return c.deliver(at, proxy, pod, choice, destination.Port(), http)
	case choice.Status == 0:
		c.fail(at, http)
	default:
		c.endHere(at, choice)
	}
	return nil
}

// Identity is the name in a pod's certificate.
func Identity(pod *corev1.Pod) string {
	return fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s", pod.Namespace, pod.Spec.ServiceAccountName)
}

// deliver goes on from the server's sidecar to the application beside it.
func (c *call) deliver(at leaf, proxy *envoy.Proxy, pod *corev1.Pod, choice envoy.Choice, port uint16, http bool) error {
	if len(choice.Shares) != 1 {
		return errors.New("a server's sidecar that sends to several places")
	}
	to := proxy.Cluster(choice.Shares[0].Cluster)
	switch {
	case to == nil || !to.LocalApplication():
		c.engine.Unsupported("a server's sidecar that sends to %s", choice.Shares[0].Cluster)
	case choice.Sealed:
		// The application speaks no TLS, or not with the certificate that the caller's sidecar wants.
		c.fail(at, http)
	default:
		for _, endpoint := range to.Endpoints {
			port = endpoint.Address.Port()
		}
		c.application(at, pod, port, http || choice.HTTP)
	}
	return nil
}

// application answers on the ports that containers or Services name.
func (c *call) application(at leaf, pod *corev1.Pod, port uint16, http bool) {
	if c.mesh.listens(pod, port) {
		c.end(at, Allowed, 0)
		return
	}
	c.fail(at, http)
}

func (m *Mesh) listens(pod *corev1.Pod, port uint16) bool {
	for _, container := range pod.Spec.Containers {
		for _, it := range container.Ports {
			if uint16(it.ContainerPort) == port {
				return true
			}
		}
	}
	for _, slice := range m.objects.EndpointSlices {
		for _, endpoint := range slice.Endpoints {
			if !slices.Contains(endpoint.Addresses, pod.Status.PodIP) {
				continue
			}
			for _, it := range slice.Ports {
				if it.Port != nil && uint16(*it.Port) == port {
					return true
				}
			}
		}
	}
	return false
}
