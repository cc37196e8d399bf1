package pods

import (
	"fmt"
	"net"
	"strings"

	"aks-mesh/sandbox/data-plane/pods/netns"
)

const (
	bridge = "mesh0"
	// NodeAddress is the node's on the bridge between the pods, and their gateway; the discovery server listens there.
	NodeAddress = "10.255.255.254"
	// ControlPort is that of the discovery server.
	ControlPort = 18000
)

// Node is the network namespace that stands for the pods' node. All that pods send goes through it, so that what kube-proxy does to it
// happens where it does on a node.
type Node struct {
	namespace *netns.Namespace
}

// NewNode makes a node. outside is an address outside of the cluster that it answers for.
func NewNode(outside string) (*Node, error) {
	namespace, err := netns.New()
	if err != nil {
		return nil, err
	}
	node := &Node{namespace}
	return node, namespace.Do(func() error { return prepareNode(outside) })
}

// Do runs a function in the node's network.
func (n *Node) Do(inside func() error) error { return n.namespace.Do(inside) }

func prepareNode(outside string) error {
	commands := fmt.Sprintf("link set lo up\nlink add %[1]s type bridge\naddr add %[2]s/8 dev %[1]s\naddr add %[3]s/32 dev %[1]s\nlink set %[1]s up\n",
		bridge, NodeAddress, outside)
	if err := netns.Run(commands, "ip", "-batch", "-"); err != nil {
		return err
	}
	return netns.Route(bridge)
}

// ServicePort is a port of a Service with an address of its own, and the address:port of each of its pods.
type ServicePort struct {
	Address string
	Port    int32
	Targets []string
}

// Serve does what kube-proxy does: a connection to a Service's address goes to one of its pods, and to a Service that has none it is
// refused. pods are the addresses of all pods.
func (n *Node) Serve(services []ServicePort, pods []string) error {
	lines := []string{"*nat"}
	for _, it := range services {
		for index, target := range it.Targets {
			lines = append(lines, fmt.Sprintf("-A PREROUTING -p tcp -d %s/32 --dport %d -m statistic --mode nth --every %d --packet 0 -j DNAT --to-destination %s",
				it.Address, it.Port, len(it.Targets)-index, target))
		}
	}
	for _, address := range pods {
		// Back to the pod that it came from: the answer has to come by the node as well.
		lines = append(lines, fmt.Sprintf("-A POSTROUTING -s %[1]s/32 -d %[1]s/32 -j MASQUERADE", address))
	}
	lines = append(lines, "COMMIT", "*filter", "-A FORWARD -p tcp -d 10.0.0.0/16 -j REJECT --reject-with tcp-reset", "COMMIT", "")
	return n.Do(func() error { return netns.Run(strings.Join(lines, "\n"), "iptables-restore", "-w") })
}

// Listen has an application at addresses outside of the cluster, written address:port.
func (n *Node) Listen(addresses map[string]bool, application *Application) ([]net.Listener, error) {
	var listeners []net.Listener
	err := n.Do(func() error {
		for address := range addresses {
			host, _, _ := strings.Cut(address, ":")
			if err := netns.Run(fmt.Sprintf("addr replace %s/32 dev %s\n", host, bridge), "ip", "-batch", "-"); err != nil {
				return err
			}
			listener, err := net.Listen("tcp4", address)
			if err != nil {
				return err
			}
			listeners = append(listeners, listener)
			go application.serve(listener, host)
		}
		return nil
	})
	return listeners, err
}
