// Command data-plane sends `aks-mesh decide`'s requests for real: every pod of the objects is a network namespace with an application
// and, where Istio injects one, a real Envoy, which gets the configuration that istiod's own generators make over Envoy's own protocol.
//
// It speaks like the judge: one case a line in, one line of verdicts out, each with the one outcome that was seen. It needs root, and
// must be started in a network and a mount namespace of its own (unshare --net --mount).
//
// Listeners, routes, clusters and endpoints are put in as they are, and connections come to them by the netfilter rules of istio-iptables.
// What differs from a sidecar of Istio's: Envoy is upstream's, so that the ALPN filter and the metadata exchange are off (see
// controlplane.Settings), and there is no pilot-agent, so that the cluster sds-grpc, which is a unix socket of the agent's, leads to the
// discovery server, whose authority issues the certificates.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"google.golang.org/grpc"
	corev1 "k8s.io/api/core/v1"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretv3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/controlplane"
	"aks-mesh/judge/istio/internal/envoy"
	"aks-mesh/judge/istio/internal/stdout"
	"aks-mesh/judge/istio/internal/verdict"
	"aks-mesh/judge/pods"
)

type question struct {
	Objects       []json.RawMessage `json:"objects"`
	Requests      []request         `json:"requests"`
	RootNamespace string            `json:"rootNamespace"`
}

type answer struct {
	Verdicts []seen `json:"verdicts,omitempty"`
	Error    string `json:"error,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "data-plane:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("usage: unshare --net --mount data-plane ENVOY < cases.jsonl")
	}
	envoyPath, err := pods.PrepareMounts(os.Args[1])
	if err != nil {
		return err
	}
	controlplane.Prepare(controlplane.Settings{ALPNFilter: false})
	node, err := pods.NewNode(envoy.OutsideAddress.String())
	if err != nil {
		return err
	}
	server, err := newDiscoveryServer()
	if err != nil {
		return err
	}
	if err := node.Do(func() error { return startControl(server) }); err != nil {
		return err
	}
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), 64<<20)
	output := json.NewEncoder(stdout.Answers)
	for scanner.Scan() {
		var result answer
		var err error
		for range pods.Attempts {
			if result, err = play(node, server, scanner.Bytes(), envoyPath); !errors.Is(err, pods.ErrNotReady) {
				break
			}
		}
		if err != nil {
			result = answer{Error: err.Error()}
		}
		if err := output.Encode(result); err != nil {
			return err
		}
	}
	return scanner.Err()
}

// startControl serves discovery and certificates on the node.
func startControl(server *discoveryServer) error {
	listener, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", pods.NodeAddress, pods.ControlPort))
	if err != nil {
		return err
	}
	service := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(service, server)
	secretv3.RegisterSecretDiscoveryServiceServer(service, server)
	go func() {
		if err := service.Serve(listener); err != nil {
			fmt.Fprintln(os.Stderr, "data-plane: discovery:", err)
			os.Exit(1)
		}
	}()
	return nil
}

// play brings the pods of one case up, sends its requests and takes everything down again.
func play(node *pods.Node, server *discoveryServer, line []byte, envoyPath string) (result answer, err error) {
	// Istio's own code may fall over an object that no API server would have let in.
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("Istio panicked: %v", failure)
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return result, err
	}
	objects, err := cluster.New(asked.Objects, asked.RootNamespace)
	if err != nil {
		return result, err
	}
	var requests []verdict.Request
	for _, it := range asked.Requests {
		requests = append(requests, it.Request)
	}
	verdict.AddMissingClients(objects, requests)
	err = controlplane.With(objects, func(control *controlplane.ControlPlane) error {
		return server.load(control, objects)
	})
	if err != nil {
		return result, err
	}
	if err := serve(node, objects); err != nil {
		return result, err
	}
	if err := pods.WriteHosts(outsideNames(objects, requests)); err != nil {
		return result, err
	}
	served, err := pods.NewApplication()
	if err != nil {
		return result, err
	}
	world, err := node.Listen(outsideAddresses(objects, requests), served)
	var started []*pod
	defer func() {
		for _, listener := range world {
			err = errors.Join(err, listener.Close())
		}
		for _, it := range started {
			err = errors.Join(err, it.Stop())
		}
	}()
	if err != nil {
		return result, err
	}
	outsiders, err := outsidersOf(requests)
	if err != nil {
		return result, err
	}
	for _, object := range append(outsiders, objects.Pods...) {
		it, err := startPod(node, object, objects, served, envoyPath)
		if it != nil {
			started = append(started, it)
		}
		if err != nil {
			return result, err
		}
	}
	for _, it := range started {
		if err := it.WaitReady(); err != nil {
			return result, err
		}
	}
	if problem := server.problem(); problem != nil {
		return result, problem
	}
	time.Sleep(pods.WorkerDelay)

	result.Verdicts = make([]seen, len(requests))
	failures := make([]error, len(requests))
	var group sync.WaitGroup
	slots := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	for index, request := range asked.Requests {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer group.Done()
			defer func() { <-slots }()
			result.Verdicts[index], failures[index] = sendAll(started, objects, served, request)
		}()
	}
	group.Wait()
	return result, errors.Join(failures...)
}

// outsidersOf are the callers outside of the mesh, each once.
func outsidersOf(requests []verdict.Request) ([]*corev1.Pod, error) {
	var list []*corev1.Pod
	known := map[string]bool{}
	for _, it := range requests {
		if known[it.From] || !verdict.IsOutsider(it.From) {
			continue
		}
		known[it.From] = true
		caller, err := verdict.Outsider(it.From)
		if err != nil {
			return nil, err
		}
		list = append(list, caller)
	}
	return list, nil
}
