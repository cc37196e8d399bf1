package verdict

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/cluster"
)

// OutsideAddress is what names outside the cluster resolve to; an address for documentation.
const OutsideAddress = "198.51.100.7"

// Found is what a host and a port stand for: a Service, or an address outside of the cluster.
type Found struct {
	Service *corev1.Service // nil outside of the cluster
	Port    uint16
	Outside netip.AddrPort
}

// mostAliases is how many names of ExternalName Services are followed.
const mostAliases = 8

// LookUp does what the cluster's DNS does with host:port.
func LookUp(objects *cluster.Objects, to string) (Found, error) {
	host, portText, found := strings.Cut(to, ":")
	number, err := strconv.ParseUint(portText, 10, 16)
	if !found || err != nil {
		return Found{}, fmt.Errorf("to %q is not of the form host:port", to)
	}
	port := uint16(number)
	for range mostAliases {
		service := serviceNamed(objects, host)
		switch {
		case service == nil:
			address, err := outsideAddress(host)
			if err != nil {
				return Found{}, fmt.Errorf("to %q: %w", to, err)
			}
			return Found{Port: port, Outside: netip.AddrPortFrom(address, port)}, nil
		case service.Spec.Type != corev1.ServiceTypeExternalName:
			return Found{Service: service, Port: port}, nil
		}
		host = service.Spec.ExternalName
	}
	return Found{}, fmt.Errorf("to %q: its aliases have no end", to)
}

func serviceNamed(objects *cluster.Objects, host string) *corev1.Service {
	labels := strings.Split(host, ".")
	if len(labels) < 2 {
		return nil
	}
	for _, service := range objects.Services {
		if service.Name == labels[0] && service.Namespace == labels[1] {
			return service
		}
	}
	return nil
}

// outsideAddress is what a host that is no Service resolves to: itself, or where the world's names lead.
func outsideAddress(host string) (netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return address, nil
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "svc" || label == "" || len(labels) < 2 {
			return netip.Addr{}, fmt.Errorf("there is no Service %s", host)
		}
	}
	return netip.MustParseAddr(OutsideAddress), nil
}
