package verdict

import (
	"fmt"
	"net/netip"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/controlplane"
	"aks-mesh/judge/osm/internal/envoy"
)

// call is a request with what it needs on its way.
type call struct {
	mesh     *Mesh
	client   *corev1.Pod
	clientIP netip.Addr
	service  *corev1.Service
	port     corev1.ServicePort
	http     *envoy.Request // nil for TCP
	tls      *OwnTLS        // nil for none
	outside  string         // host and port outside the cluster; then there is no service
	leaves   []leaf
	rejected map[string]bool
}

// leaves follow one request through the caller's sidecar, the Service and the server's sidecar, along every way it can take.
func (m *Mesh) leaves(request Request, http *envoy.Request) ([]leaf, []string, error) {
	who, _ := request.Caller()
	callers, err := m.callers(who)
	if err != nil {
		return nil, nil, err
	}
	it := &call{mesh: m, http: http, tls: request.OwnTLS(), rejected: map[string]bool{}}
	destinations, err := it.lookUp(request.To)
	if err != nil {
		return nil, nil, err
	}
	for caller, pod := range callers {
		it.client = pod
		if it.clientIP, err = netip.ParseAddr(pod.Status.PodIP); err != nil {
			return nil, nil, err
		}
		for index, destination := range destinations {
			if err := it.connect(caller*len(destinations)+index, destination); err != nil {
				return nil, nil, err
			}
		}
	}
	if len(it.leaves) == 0 {
		it.leaves = []leaf{{outcome: Refused}}
	}
	var rejected []string
	for reason := range it.rejected {
		rejected = append(rejected, reason)
	}
	sort.Strings(rejected)
	return it.leaves, rejected, nil
}

func httpRequest(request Request) *envoy.Request {
	if request.Protocol == "tcp" {
		return nil
	}
	headers := map[string][]string{}
	for name, values := range request.Headers {
		for _, value := range values {
			// Envoy takes the blanks off.
			headers[strings.ToLower(name)] = append(headers[strings.ToLower(name)], strings.Trim(value, " \t"))
		}
	}
	method, path := request.Method, request.Path
	if method == "" {
		method = "GET"
	}
	if path == "" {
		path = "/"
	}
	return &envoy.Request{Method: method, Path: path, Host: request.HostHeader(), Headers: headers}
}

// lookUp finds what a host name and port stand for, and the addresses that it resolves to.
func (c *call) lookUp(to string) ([]netip.AddrPort, error) {
	found, err := LookUp(c.mesh.objects, to)
	if err != nil {
		return nil, err
	}
	if found.Service == nil {
		c.outside = to
		return []netip.AddrPort{found.Outside}, nil
	}
	c.service, c.port = found.Service, portOf(found.Service, found.Port)
	return c.mesh.destinations(found.Service, found.Port)
}

// portOf finds a port of a Service; one without a number if there is none.
func portOf(service *corev1.Service, number uint16) corev1.ServicePort {
	for _, candidate := range service.Spec.Ports {
		if uint16(candidate.Port) == number {
			return candidate
		}
	}
	return corev1.ServicePort{}
}

// destinations are the addresses that the Service's name resolves to: its cluster address, or its pods'.
func (m *Mesh) destinations(service *corev1.Service, port uint16) ([]netip.AddrPort, error) {
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		ip, err := netip.ParseAddr(service.Spec.ClusterIP)
		if err != nil {
			return nil, fmt.Errorf("service %s/%s: %w", service.Namespace, service.Name, err)
		}
		return []netip.AddrPort{netip.AddrPortFrom(ip, port)}, nil
	}
	var list []netip.AddrPort
	for _, endpoints := range m.objects.Endpoints {
		if endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
			continue
		}
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				ip, err := netip.ParseAddr(address.IP)
				if err != nil {
					return nil, err
				}
				list = append(list, netip.AddrPortFrom(ip, port))
			}
		}
	}
	return list, nil
}

// endpointsPerDestination keeps the numbers of the endpoints behind two destinations apart.
const endpointsPerDestination = 1 << 16

// connect opens a connection from the client to an address, through its sidecar if it has one.
func (c *call) connect(index int, destination netip.AddrPort) error {
	if destination.Addr() == c.clientIP {
		// OSM's netfilter rules leave a pod's calls to its own address alone: they reach the application itself.
		at := leaf{endpoint: index * endpointsPerDestination, part: 1, backend: c.service.Namespace + "/" + c.service.Name}
		outcome := Refused
		if c.mesh.listens(destination) {
			outcome = Allowed
		}
		return c.aroundSidecar(at, func(at leaf) error {
			c.end(at, outcome)
			return nil
		})
	}
	direct := func(at leaf) error { return c.direct(at, c.service, c.port, destination, Refused) }
	if !hasSidecar(c.client) {
		return direct(leaf{endpoint: index * endpointsPerDestination, part: 1})
	}
	rules, err := c.mesh.interception(c.client)
	if err != nil {
		return err
	}
	if !rules.Outbound(destination) {
		return c.aroundSidecar(leaf{endpoint: index * endpointsPerDestination, part: 1}, direct)
	}
	proxies, err := c.mesh.clientProxies(c.client)
	if err != nil {
		return err
	}
	for order, proxy := range proxies {
		c.noteRejected(proxy)
		for routeOrder, ordered := range proxy.Orders() {
			at := leaf{order: order, routeOrder: routeOrder, endpoint: index * endpointsPerDestination}
			if err := c.connectBy(ordered, at, destination); err != nil {
				return err
			}
		}
	}
	return nil
}

