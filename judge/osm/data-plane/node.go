package main

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/verdict"
	"aks-mesh/judge/pods"
)

// serve makes the node do what kube-proxy does.
func serve(node *pods.Node, objects *cluster.Objects) error {
	var ports []pods.ServicePort
	for _, service := range objects.Services {
		if service.Spec.ClusterIP == "" || service.Spec.ClusterIP == corev1.ClusterIPNone {
			continue
		}
		for _, port := range service.Spec.Ports {
			ports = append(ports, pods.ServicePort{
				Address: service.Spec.ClusterIP, Port: port.Port, Targets: endpointAddresses(objects, service, port.Name),
			})
		}
	}
	var addresses []string
	for _, it := range objects.Pods {
		addresses = append(addresses, it.Status.PodIP)
	}
	return node.Serve(ports, addresses)
}

// writeHosts makes the hosts of Egress policies and the names behind ExternalName Services resolve: to a Service, or to somewhere
// outside that answers.
func writeHosts(objects *cluster.Objects) error {
	var hosts []string
	for _, egress := range objects.Egresses {
		hosts = append(hosts, egress.Spec.Hosts...)
	}
	var lines []string
	for _, host := range hosts {
		address := verdict.OutsideAddress
		if resolved, err := resolve(objects, host+":0"); err == nil {
			address = strings.TrimSuffix(resolved, ":0")
		}
		if address != "" {
			lines = append(lines, address+" "+host)
		}
	}
	return pods.WriteHosts(lines)
}

// outsideAddresses are those that requests or Endpoints name and no pod and no Service has, on every port that a request may go to.
func outsideAddresses(objects *cluster.Objects, requests []request) map[string]bool {
	own := map[string]bool{}
	for _, pod := range objects.Pods {
		own[pod.Status.PodIP] = true
	}
	for _, service := range objects.Services {
		own[service.Spec.ClusterIP] = true
	}
	addresses := map[string]bool{}
	add := func(host string, port int) {
		if !own[host] {
			addresses[net.JoinHostPort(host, strconv.Itoa(port))] = true
		}
	}
	for _, egress := range objects.Egresses {
		for _, port := range egress.Spec.Ports {
			add(verdict.OutsideAddress, port.Number)
		}
	}
	for _, it := range requests {
		address, err := resolve(objects, it.To)
		if err != nil || address == "" {
			continue
		}
		if to, err := netip.ParseAddrPort(address); err == nil {
			add(to.Addr().String(), int(to.Port()))
		}
	}
	for _, endpoints := range objects.Endpoints {
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				for _, port := range subset.Ports {
					add(address.IP, int(port.Port))
				}
				// A headless Service's port is not translated.
				for _, it := range requests {
					if found, err := verdict.LookUp(objects, it.To); err == nil {
						add(address.IP, int(found.Port))
					}
				}
			}
		}
	}
	return addresses
}
