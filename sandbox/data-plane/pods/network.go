package main

import (
	"fmt"
	"io"
	"net"
	"time"

	"aks-mesh/sandbox/data-plane/pods/netns"
)

const (
	bridge      = "mesh0"
	dialTimeout = 5 * time.Second
	// nodeAddress is the node's, by which pods reach all others; of the link alone, so that no cluster's ranges have it.
	nodeAddress = "169.254.1.1"
)

// network connects the pods: a namespace that stands for their node, with a bridge to which each pod has a link. All that pods send is routed by
// the node, so that what kube-proxy does to it happens where it does in a cluster. The host's network is not part of it.
type network struct {
	namespace *netns.Namespace
	links     int
	forwarded map[string]string
	// services are the rules of the last serve.
	services string
}

func newNetwork() (*network, error) {
	namespace, err := netns.New()
	if err != nil {
		return nil, err
	}
	err = namespace.Do(func() error {
		commands := fmt.Sprintf("link set lo up\nlink add %[1]s type bridge\naddr add %[2]s/32 dev %[1]s\nlink set %[1]s up\nroute add default dev %[1]s\n", bridge, nodeAddress)
		if err := netns.Run(commands, "ip", "-batch", "-"); err != nil {
			return err
		}
		if err := netns.Route(bridge); err != nil {
			return err
		}
		return prepareServices()
	})
	return &network{namespace: namespace, forwarded: map[string]string{}}, err
}

// join links a pod to the others, under its address. It returns the link's name.
func (n *network) join(pod *netns.Namespace, address string) (string, error) {
	n.links++
	link := fmt.Sprintf("pod%d", n.links)
	err := n.namespace.Do(func() error {
		commands := fmt.Sprintf("link add %[1]s type veth peer name eth0 netns %[3]s\nlink set %[1]s master %[2]s up\nneigh flush to %[4]s\n", link, bridge, pod.Path(), address)
		return netns.Run(commands, "ip", "-batch", "-")
	})
	if err != nil {
		return "", err
	}
	return link, pod.Do(func() error {
		commands := fmt.Sprintf("link set lo up\naddr add %s/32 dev eth0\nlink set eth0 up\nroute add %[2]s dev eth0\nroute add default via %[2]s\n", address, nodeAddress)
		return netns.Run(commands, "ip", "-batch", "-")
	})
}

// leave takes a pod's link away. The kernel would do so some time after the last process; until then the link would answer for
// the pod's address, which the next pod may have.
func (n *network) leave(link string) error {
	return n.namespace.Do(func() error { return netns.Run(fmt.Sprintf("link del %s\n", link), "ip", "-batch", "-") })
}

// forward makes an address, host:port, of the pods' network lead to a port of the host's loopback.
func (n *network) forward(address, target string) error {
	if n.forwarded[address] == target {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	var listener net.Listener
	err = n.namespace.Do(func() error {
		if err := netns.Run(fmt.Sprintf("addr replace %s/32 dev %s\n", host, bridge), "ip", "-batch", "-"); err != nil {
			return err
		}
		listener, err = net.Listen("tcp4", address)
		return err
	})
	if err != nil {
		return err
	}
	n.forwarded[address] = target
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // ends with this process
			}
			go pipe(connection, target)
		}
	}()
	return nil
}

func pipe(client net.Conn, target string) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", target, dialTimeout)
	if err != nil {
		return // the client sees a closed connection and tries again
	}
	defer server.Close()
	done := make(chan error, 2)
	go func() {
		_, err := io.Copy(server, client)
		done <- err
	}()
	go func() {
		_, err := io.Copy(client, server)
		done <- err
	}()
	<-done
}

// dialIn connects from inside a namespace.
func dialIn(namespace *netns.Namespace) func(kind, address string) (net.Conn, error) {
	return func(kind, address string) (net.Conn, error) {
		var connection net.Conn
		err := namespace.Do(func() error {
			var err error
			connection, err = net.DialTimeout(kind, address, dialTimeout)
			return err
		})
		return connection, err
	}
}
