// Command istio is Istio's control plane and the charts that install it, in one executable. It acts as the program it is called as:
//
//	pilot-discovery discovery …             istiod, as upstream's command of that name
//	istio-manifests SETTINGS.yaml           the objects that an IstioOperator of these settings installs, one YAML document each
//
// Upstream's command of the same charts, istioctl, is three times as large for commands that nobody asks for here.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"istio.io/istio/operator/pkg/render"
	"istio.io/istio/pilot/cmd/pilot-discovery/app"
	"istio.io/istio/pkg/log"
)

func main() {
	var err error
	switch name := filepath.Base(os.Args[0]); name {
	case "pilot-discovery":
		log.EnableKlogWithCobra()
		err = app.NewRootCommand().Execute()
	case "istio-manifests":
		err = printManifests(os.Args[1:])
	default:
		err = fmt.Errorf("%s: call me as pilot-discovery or istio-manifests", name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// printManifests renders the charts that are compiled in; no cluster is asked.
func printManifests(files []string) error {
	sets, _, err := render.GenerateManifest(files, nil, false, nil, nil)
	if err != nil {
		return err
	}
	for _, set := range sets {
		for _, object := range set.Manifests {
			fmt.Printf("---\n%s\n", object.Content)
		}
	}
	return nil
}
