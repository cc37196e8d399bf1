// Command relation measures how long OSM's own catalogue takes to say who may call whom.
//
// Standard input holds one JSON list of manifests. The pods are asked about one after the other, spread over the whole
// list, until all are answered or the time is up. Standard output gets one line,
// {"pods": all, "answered": pods, "calls": services that these pods may call, "milliseconds": time for these}.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/controlplane"
)

// stride spreads the pods that are asked about: it has no divisor in common with any round number.
const stride = 7919

func main() {
	limit := flag.Duration("limit", 10*time.Second, "stop asking after this time")
	flag.Parse()
	if err := run(*limit); err != nil {
		fmt.Fprintln(os.Stderr, "relation:", err)
		os.Exit(1)
	}
}

func run(limit time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var manifests []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&manifests); err != nil {
		return err
	}
	objects, err := cluster.New(manifests)
	if err != nil {
		return err
	}
	control, err := controlplane.New(ctx)
	if err != nil {
		return err
	}
	control.Load(objects)

	pods := len(objects.Pods)
	answered, calls := 0, 0
	started := time.Now()
	for answered < pods && time.Since(started) < limit {
		relation, err := control.Relate(objects.Pods[answered*stride%pods])
		if err != nil {
			return err
		}
		answered++
		calls += len(relation.Outbound.TrafficMatches)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"pods": pods, "answered": answered, "calls": calls,
		"milliseconds": float64(time.Since(started).Microseconds()) / 1000,
	})
}
