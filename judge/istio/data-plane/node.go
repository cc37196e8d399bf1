package main

import (
	"fmt"
	"net"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	networking "istio.io/api/networking/v1alpha3"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/envoy"
	"aks-mesh/judge/istio/internal/verdict"
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
				Address: service.Spec.ClusterIP, Port: port.Port, Targets: targets(objects, service, port.Name),
			})
		}
	}
	var addresses []string
	for _, it := range objects.Pods {
		addresses = append(addresses, it.Status.PodIP)
	}
	return node.Serve(ports, addresses)
}

// targets are the addresses and ports behind a Service's port.
func targets(objects *cluster.Objects, service *corev1.Service, portName string) []string {
	var list []string
	for _, slice := range objects.EndpointsOf(service) {
		for _, port := range slice.Ports {
			if port.Name == nil || port.Port == nil || *port.Name != portName {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				list = append(list, fmt.Sprintf("%s:%d", endpoint.Addresses[0], *port.Port))
			}
		}
	}
	return list
}

// entries are the ServiceEntries of the objects.
func entries(objects *cluster.Objects) []*networking.ServiceEntry {
	var list []*networking.ServiceEntry
	for _, it := range objects.Configs {
		if entry, is := it.Spec.(*networking.ServiceEntry); is {
			list = append(list, entry)
		}
	}
	return list
}

// outsideNames makes names outside of the cluster resolve, in lines of a hosts file.
func outsideNames(objects *cluster.Objects, requests []verdict.Request) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) && net.ParseIP(name) == nil && !strings.Contains(name, "*") {
			names = append(names, name)
		}
	}
	for _, entry := range entries(objects) {
		for _, host := range entry.Hosts {
			add(host)
		}
		for _, endpoint := range entry.Endpoints {
			add(endpoint.Address)
		}
	}
	for _, it := range requests {
		if host, _, found := strings.Cut(it.To, ":"); found && serviceNamed(objects, host) == nil {
			add(host)
		}
	}
	var lines []string
	for _, name := range names {
		lines = append(lines, envoy.OutsideAddress.String()+" "+name)
	}
	return lines
}

// outsideAddresses are those that something answers at: the one outside of the cluster, on every port that a request or a ServiceEntry
// names.
func outsideAddresses(objects *cluster.Objects, requests []verdict.Request) map[string]bool {
	addresses := map[string]bool{}
	add := func(port any) { addresses[fmt.Sprintf("%s:%v", envoy.OutsideAddress, port)] = true }
	for _, it := range requests {
		if _, port, found := strings.Cut(it.To, ":"); found {
			add(port)
		}
	}
	for _, entry := range entries(objects) {
		for _, port := range entry.Ports {
			add(port.Number)
			if port.TargetPort != 0 {
				add(port.TargetPort)
			}
		}
	}
	return addresses
}

// serviceNamed is the Service of a name, nil for none.
func serviceNamed(objects *cluster.Objects, host string) *corev1.Service {
	labels := strings.Split(strings.ToLower(host), ".")
	if len(labels) < 2 || (len(labels) > 2 && labels[2] != "svc") {
		return nil
	}
	for _, service := range objects.Services {
		if service.Name == labels[0] && service.Namespace == labels[1] {
			return service
		}
	}
	return nil
}

// resolve does what a pod's DNS would: the Service's address, or one of its pods', empty if it has none; or one outside of the cluster.
func resolve(objects *cluster.Objects, to string) (string, error) {
	host, port, found := strings.Cut(to, ":")
	if !found {
		return "", fmt.Errorf("to %q is not of the form host:port", to)
	}
	if net.ParseIP(host) != nil {
		return to, nil
	}
	service := serviceNamed(objects, host)
	switch {
	case service == nil && strings.Contains(host, ".svc"):
		return "", fmt.Errorf("to %q: there is no such Service", to)
	case service == nil:
		return net.JoinHostPort(envoy.OutsideAddress.String(), port), nil
	case service.Spec.ClusterIP != corev1.ClusterIPNone:
		return net.JoinHostPort(service.Spec.ClusterIP, port), nil
	}
	for _, slice := range objects.EndpointsOf(service) {
		for _, endpoint := range slice.Endpoints {
			return net.JoinHostPort(endpoint.Addresses[0], port), nil
		}
	}
	return "", nil
}
