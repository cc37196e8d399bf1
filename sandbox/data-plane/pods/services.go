package main

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"aks-mesh/sandbox/data-plane/pods/netns"
)

// Chains of kube-proxy's names, on the node.
const (
	serviceChain  = "KUBE-SERVICES"
	hairpinChain  = "KUBE-POSTROUTING"
	declareChains = "*nat\n:" + serviceChain + " - [0:0]\n:" + hairpinChain + " - [0:0]\n%sCOMMIT\n*filter\n:" + serviceChain + " - [0:0]\n%sCOMMIT\n"
)

// prepareServices has the node ask the chains, which are empty yet.
func prepareServices() error {
	jumps := fmt.Sprintf("-A PREROUTING -j %s\n-A POSTROUTING -j %s\n", serviceChain, hairpinChain)
	return restore(fmt.Sprintf(declareChains, jumps, fmt.Sprintf("-A FORWARD -j %s\n", serviceChain)))
}

// serve does what kube-proxy does: a connection to a Service's address, host:port, goes to one of its pods, and to a Service that has none it is
// refused. What sidecars catch never comes to it.
func (n *network) serve(services map[string][]string) error {
	rules, err := serviceRules(services)
	if err != nil || rules == n.services {
		return err
	}
	n.services = rules
	return n.namespace.Do(func() error { return restore(rules) })
}

func serviceRules(services map[string][]string) (string, error) {
	var nat, filter strings.Builder
	hosts := map[string]bool{}
	for _, address := range slices.Sorted(maps.Keys(services)) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return "", err
		}
		rule := fmt.Sprintf("-A %s -d %s/32 -p tcp --dport %s", serviceChain, host, port)
		targets := services[address]
		for index, target := range targets {
			fmt.Fprintf(&nat, "%s -m statistic --mode random --probability %f -j DNAT --to-destination %s\n", rule, 1/float64(len(targets)-index), target)
			pod, _, err := net.SplitHostPort(target)
			if err != nil {
				return "", err
			}
			hosts[pod] = true
		}
		if len(targets) == 0 {
			fmt.Fprintf(&filter, "%s -j REJECT --reject-with tcp-reset\n", rule)
		}
	}
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		// Back to the pod that it came from: the answer has to come by the node as well.
		fmt.Fprintf(&nat, "-A %[1]s -s %[2]s/32 -d %[2]s/32 -j MASQUERADE\n", hairpinChain, host)
	}
	return fmt.Sprintf(declareChains, nat.String(), filter.String()), nil
}

// restore loads rules, and empties the chains that they declare before.
func restore(rules string) error { return netns.Run(rules, "iptables-restore", "--noflush", "-w") }
