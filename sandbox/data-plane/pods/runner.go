package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"aks-mesh/sandbox/data-plane/pods/netns"
	"aks-mesh/sandbox/data-plane/pods/programs"
)

const (
	adminAddress = "127.0.0.1:15000"
	adminTimeout = 2 * time.Second
	// outsideAddress is where calls from outside the mesh come from; an address for documentation.
	outsideAddress = "198.51.100.1"
)

// world is what is to run.
type world struct {
	// Hosts are the names that pods can resolve, with their addresses.
	Hosts map[string]string `json:"hosts"`
	// Forward are addresses, host:port, that lead out of the pods' network to a port of the host's loopback.
	Forward map[string]string `json:"forward"`
	// Services are addresses of Services, host:port, and the addresses of the pods behind each.
	Services map[string][]string `json:"services"`
	// Outside are addresses outside of the cluster with the ports on which a server there answers every HTTP request with 200.
	Outside map[string][]int `json:"outside"`
	Pods    []podSpec        `json:"pods"`
}

// callWish is a call, and the key of the pod that makes it; without one it comes from outside the mesh.
type callWish struct {
	programs.Call
	From string `json:"from"`
}

// podSpec is a pod as it is to run.
type podSpec struct {
	// Key is the pod's identity: another key is another pod.
	Key string `json:"key"`
	// Name is namespace/name, for the access log.
	Name    string `json:"name"`
	Address string `json:"address"`
	// Rules are for iptables-restore; empty where Setup makes them, and for a pod without sidecar.
	Rules string `json:"rules"`
	// Setup are arguments of pilot-agent, run in the pod's network before its containers start.
	Setup []string `json:"setup"`
	// Sysctls are settings of the pod's network by name, such as net.ipv4.ip_unprivileged_port_start.
	Sysctls    map[string]string `json:"sysctls"`
	Containers []Container       `json:"containers"`
}

// pod is a running pod.
type pod struct {
	spec      podSpec
	namespace *netns.Namespace
	network   *network
	link      string
	processes []*process
	admin     *http.Client

	lock  sync.Mutex
	calls json.RawMessage // what its program last said about its calls
}

type runner struct {
	network *network
	pods    map[string]*pod
	outside *netns.Namespace
	proxy   net.Listener
	// loaded is the last load; nil before the first.
	loaded *load
	// answering are addresses, host:port, outside of the cluster that have a server.
	answering map[string]bool
	// access is where sidecars' access logs go; nil where nobody wants them.
	access *accessLog
}

func newRunner() (*runner, error) {
	network, err := newNetwork()
	return &runner{network: network, pods: map[string]*pod{}, answering: map[string]bool{}}, err
}

// setAnswer tells what runs, and why something does not. A pod with a problem is started again by the next wish.
type setAnswer struct {
	Running  []string          `json:"running"`
	Problems map[string]string `json:"problems"`
}

// set makes the pods be those of the world.
func (r *runner) set(wanted world) (setAnswer, error) {
	answer := setAnswer{Running: []string{}, Problems: map[string]string{}}
	if err := writeHosts(wanted.Hosts); err != nil {
		return answer, err
	}
	for address, target := range wanted.Forward {
		if err := r.network.forward(address, target); err != nil {
			return answer, err
		}
	}
	for host, ports := range wanted.Outside {
		for _, port := range ports {
			if err := r.answer(host, port); err != nil {
				return answer, err
			}
		}
	}
	if err := r.network.serve(wanted.Services); err != nil {
		return answer, err
	}
	specs := map[string]podSpec{}
	for _, spec := range wanted.Pods {
		specs[spec.Key] = spec
	}
	for key, it := range r.pods {
		ended := it.ended()
		if ended != "" {
			answer.Problems[key] = ended
		}
		if spec, stays := specs[key]; stays && ended == "" && reflect.DeepEqual(spec, it.spec) {
			continue
		}
		if err := it.stop(); err != nil {
			return answer, err
		}
		delete(r.pods, key)
	}
	for key, spec := range specs {
		if r.pods[key] == nil {
			it, err := r.start(spec)
			if err != nil {
				answer.Problems[key] = errors.Join(err, it.stop()).Error()
				continue
			}
			r.pods[key] = it
		}
		answer.Running = append(answer.Running, key)
	}
	return answer, nil
}

func (r *runner) start(spec podSpec) (*pod, error) {
	it := &pod{spec: spec, network: r.network}
	var err error
	if it.namespace, err = netns.New(); err != nil {
		return it, err
	}
	it.admin = &http.Client{Timeout: adminTimeout, Transport: &http.Transport{Dial: dialIn(it.namespace)}}
	if it.link, err = r.network.join(it.namespace, spec.Address); err != nil {
		return it, err
	}
	if spec.Rules != "" {
		err := it.namespace.Do(func() error { return netns.Run(spec.Rules, "iptables-restore", "--noflush", "-w") })
		if err != nil {
			return it, err
		}
	}
	if len(spec.Setup) > 0 {
		err := it.namespace.Do(func() error { return netns.Run("", filepath.Join(shared, agentName), spec.Setup...) })
		if err != nil {
			return it, err
		}
	}
	for name, value := range spec.Sysctls {
		path := filepath.Join("/proc/sys", strings.ReplaceAll(name, ".", "/"))
		if err := it.namespace.Do(func() error { return os.WriteFile(path, []byte(value), 0o644) }); err != nil {
			return it, err
		}
	}
	for _, container := range spec.Containers {
		process, err := startContainer(it.namespace, container, it.note, r.access.of(spec.Name))
		if process != nil {
			it.processes = append(it.processes, process)
		}
		if err != nil {
			return it, err
		}
	}
	return it, nil
}

