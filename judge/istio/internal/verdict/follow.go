package verdict

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/envoy"
)

// load is what connections carry from the caller on.
type load struct {
	// request is nil for bytes that are no HTTP.
	request *envoy.Request
	// own is TLS of the caller's own around it; nil for none, and once a gateway has ended it.
	own *envoy.TLS
	// http tells that a proxy has routed it as a request: failures further on are answered.
	http bool
}

// shown is what a proxy sees of a connection with this load: its outermost TLS, and the request where none is around it but what the proxy ends.
func (l load) shown(connection envoy.Connection, security *envoy.TLS) (envoy.Connection, *envoy.Request) {
	request := l.request
	outer := security
	switch {
	case security == nil:
		outer = l.own
	case l.own != nil:
		request = nil
	}
	if outer != nil {
		connection.TLS, connection.ServerName, connection.Protocols = true, outer.ServerName, outer.Protocols
	}
	return connection, request
}

// onward is what goes on by a share of the choice that a proxy has made about a connection that came by security.
func (l load) onward(choice envoy.Choice, share envoy.Share, security *envoy.TLS) load {
	if choice.HTTP {
		return load{request: share.Request, http: true}
	}
	if security == nil && !choice.Sealed {
		l.own = nil
	}
	return l
}

// connect opens a connection from the client to an address, through its sidecar if it has one.
func (c *call) connect(at leaf, destination netip.AddrPort, carried load) error {
	if !c.mesh.hasSidecar(c.client) {
		return c.direct(at, destination, nil, carried)
	}
	if cluster.IsGateway(c.client) {
		c.engine.Unsupported("a call that a gateway's pod makes by itself")
		return nil
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
	connection, request := carried.shown(envoy.Connection{
		DestinationIP: destination.Addr(), DestinationPort: uint32(destination.Port()), SourceIP: source,
	}, nil)
	choice := proxy.Outbound(c.engine, connection, request)
	if len(choice.Shares) == 0 {
		c.endHere(at, choice)
		return nil
	}
	for split, share := range choice.Shares {
		way := at
		way.split = split
		way.part *= share.Part
		if share.Aborted != 0 {
			c.end(way, Unavailable, share.Aborted)
			continue
		}
		if err := c.send(way, proxy.Cluster(share.Cluster), choice, destination, carried.onward(choice, share, nil)); err != nil {
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
	case choice.Said:
		c.end(at, NoRoute, choice.Status)
	case choice.Status == 403 && choice.Denied:
		c.end(at, Denied, 0)
	case choice.Status == 401 && choice.Denied:
		c.end(at, Denied, choice.Status)
	case choice.Status == 404:
		c.end(at, NoRoute, 0)
	case choice.Status == 502:
		c.end(at, Unavailable, choice.Status)
	default:
		c.engine.Unsupported("an answer of the proxy's own with status %d", choice.Status)
	}
}

// send goes on from the client's proxy to a cluster.
func (c *call) send(at leaf, to *envoy.Cluster, choice envoy.Choice, destination netip.AddrPort, carried load) error {
	if to == nil {
		switch {
		case !choice.HTTP:
			c.fail(at, carried.http)
		case choice.NotFound == 503:
			c.end(at, Unavailable, 0)
		default:
			c.end(at, Unavailable, choice.NotFound)
		}
		return nil
	}
	at.backend = c.backendOf(to)
	if to.OriginalDestination() {
		return c.direct(at, destination, to.Security(c.engine, envoy.Endpoint{}, choice.HTTP, c.mesh.alpnFilter), carried)
	}
	if len(to.Endpoints) == 0 {
		c.fail(at, carried.http)
		return nil
	}
	for index, endpoint := range to.Endpoints {
		way := at
		way.endpoint += index
		way.part /= float64(len(to.Endpoints))
		security := to.Security(c.engine, endpoint, choice.HTTP, c.mesh.alpnFilter)
		if err := c.reach(way, endpoint.Address, security, carried); err != nil {
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
func (c *call) direct(at leaf, destination netip.AddrPort, security *envoy.TLS, carried load) error {
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
			if err := c.reach(way, target, security, carried); err != nil {
				return err
			}
		}
		if len(targets) == 0 {
			c.fail(at, carried.http)
		}
		return nil
	}
	return c.reach(at, destination, security, carried)
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
func (c *call) reach(at leaf, destination netip.AddrPort, security *envoy.TLS, carried load) error {
	pod := c.mesh.podByIP[destination.Addr()]
	if pod == nil {
		if destination.Addr() == envoy.OutsideAddress && security == nil {
			c.end(at, Allowed, 0)
			return nil
		}
		if security != nil {
			c.engine.Unsupported("TLS to an address outside of the cluster")
		}
		c.fail(at, carried.http)
		return nil
	}
	if !c.mesh.hasSidecar(pod) {
		if security != nil {
			c.fail(at, carried.http) // it speaks no TLS
			return nil
		}
		c.application(at, pod, destination.Port(), carried.http)
		return nil
	}
	source, err := netip.ParseAddr(c.client.Status.PodIP)
	if err != nil {
		return err
	}
	connection, request := carried.shown(envoy.Connection{
		DestinationIP: destination.Addr(), DestinationPort: uint32(destination.Port()), SourceIP: source,
	}, security)
	if security != nil {
		if security.Certificate {
			connection.Peer = Identity(c.client)
		}
		if !security.Accepts(c.engine, Identity(pod)) {
			c.fail(at, carried.http)
			return nil
		}
	}
	proxy, err := c.mesh.proxy(pod)
	if err != nil {
		return err
	}
	if cluster.IsGateway(pod) {
		return c.throughGateway(at, pod, proxy.Gateway(c.engine, connection, request), security, carried)
	}
	choice := proxy.Inbound(c.engine, connection, request)
	switch {
	case len(choice.Shares) > 0:
		sealed := choice.Sealed && security != nil
		return c.deliver(at, proxy, pod, choice, sealed, destination.Port(), carried.http)
	case choice.Status == 0:
		c.fail(at, carried.http)
	default:
		c.endHere(at, choice)
	}
	return nil
}

// Identity is the name in a pod's certificate.
func Identity(pod *corev1.Pod) string {
	return fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s", pod.Namespace, pod.Spec.ServiceAccountName)
}

// deliver goes on from the server's sidecar to the application beside it. sealed tells that it goes on inside of the TLS of a proxy.
func (c *call) deliver(at leaf, proxy *envoy.Proxy, pod *corev1.Pod, choice envoy.Choice, sealed bool, port uint16, http bool) error {
	if len(choice.Shares) != 1 {
		return errors.New("a server's sidecar that sends to several places")
	}
	to := proxy.Cluster(choice.Shares[0].Cluster)
	switch {
	case to == nil || !to.LocalApplication():
		c.engine.Unsupported("a server's sidecar that sends to %s", choice.Shares[0].Cluster)
	case sealed:
		// The application ends the caller's own TLS, and has not the certificate that proxies want.
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
