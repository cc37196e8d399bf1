package pods

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"aks-mesh/sandbox/data-plane/pods/netns"
)

const (
	adminAddress = "127.0.0.1:15000"
	readyTimeout = 30 * time.Second
	// WorkerDelay is how long after all are ready the workers surely have what the sidecars have taken.
	WorkerDelay = 500 * time.Millisecond
)

// Spec is a pod to start.
type Spec struct {
	Name    string
	Address string
	// Ports are those that the application listens on.
	Ports map[int32]bool
	// Sidecar is nil for a pod outside of the mesh.
	Sidecar *Sidecar
}

// Sidecar is an Envoy and what brings connections to it.
type Sidecar struct {
	// Interception is the pod's netfilter rules, as iptables-restore reads them; empty for none, of an Envoy that listens itself, on any port.
	Interception string
	// Bootstrap is Envoy's own configuration, as JSON. Its admin interface is at 127.0.0.1:15000.
	Bootstrap string
	// User is whom Envoy runs as.
	User uint32
}

// Pod is a running pod: a network namespace with an application and, in the mesh, an Envoy.
type Pod struct {
	spec      Spec
	namespace *netns.Namespace
	node      *Node
	link      string // the bridge's end of its link
	listeners []net.Listener
	sidecar   *exec.Cmd
	exited    chan struct{} // closed when the sidecar has ended
}

var links atomic.Int64

// Start makes a pod's network and starts what runs in it. The pod is to be stopped also where there is an error.
func Start(node *Node, spec Spec, served *Application, envoyPath string) (*Pod, error) {
	own, err := netns.New()
	if err != nil {
		return nil, err
	}
	it := &Pod{spec: spec, namespace: own, node: node}
	link := fmt.Sprintf("pod%d", links.Add(1))
	err = node.Do(func() error {
		// Most pods are in the node's own network; callers outside of the mesh are not.
		commands := fmt.Sprintf("link add %[1]s type veth peer name eth0 netns %[3]s\nlink set %[1]s master %[2]s up\nroute replace %[4]s/32 dev %[2]s\n",
			link, bridge, own.Path(), spec.Address)
		return netns.Run(commands, "ip", "-batch", "-")
	})
	if err != nil {
		return it, err
	}
	it.link = link
	err = own.Do(func() error {
		commands := fmt.Sprintf("link set lo up\naddr add %s/32 dev eth0\nlink set eth0 up\nroute add %[2]s dev eth0\nroute add default via %[2]s\n",
			spec.Address, NodeAddress)
		if err := netns.Run(commands, "ip", "-batch", "-"); err != nil {
			return err
		}
		switch {
		case spec.Sidecar == nil:
			return nil
		case spec.Sidecar.Interception == "":
			return os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0o644)
		}
		return netns.Run(spec.Sidecar.Interception, "iptables-restore", "-w")
	})
	if err != nil {
		return it, err
	}
	if err := it.startApplication(served); err != nil {
		return it, err
	}
	if spec.Sidecar != nil {
		return it, it.startSidecar(envoyPath)
	}
	return it, nil
}

func (p *Pod) startApplication(served *Application) error {
	return p.namespace.Do(func() error {
		for port := range p.spec.Ports {
			listener, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
			if err != nil {
				return err
			}
			p.listeners = append(p.listeners, listener)
			go served.serve(listener, p.spec.Name)
		}
		return nil
	})
}

func (p *Pod) startSidecar(envoyPath string) error {
	p.sidecar = exec.Command(envoyPath, "--config-yaml", p.spec.Sidecar.Bootstrap, "--concurrency", "1", "--disable-hot-restart", "--log-level", "off")
	user := p.spec.Sidecar.User
	p.sidecar.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}, Setpgid: true}
	if err := p.namespace.Do(p.sidecar.Start); err != nil {
		return err
	}
	p.exited = make(chan struct{})
	go func() {
		defer close(p.exited)
		// How it ended is in its ProcessState.
		_ = p.sidecar.Wait()
	}()
	return nil
}

// ErrNotReady is what a busy machine does to a sidecar: it is too slow, or its configuration came too late.
var ErrNotReady = errors.New("the sidecar is not ready")

// WaitReady waits until the sidecar has taken, or refused, its first configuration.
func (p *Pod) WaitReady() error {
	if p.sidecar == nil {
		return nil
	}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, Dial: p.dial}}
	for deadline := time.Now().Add(readyTimeout); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		select {
		case <-p.exited:
			return fmt.Errorf("the sidecar of %s ended: %s", p.spec.Name, p.sidecar.ProcessState)
		default:
		}
		switch isReady, err := ready(client); {
		case err != nil:
			return fmt.Errorf("%s: %w", p.spec.Name, err)
		case isReady:
			return nil
		}
	}
	return fmt.Errorf("%s: %w after %s", p.spec.Name, ErrNotReady, readyTimeout)
}

// ready tells whether Envoy has initialised, nothing of its configuration waits for certificates or routes any more, and its
// worker serves every listener: on a busy machine that comes a good while after the first.
func ready(client http.Client) (bool, error) {
	state, err := client.Get("http://" + adminAddress + "/ready")
	if err != nil {
		return false, nil // it does not listen yet
	}
	state.Body.Close()
	if state.StatusCode != http.StatusOK {
		return false, nil
	}
	statistics, err := client.Get("http://" + adminAddress + "/stats?format=json&filter=warming|init_fetch_timeout|^listener_manager")
	if err != nil {
		return false, nil
	}
	defer statistics.Body.Close()
	var body struct {
		Stats []struct {
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"stats"`
	}
	if json.NewDecoder(statistics.Body).Decode(&body) != nil {
		return false, nil
	}
	values := map[string]float64{}
	for _, it := range body.Stats {
		value, _ := it.Value.(float64)
		if value > 0 && strings.Contains(it.Name, "init_fetch_timeout") {
			// What did not come in time is given up, and the rest starts without it.
			return false, fmt.Errorf("%w: %s", ErrNotReady, it.Name)
		}
		if value > 0 && strings.Contains(it.Name, "warming") {
			return false, nil
		}
		values[it.Name] = value
	}
	return values["listener_manager.workers_started"] == 1 &&
		values["listener_manager.listener_create_success"] >= values["listener_manager.total_listeners_active"], nil
}

// dial connects from inside the pod.
func (p *Pod) dial(network, address string) (net.Conn, error) {
	var connection net.Conn
	err := p.namespace.Do(func() error {
		var err error
		connection, err = net.DialTimeout(network, address, dialTimeout)
		return err
	})
	return connection, err
}

// Stop ends what runs in the pod and gives its network back.
func (p *Pod) Stop() error {
	var problems []error
	for _, listener := range p.listeners {
		problems = append(problems, listener.Close())
	}
	if p.exited != nil {
		if err := p.sidecar.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			problems = append(problems, err)
		}
		<-p.exited
	}
	if p.link != "" {
		// The kernel takes a namespace away some time after its last process. Until then its link would answer for the pod's
		// address, which the next pod may have.
		problems = append(problems, p.node.Do(func() error {
			return netns.Run(fmt.Sprintf("link del %s\n", p.link), "ip", "-batch", "-")
		}))
	}
	return errors.Join(append(problems, p.namespace.Close())...)
}