// aroundSidecar goes on with a connection that the client's sidecar does not see. What that is told makes no difference: the same
// ways stand beside the others of each order.
func (c *call) aroundSidecar(at leaf, onward func(leaf) error) error {
	orders := 1
	if hasSidecar(c.client) {
		proxies, err := c.mesh.clientProxies(c.client)
		if err != nil {
			return err
		}
		orders = len(proxies)
	}
	for at.order = 0; at.order < orders; at.order++ {
		if err := onward(at); err != nil {
			return err
		}
	}
	return nil
}

// connectBy opens the connection through the client's sidecar as it is configured.
func (c *call) connectBy(proxy *envoy.Proxy, at leaf, destination netip.AddrPort) error {
	choice := proxy.Decide(proxy.Outbound, c.own(envoy.Connection{
		DestinationIP: destination.Addr(), DestinationPort: uint32(destination.Port()), SourceIP: c.clientIP,
	}), c.http)
	if outcome, ended := endOf(choice); ended {
		c.end(at, outcome)
		return nil
	}
	for split, share := range choice.Clusters {
		at.split, at.part = split, share.Part
		if err := c.send(at, proxy.Clusters[share.Cluster], choice.HTTP, destination); err != nil {
			return err
		}
	}
	return nil
}

// send goes on from the client's sidecar to a cluster; a cluster it does not know has no servers.
func (c *call) send(at leaf, cluster *envoy.Cluster, http bool, destination netip.AddrPort) error {
	failed := Refused
	if http {
		failed = Unavailable
	}
	switch {
	case cluster == nil:
		c.end(at, failed)
		return nil
	case cluster.Passthrough:
		return c.direct(at, c.service, c.port, destination, Refused)
	case cluster.Host != "":
		return c.resolve(at, cluster, failed)
	case len(cluster.Endpoints) == 0:
		c.end(at, failed)
		return nil
	}
	at.backend, _, _ = strings.Cut(cluster.Name, "|")
	for _, address := range cluster.Endpoints {
		server := c.mesh.podByIP[address.Addr()]
		at.endpoint++
		guarded, err := c.mesh.guards(server, address)
		if server != nil && server == c.client {
			guarded, err = c.mesh.guardsItself(server, address)
		}
		if err != nil {
			return err
		}
		// An application that the sidecar's TLS reaches itself cannot read it.
		if !guarded || !accepts(cluster.ServerNames, controlplane.Identity(server)) {
			c.end(at, failed)
			continue
		}
		connection := envoy.Connection{
			DestinationIP: address.Addr(), DestinationPort: uint32(address.Port()), SourceIP: c.clientIP,
			TLS: true, ServerName: cluster.ServerName, Protocols: cluster.Protocols, Peer: controlplane.Identity(c.client),
		}
		inside := c.http
		if c.tls != nil {
			inside = nil // the caller's own TLS is in the sidecar's
		}
		if err := c.serve(at, server, connection, inside, failed); err != nil {
			return err
		}
	}
	return nil
}

// own is a connection with the caller's own TLS, if it speaks any.
func (c *call) own(connection envoy.Connection) envoy.Connection {
	if c.tls != nil {
		connection.TLS, connection.ServerName, connection.Peer = true, c.tls.ServerName, c.tls.Principal
	}
	return connection
}

func (c *call) end(at leaf, outcome Outcome) {
	at.outcome = outcome
	c.leaves = append(c.leaves, at)
}

// resolve goes on to what a host name of an Egress policy stands for: a Service, or somewhere outside that answers.
func (c *call) resolve(at leaf, cluster *envoy.Cluster, failed Outcome) error {
	found, err := LookUp(c.mesh.objects, cluster.Name)
	if err != nil || found.Service == nil {
		at.backend = cluster.Name
		c.end(at, Allowed)
		return nil
	}
	service, port := found.Service, found.Port
	destinations, err := c.mesh.destinations(service, port)
	if err != nil {
		return err
	}
	if len(destinations) == 0 {
		c.end(at, failed)
	}
	for _, destination := range destinations {
		if err := c.direct(at, service, portOf(service, port), destination, failed); err != nil {
			return err
		}
	}
	return nil
}

