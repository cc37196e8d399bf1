// Command istio-judge answers, for `aks-mesh decide`'s requests, what the real Istio does: istiod's own generators make the sidecars'
// configuration, and requests are followed through it as Envoy would.
//
// Its arguments are the command of judge/re2/answer.py, which it asks about patterns. Standard input holds one case a line,
// {"objects": [...], "requests": [...], "rootNamespace": "...", "upstreamEnvoy": false}; standard output gets one line for each, in the
// same order: {"verdicts": [...]} or {"error": "..."}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"aks-mesh/judge/istio/internal/cluster"
	"aks-mesh/judge/istio/internal/controlplane"
	"aks-mesh/judge/istio/internal/envoy"
	"aks-mesh/judge/istio/internal/stdout"
	"aks-mesh/judge/istio/internal/verdict"
	re2 "aks-mesh/judge/re2/client"
)

// maxLine is the longest case that is read, in bytes.
const maxLine = 64 << 20

type question struct {
	Objects       []json.RawMessage `json:"objects"`
	Requests      []verdict.Request `json:"requests"`
	RootNamespace string            `json:"rootNamespace"`
	// UpstreamEnvoy asks about sidecars that lack Istio's own filters.
	UpstreamEnvoy bool `json:"upstreamEnvoy"`
}

type answer struct {
	Verdicts []verdict.Verdict `json:"verdicts,omitempty"`
	Error    string            `json:"error,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "istio-judge:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) < 2 {
		return errors.New("usage: istio COMMAND-OF-RE2 [ARGUMENT ...] < cases.jsonl")
	}
	patterns, err := re2.Start(os.Args[1], os.Args[2:]...)
	if err != nil {
		return err
	}
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), maxLine)
	output := json.NewEncoder(stdout.Answers)
	for scanner.Scan() {
		result, err := answerQuestion(patterns, scanner.Bytes())
		if err != nil {
			result = answer{Error: err.Error()}
		}
		if err := output.Encode(result); err != nil {
			return err
		}
	}
	return scanner.Err()
}

func answerQuestion(patterns envoy.Patterns, line []byte) (result answer, err error) {
	// Istio's own code may fall over an object that no API server would have let in.
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("Istio panicked: %v", failure)
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	controlplane.Prepare(controlplane.Settings{ALPNFilter: !asked.UpstreamEnvoy})
	objects, err := cluster.New(asked.Objects, asked.RootNamespace)
	if err != nil {
		return answer{}, err
	}
	verdict.AddMissingClients(objects, asked.Requests)
	err = controlplane.With(objects, func(control *controlplane.ControlPlane) error {
		mesh, err := verdict.New(control, objects, patterns, !asked.UpstreamEnvoy)
		if err != nil {
			return err
		}
		for _, request := range asked.Requests {
			result.Verdicts = append(result.Verdicts, mesh.Decide(request))
		}
		return nil
	})
	return result, err
}
