package main

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

	corev1 "k8s.io/api/core/v1"

	"github.com/openservicemesh/osm/pkg/constants"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/interception"
	"aks-mesh/sandbox/data-plane/pods/netns"
)

const (
	adminAddress = "127.0.0.1:15000"
	readyTimeout = 30 * time.Second
)

// pod is a running pod: a network namespace with an application and, in the mesh, an Envoy.
type pod struct {
	object    *corev1.Pod
	namespace *netns.Namespace
	node      *netns.Namespace
	link      string // the bridge's end of its link
	listeners []net.Listener
	// application is what listens in the pods of the case and outside of the cluster.
	application *application
	sidecar     *exec.Cmd
	exited      chan struct{} // closed when the sidecar has ended
}

var links atomic.Int64

// startPod makes a pod's network and starts what runs in it.
func startPod(node *netns.Namespace, object *corev1.Pod, objects *cluster.Objects, served *application, envoyPath string) (*pod, error) {
	own, err := netns.New()
	if err != nil {
		return nil, err
	}
	it := &pod{object: object, namespace: own, node: node, application: served}
	link := fmt.Sprintf("pod%d", links.Add(1))
	err = node.Do(func() error {
		// Most pods are in the node's own network; callers outside of the mesh are not.
		commands := fmt.Sprintf("link add %[1]s type veth peer name eth0 netns %[3]s\nlink set %[1]s master %[2]s up\nroute replace %[4]s/32 dev %[2]s\n",
			link, bridge, own.Path(), object.Status.PodIP)
		return netns.Run(commands, "ip", "-batch", "-")
	})
	if err != nil {
		return it, err
	}
	it.link = link
	err = own.Do(func() error {
		commands := fmt.Sprintf("link set lo up\naddr add %s/32 dev eth0\nlink set eth0 up\nroute add %[2]s dev eth0\nroute add default via %[2]s\n",
			object.Status.PodIP, nodeAddress)
		if err := netns.Run(commands, "ip", "-batch", "-"); err != nil {
			return err
		}
		if !meshed(object) {
			return nil
		}
		rules, err := interception.Of(object, objects.MeshConfig)
		if err != nil {
			return err
		}
		return netns.Run(rules.Rules, "iptables-restore", "-w")
	})
	if err != nil {
		return it, err
	}
	if err := it.startApplication(objects); err != nil {
		return it, err
	}
	if meshed(object) {
		return it, it.startSidecar(envoyPath)
	}
	return it, nil
}

func meshed(object *corev1.Pod) bool { return object.Labels[constants.EnvoyUniqueIDLabelName] != "" }

func endpointAddresses(objects *cluster.Objects, service *corev1.Service, portName string) []string {
	var list []string
	for _, endpoints := range objects.Endpoints {
		if endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
			continue
		}
		for _, subset := range endpoints.Subsets {
			for _, port := range subset.Ports {
				for _, address := range subset.Addresses {
					if port.Name == portName {
						list = append(list, fmt.Sprintf("%s:%d", address.IP, port.Port))
					}
				}
			}
		}
	}
	return list
}

// startSidecar starts Envoy as OSM's injector would have it started, with the discovery server in place of the controller.
func (p *pod) startSidecar(envoyPath string) error {
	bootstrap := fmt.Sprintf(`{
"node": {"id": %q, "cluster": "mesh"},
"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15000}}},
"dynamic_resources": {
  "ads_config": {"api_type": "GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true, "grpc_services": [{"envoy_grpc": {"cluster_name": "control"}}]},
  "cds_config": {"ads": {}, "resource_api_version": "V3"}, "lds_config": {"ads": {}, "resource_api_version": "V3"}},
"static_resources": {"clusters": [{"name": "control", "type": "STATIC", "connect_timeout": "2s",
  "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": {}}}},
  "load_assignment": {"cluster_name": "control", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": %q, "port_value": %d}}}}]}]}}]}}`,
		nodeID(p.object), nodeAddress, controlPort)
	p.sidecar = exec.Command(envoyPath, "--config-yaml", bootstrap, "--concurrency", "1", "--disable-hot-restart", "--log-level", "off")
	p.sidecar.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(constants.EnvoyUID), Gid: uint32(constants.EnvoyUID)},
		Setpgid:    true,
	}
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

// errNotReady is what a busy machine does to a sidecar: it is too slow, or its configuration came too late.
var errNotReady = errors.New("the sidecar is not ready")

// waitReady waits until the sidecar has taken, or refused, its first configuration.
func (p *pod) waitReady() error {
	if p.sidecar == nil {
		return nil
	}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, Dial: p.dial}}
	for deadline := time.Now().Add(readyTimeout); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		select {
		case <-p.exited:
			return fmt.Errorf("the sidecar of %s ended: %s", nodeID(p.object), p.sidecar.ProcessState)
		default:
		}
		switch isReady, err := ready(client); {
		case err != nil:
			return fmt.Errorf("%s: %w", nodeID(p.object), err)
		case isReady:
			return nil
		}
	}
	return fmt.Errorf("%s: %w after %s", nodeID(p.object), errNotReady, readyTimeout)
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
			return false, fmt.Errorf("%w: %s", errNotReady, it.Name)
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
func (p *pod) dial(network, address string) (net.Conn, error) {
	var connection net.Conn
	err := p.namespace.Do(func() error {
		var err error
		connection, err = net.DialTimeout(network, address, dialTimeout)
		return err
	})
	return connection, err
}

// stop ends what runs in the pod and gives its network back.
func (p *pod) stop() error {
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
