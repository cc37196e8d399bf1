package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/verdict"
	"aks-mesh/sandbox/data-plane/pods/netns"
)

const (
	bridge = "mesh0"
	// nodeAddress is the node's on the bridge between the pods, and their gateway; the discovery server listens there.
	nodeAddress = "10.255.255.254"
	controlPort = 18000
	// sharedFolder is seen by this process and its children only.
	sharedFolder = "/mnt"
)

// prepareNode makes the namespace that stands for the pods' node. All that pods send goes through it, so that what
// kube-proxy does to it happens where it does on a node.
func prepareNode() error {
	commands := fmt.Sprintf("link set lo up\nlink add %[1]s type bridge\naddr add %[2]s/8 dev %[1]s\naddr add %[3]s/32 dev %[1]s\nlink set %[1]s up\n",
		bridge, nodeAddress, verdict.OutsideAddress)
	if err := netns.Run(commands, "ip", "-batch", "-"); err != nil {
		return err
	}
	for name, value := range map[string]string{"ip_forward": "1", "conf/all/send_redirects": "0", "conf/" + bridge + "/send_redirects": "0"} {
		if err := os.WriteFile(filepath.Join("/proc/sys/net/ipv4", name), []byte(value), 0o644); err != nil {
			return err
		}
	}
	// Where Docker was, bridges hand what they carry to netfilter, and then keep what is to go back where it came from.
	err := os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("0"), 0o644)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// serviceRules do what kube-proxy does: a connection to a Service's address goes to one of its pods, and to a Service that has
// none it is refused.
func serviceRules(objects *cluster.Objects) string {
	lines := []string{"*nat"}
	for _, service := range objects.Services {
		if service.Spec.ClusterIP == "" || service.Spec.ClusterIP == corev1.ClusterIPNone {
			continue
		}
		for _, port := range service.Spec.Ports {
			addresses := endpointAddresses(objects, service, port.Name)
			for index, address := range addresses {
				lines = append(lines, fmt.Sprintf("-A PREROUTING -p tcp -d %s/32 --dport %d -m statistic --mode nth --every %d --packet 0 -j DNAT --to-destination %s",
					service.Spec.ClusterIP, port.Port, len(addresses)-index, address))
			}
		}
	}
	for _, pod := range objects.Pods {
		// Back to the pod that it came from: the answer has to come by the node as well.
		lines = append(lines, fmt.Sprintf("-A POSTROUTING -s %[1]s/32 -d %[1]s/32 -j MASQUERADE", pod.Status.PodIP))
	}
	lines = append(lines, "COMMIT", "*filter", "-A FORWARD -p tcp -d 10.0.0.0/16 -j REJECT --reject-with tcp-reset", "COMMIT", "")
	return strings.Join(lines, "\n")
}

// writeHosts makes the hosts of Egress policies and the names behind ExternalName Services resolve: to a Service, or to somewhere
// outside that answers.
func writeHosts(objects *cluster.Objects) error {
	var hosts []string
	for _, egress := range objects.Egresses {
		hosts = append(hosts, egress.Spec.Hosts...)
	}
	lines := []string{""}
	for _, host := range hosts {
		address := verdict.OutsideAddress
		if resolved, err := resolve(objects, host+":0"); err == nil {
			address = strings.TrimSuffix(resolved, ":0")
		}
		if address != "" {
			lines = append(lines, address+" "+host)
		}
	}
	return os.WriteFile(filepath.Join(sharedFolder, "hosts"), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
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

// startWorld listens at every address outside of the cluster that calls may go to.
func startWorld(node *netns.Namespace, objects *cluster.Objects, requests []request, served *application) ([]net.Listener, error) {
	var listeners []net.Listener
	err := node.Do(func() error {
		for address := range outsideAddresses(objects, requests) {
			host, _, _ := strings.Cut(address, ":")
			if err := netns.Run(fmt.Sprintf("addr replace %s/32 dev %s\n", host, bridge), "ip", "-batch", "-"); err != nil {
				return err
			}
			listener, err := net.Listen("tcp4", address)
			if err != nil {
				return err
			}
			listeners = append(listeners, listener)
			go served.serve(listener)
		}
		return nil
	})
	return listeners, err
}
