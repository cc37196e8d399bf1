// Command gateway-api answers what istiod makes of objects of the Gateway API: the Gateways and VirtualServices of its own that nobody sees.
//
// Standard input holds a case a line, {"objects": [...]}; standard output gets one line for each, in the same order:
// {"gateways": [...], "virtualServices": [...]}, each {"namespace", "name", "spec"}, or {"error": "..."}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"

	"aks-mesh/judge/istio/internal/stdout"
)

// maxLine is the longest case that is read, in bytes.
const maxLine = 16 << 20

// bundle is the version of the kinds: istiod passes GRPCRoutes of older ones by.
const bundle = "v1.4.1"

// istiod converts in the background, and does not say when it is done: the answer is what stays the same for so many looks.
const (
	pause    = 50 * time.Millisecond
	steady   = 6
	mostLook = 200
)

type question struct {
	Objects []json.RawMessage `json:"objects"`
}

type made struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Spec      any    `json:"spec"`
}

type answer struct {
	Gateways        []made `json:"gateways"`
	VirtualServices []made `json:"virtualServices"`
	Error           string `json:"error,omitempty"`
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<20), maxLine)
	output := json.NewEncoder(stdout.Answers)
	for scanner.Scan() {
		result, err := answerQuestion(scanner.Bytes())
		if err != nil {
			result = answer{Error: err.Error()}
		}
		if err := output.Encode(result); err != nil {
			fmt.Fprintln(os.Stderr, "gateway-api:", err)
			os.Exit(1)
		}
	}
}

func answerQuestion(line []byte) (result answer, err error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	texts := make([]string, len(asked.Objects))
	for index, object := range asked.Objects {
		texts[index] = string(object)
	}
	// Every control plane registers its collections there, and they would never be given back.
	krt.GlobalDebugHandler = new(krt.DebugHandler)
	failure := test.Wrap(func(t test.Failer) {
		server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
			KubernetesObjectString: strings.Join(texts, "\n---\n"),
			KubeClientModifier:     ofBundle,
		})
		for same, looks := 0, 0; same < steady && looks < mostLook; looks++ {
			time.Sleep(pause)
			next := answer{
				Gateways:        all(server, gvk.Gateway),
				VirtualServices: all(server, gvk.VirtualService),
			}
			if reflect.DeepEqual(names(next), names(result)) {
				same++
			} else {
				same = 0
			}
			result = next
		}
	})
	return result, failure
}

// ofBundle writes the version of the bundle on every kind that is installed.
func ofBundle(client kube.Client) {
	fake, ok := client.Metadata().(*metadatafake.FakeMetadataClient)
	if !ok {
		return
	}
	fake.PrependReactor("create", "customresourcedefinitions", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if create, ok := action.(clienttesting.CreateAction); ok {
			if kind, ok := create.GetObject().(metav1.Object); ok {
				kind.SetAnnotations(map[string]string{"gateway.networking.k8s.io/bundle-version": bundle})
			}
		}
		return false, nil, nil
	})
}

func all(server *xds.FakeDiscoveryServer, kind config.GroupVersionKind) []made {
	found := []made{}
	for _, one := range server.Env().List(kind, "") {
		found = append(found, made{one.Namespace, one.Name, one.Spec})
	}
	return found
}

// names tells one answer from another: what a name stands for changes as routes come in, so that its text is among it.
func names(from answer) map[string]string {
	found := map[string]string{}
	for _, one := range append(append([]made{}, from.Gateways...), from.VirtualServices...) {
		text, err := json.Marshal(one.Spec)
		if err != nil {
			text = []byte(err.Error())
		}
		found[one.Namespace+"/"+one.Name] = string(text)
	}
	return found
}