// direct goes to an address in plain text: kube-proxy picks a pod behind a cluster address. Failed is what the client sees
// where nobody takes the connection.
func (c *call) direct(at leaf, service *corev1.Service, port corev1.ServicePort, destination netip.AddrPort, failed Outcome) error {
	if service == nil {
		at.backend = c.outside
		c.end(at, Allowed)
		return nil
	}
	addresses, err := c.mesh.behind(service, port, destination)
	if err != nil {
		return err
	}
	if len(addresses) == 0 {
		c.end(at, failed)
	}
	at.backend = service.Namespace + "/" + service.Name
	for _, address := range addresses {
		at.endpoint++
		server := c.mesh.podByIP[address.Addr()]
		guarded, err := c.mesh.guards(server, address)
		if err != nil {
			return err
		}
		// A headless Service's port is not translated: it may be one on which nobody listens.
		if server != nil && !guarded && !c.mesh.listens(address) {
			c.end(at, failed)
			continue
		}
		if !guarded {
			c.end(at, Allowed)
			continue
		}
		connection := c.own(envoy.Connection{
			DestinationIP: address.Addr(), DestinationPort: uint32(address.Port()), SourceIP: c.clientIP,
		})
		if err := c.serve(at, server, connection, c.http, failed); err != nil {
			return err
		}
	}
	return nil
}

// serve lets a server's sidecar decide, in every order it may have; failed is what the client sees of a closed connection.
func (c *call) serve(at leaf, server *corev1.Pod, connection envoy.Connection, http *envoy.Request, failed Outcome) error {
	splitOrders, err := c.mesh.serverProxies(server)
	if err != nil {
		return err
	}
	for splitOrder, proxies := range splitOrders {
		for order, proxy := range proxies {
			c.noteRejected(proxy)
			at.serverSplit, at.serverOrder = splitOrder, order
			at.outcome = served(proxy, connection, http, failed)
			c.leaves = append(c.leaves, at)
		}
	}
	return nil
}

func served(proxy *envoy.Proxy, connection envoy.Connection, http *envoy.Request, failed Outcome) Outcome {
	choice := proxy.Decide(proxy.Inbound, connection, http)
	if outcome, ended := endOf(choice); ended {
		if outcome == Refused {
			return failed
		}
		return outcome
	}
	for _, share := range choice.Clusters {
		if cluster := proxy.Clusters[share.Cluster]; cluster == nil || !cluster.Local() {
			return failed
		}
	}
	return Allowed
}

func (c *call) noteRejected(proxy *envoy.Proxy) {
	for _, reason := range proxy.Rejected {
		c.rejected[reason] = true
	}
}

// endOf is the outcome of a choice that sends a request nowhere.
func endOf(choice envoy.Choice) (Outcome, bool) {
	switch {
	case choice.Refused:
		return Refused, true
	case choice.NoRoute:
		return NoRoute, true
	case choice.Denied:
		return Denied, true
	case len(choice.Clusters) == 0:
		return Refused, true
	}
	return "", false
}

// guards tells whether connections from other pods to an address meet its pod's sidecar. Server is nil where it is no pod's.
func (m *Mesh) guards(server *corev1.Pod, address netip.AddrPort) (bool, error) {
	if server == nil || !hasSidecar(server) {
		return false, nil
	}
	rules, err := m.interception(server)
	if err != nil {
		return false, err
	}
	return rules.Inbound(address), nil
}

// guardsItself tells whether what a pod's sidecar sends to the pod's own address meets that sidecar again.
func (m *Mesh) guardsItself(pod *corev1.Pod, address netip.AddrPort) (bool, error) {
	rules, err := m.interception(pod)
	if err != nil {
		return false, err
	}
	return rules.Own(address), nil
}

func accepts(names []string, identity string) bool {
	for _, name := range names {
		if name == identity {
			return true
		}
	}
	return len(names) == 0
}

// listens tells whether an application listens at a pod's address: on the target ports of the Services, that is.
func (m *Mesh) listens(address netip.AddrPort) bool {
	for _, endpoints := range m.objects.Endpoints {
		for _, subset := range endpoints.Subsets {
			for _, candidate := range subset.Addresses {
				for _, port := range subset.Ports {
					if candidate.IP == address.Addr().String() && port.Port == int32(address.Port()) {
						return true
					}
				}
			}
		}
	}
	return false
}

// behind are the endpoints that a plain connection to a Service's address may reach; a pod's own address reaches the pod.
func (m *Mesh) behind(service *corev1.Service, port corev1.ServicePort, destination netip.AddrPort) ([]netip.AddrPort, error) {
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		return []netip.AddrPort{destination}, nil
	}
	if port.Port == 0 {
		return nil, nil
	}
	var list []netip.AddrPort
	for _, endpoints := range m.objects.Endpoints {
		if endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
			continue
		}
		for _, subset := range endpoints.Subsets {
			for _, candidate := range subset.Ports {
				if candidate.Name != port.Name {
					continue
				}
				for _, address := range subset.Addresses {
					ip, err := netip.ParseAddr(address.IP)
					if err != nil {
						return nil, err
					}
					list = append(list, netip.AddrPortFrom(ip, uint16(candidate.Port)))
				}
			}
		}
	}
	return list, nil
}
