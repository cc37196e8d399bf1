// Command osm-judge answers, for `aks-mesh decide`'s requests, what the real Open Service Mesh 1.2.4 does: its own
// catalogue and generators make the sidecars' configuration, and requests are followed through it as Envoy would.
//
// Its arguments are the command of judge/re2/answer.py, which it asks about patterns. Standard input holds one case a line, {"objects": [...], "requests": [...]}; standard output gets one line for each, in
// the same order: {"verdicts": [...]} or {"error": "..."}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/controlplane"
	"aks-mesh/judge/osm/internal/envoy"
	re2 "aks-mesh/judge/re2/client"
	"aks-mesh/judge/osm/internal/verdict"
)

// maxLine is the longest case that is read, in bytes.
const maxLine = 64 << 20

type question struct {
	Objects  []json.RawMessage `json:"objects"`
	Requests []verdict.Request `json:"requests"`
}

type answer struct {
	Verdicts []verdict.Verdict `json:"verdicts,omitempty"`
	Error    string            `json:"error,omitempty"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "osm-judge:", err)
		os.Exit(1)
	}
}

// run answers with one control plane per processor, and writes the answers in the order of the questions.
func run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type job struct {
		line   []byte
		answer chan []byte
	}
	if len(os.Args) < 2 {
		return errors.New("usage: osm COMMAND-OF-RE2 [ARGUMENT ...] < cases.jsonl")
	}
	patterns, err := re2.Start(os.Args[1], os.Args[2:]...)
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	jobs := make(chan job)
	ordered := make(chan chan []byte, 4*workers)
	for range workers {
		control, err := controlplane.New(ctx)
		if err != nil {
			return err
		}
		go func() {
			for it := range jobs {
				it.answer <- answerLine(control, patterns, it.line)
			}
		}()
	}

	var readErr error
	go func() {
		defer close(ordered)
		defer close(jobs)
		scanner := bufio.NewScanner(os.Stdin)
		scanner.Buffer(make([]byte, 1<<20), maxLine)
		for scanner.Scan() {
			it := job{append([]byte(nil), scanner.Bytes()...), make(chan []byte, 1)}
			ordered <- it.answer
			jobs <- it
		}
		readErr = scanner.Err()
	}()

	output := bufio.NewWriter(os.Stdout)
	for pending := range ordered {
		if _, err := output.Write(append(<-pending, '\n')); err != nil {
			return err
		}
		if len(ordered) == 0 {
			if err := output.Flush(); err != nil {
				return err
			}
		}
	}
	if readErr != nil {
		return readErr
	}
	return output.Flush()
}

func answerLine(control *controlplane.ControlPlane, patterns envoy.Patterns, line []byte) []byte {
	result, err := answerQuestion(control, patterns, line)
	if err != nil {
		result = answer{Error: err.Error()}
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return []byte(fmt.Sprintf(`{"error":%q}`, err))
	}
	return encoded
}

func answerQuestion(control *controlplane.ControlPlane, patterns envoy.Patterns, line []byte) (result answer, err error) {
	// OSM's own code may fall over an object that no API server would have let in.
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("OSM panicked: %v", failure)
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	objects, err := cluster.New(asked.Objects)
	if err != nil {
		return answer{}, err
	}
	mesh, err := verdict.Load(control, patterns, objects, asked.Requests)
	if err != nil {
		return answer{}, err
	}
	for _, request := range asked.Requests {
		result.Verdicts = append(result.Verdicts, mesh.Decide(request))
	}
	return result, nil
}