// note keeps the last line of the pod's program.
func (p *pod) note(line []byte) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.calls = line
}

// ended tells which container has ended and how; empty while all run.
func (p *pod) ended() string {
	for _, process := range p.processes {
		if !process.running() {
			return fmt.Sprintf("%s ended: %s", process.container.Name, process.command.ProcessState)
		}
	}
	return ""
}

func (p *pod) stop() error {
	var problems []error
	for _, process := range p.processes {
		problems = append(problems, process.stop())
	}
	if p.admin != nil {
		p.admin.CloseIdleConnections()
	}
	if p.link != "" {
		problems = append(problems, p.network.leave(p.link))
	}
	if p.namespace != nil {
		problems = append(problems, p.namespace.Close())
	}
	return errors.Join(problems...)
}

// podStatistics is what was counted in a pod since it runs.
type podStatistics struct {
	// Calls are the program's own counts.
	Calls json.RawMessage `json:"calls,omitempty"`
	// Envoy are the sidecar's statistics by name; absent while it cannot be asked.
	Envoy map[string]uint64 `json:"envoy,omitempty"`
}

// statistics asks all sidecars for those of their statistics that match the pattern.
func (r *runner) statistics(pattern string) map[string]podStatistics {
	var lock sync.Mutex
	var group sync.WaitGroup
	all := map[string]podStatistics{}
	for key, it := range r.pods {
		group.Add(1)
		go func() {
			defer group.Done()
			it.lock.Lock()
			calls := it.calls
			it.lock.Unlock()
			envoy := it.envoyStatistics(pattern)
			lock.Lock()
			defer lock.Unlock()
			all[key] = podStatistics{Calls: calls, Envoy: envoy}
		}()
	}
	group.Wait()
	return all
}

func (p *pod) envoyStatistics(pattern string) map[string]uint64 {
	response, err := p.admin.Get("http://" + adminAddress + "/stats?format=json&filter=" + url.QueryEscape(pattern))
	if err != nil {
		return nil // it is starting, or there is none
	}
	defer response.Body.Close()
	var body struct {
		Stats []struct {
			Name  string          `json:"name"`
			Value json.RawMessage `json:"value"`
		} `json:"stats"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return nil
	}
	_, _ = io.Copy(io.Discard, response.Body)
	counts := map[string]uint64{}
	for _, stat := range body.Stats {
		var value uint64
		// Histograms and texts are no counts.
		if json.Unmarshal(stat.Value, &value) == nil && stat.Name != "" {
			counts[stat.Name] = value
		}
	}
	return counts
}

// call sends a request from outside the mesh, or from a pod, as its own program would.
func (r *runner) call(call callWish) (map[string]string, error) {
	if call.From != "" {
		it := r.pods[call.From]
		if it == nil {
			return nil, fmt.Errorf("the pod %s does not run", call.From)
		}
		return map[string]string{"end": programs.Send(dialIn(it.namespace), call.Call)}, nil
	}
	outside, err := r.outsideMesh()
	if err != nil {
		return nil, err
	}
	return map[string]string{"end": programs.Send(dialIn(outside), call.Call)}, nil
}

// answer puts a server at an address outside of the cluster. It stays as long as this process.
func (r *runner) answer(host string, port int) error {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	if r.answering[address] {
		return nil
	}
	outside, err := r.outsideMesh()
	if err != nil {
		return err
	}
	var listener net.Listener
	err = outside.Do(func() error {
		if err := netns.Run(fmt.Sprintf("addr replace %s/32 dev eth0\n", host), "ip", "-batch", "-"); err != nil {
			return err
		}
		listener, err = net.Listen("tcp4", address)
		return err
	})
	if err != nil {
		return err
	}
	r.answering[address] = true
	server := &http.Server{
		Handler:           http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(writer, "outside") }),
		ReadHeaderTimeout: dialTimeout,
	}
	go func() {
		fmt.Fprintf(os.Stderr, "pods: the server at %s ended: %s\n", address, server.Serve(listener))
	}()
	return nil
}

// outsideMesh is a pod that has no sidecar.
func (r *runner) outsideMesh() (*netns.Namespace, error) {
	if r.outside != nil {
		return r.outside, nil
	}
	namespace, err := netns.New()
	if err != nil {
		return nil, err
	}
	r.outside = namespace
	_, err = r.network.join(namespace, outsideAddress)
	return namespace, err
}

func (r *runner) stop() {
	for _, it := range r.pods {
		// This process ends, and with it whatever is left.
		_ = it.stop()
	}
}
