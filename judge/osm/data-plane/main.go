// Command data-plane sends `aks-mesh decide`'s requests for real: every pod of the objects is a network namespace with an
// application and a real Envoy, which gets its configuration from OSM's own generators over Envoy's own protocol.
//
// It speaks like the judge: one case a line in, one line of verdicts out, each with the one outcome that was seen. It needs
// root, and must be started in a network and a mount namespace of its own (unshare --net --mount).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	discovery_v3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/controlplane"
	"aks-mesh/judge/osm/internal/verdict"
	"aks-mesh/judge/pods"
)

type question struct {
	Objects  []json.RawMessage `json:"objects"`
	Requests []request         `json:"requests"`
}

type answer struct {
	Verdicts []seen `json:"verdicts,omitempty"`
	Error    string `json:"error,omitempty"`
	// Refused is what the Envoys refused of their configuration.
	Refused []string `json:"refused,omitempty"`
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
	node, err := pods.NewNode(verdict.OutsideAddress)
	if err != nil {
		return err
	}
	control, err := controlplane.New(context.Background())
	if err != nil {
		return err
	}
	server := &discoveryServer{control: control}
	if err := node.Do(func() error { return startControl(server) }); err != nil {
		return err
	}

	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), 64<<20)
	encoder := json.NewEncoder(os.Stdout)
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
		if err := encoder.Encode(result); err != nil {
			return err
		}
	}
	return scanner.Err()
}

// startControl serves discovery on the node.
func startControl(server *discoveryServer) error {
	listener, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", pods.NodeAddress, pods.ControlPort))
	if err != nil {
		return err
	}
	service := grpc.NewServer()
	discovery_v3.RegisterAggregatedDiscoveryServiceServer(service, server)
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
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return result, err
	}
	objects, err := cluster.New(asked.Objects)
	if err != nil {
		return result, err
	}
	var plain []verdict.Request
	for _, it := range asked.Requests {
		plain = append(plain, it.Request)
	}
	verdict.AddMissingClients(objects, plain)
	server.control.Load(objects)
	server.load(objects.Pods)
	if err := writeHosts(objects); err != nil {
		return result, err
	}
	if err := serve(node, objects); err != nil {
		return result, err
	}
	served, err := pods.NewApplication()
	if err != nil {
		return result, err
	}
	world, err := node.Listen(outsideAddresses(objects, asked.Requests), served)
	if err != nil {
		return result, err
	}

	var started []*pod
	defer func() {
		for _, listener := range world {
			err = errors.Join(err, listener.Close())
		}
		for _, it := range started {
			err = errors.Join(err, it.Stop())
		}
	}()
	outsiders, err := outsidersOf(plain)
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

	// Ready says that the first configuration was taken; the workers get it a moment later.
	time.Sleep(pods.WorkerDelay)

	result.Verdicts = make([]seen, len(asked.Requests))
	failures := make([]error, len(asked.Requests))
	var group sync.WaitGroup
	slots := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	for index, request := range asked.Requests {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer group.Done()
			defer func() { <-slots }()
			who, _ := request.Caller()
			from, err := clientOf(started, who)
			if err == nil {
				result.Verdicts[index], err = send(from, server, objects, served, request)
			}
			failures[index] = err
		}()
	}
	group.Wait()
	server.lock.Lock()
	for reason := range server.refused {
		result.Refused = append(result.Refused, reason)
	}
	server.lock.Unlock()
	return result, errors.Join(failures...)
}

// outsidersOf are the callers outside of the mesh, each once.
func outsidersOf(requests []verdict.Request) ([]*corev1.Pod, error) {
	var list []*corev1.Pod
	known := map[string]bool{}
	for _, it := range requests {
		who, _ := it.Caller()
		if known[who] || !verdict.IsOutsider(who) {
			continue
		}
		known[who] = true
		caller, err := verdict.Outsider(who)
		if err != nil {
			return nil, err
		}
		list = append(list, caller)
	}
	return list, nil
}

func clientOf(started []*pod, from string) (*pod, error) {
	for _, it := range started {
		name := it.object.Namespace + "/" + it.object.Spec.ServiceAccountName
		if it.object.Namespace == verdict.OutsideNamespace {
			name = it.object.Name
		}
		if name == from {
			return it, nil
		}
	}
	return nil, fmt.Errorf("nobody runs as %s", from)
}
