package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"testing"

	smiaccess "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/access/clientset/versioned/fake"
	smispecs "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/specs/clientset/versioned/fake"
	smisplit "github.com/servicemeshinterface/smi-sdk-go/pkg/gen/client/split/clientset/versioned/fake"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	configfake "github.com/openservicemesh/osm/pkg/gen/client/config/clientset/versioned/fake"
	policyfake "github.com/openservicemesh/osm/pkg/gen/client/policy/clientset/versioned/fake"
	"github.com/openservicemesh/osm/pkg/k8s/informers"

	"aks-mesh/judge/osm/internal/cluster"
)

const bookstore = `[
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"buyer","namespace":"buyer"},"spec":{"serviceAccountName":"buyer"}},
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"store","namespace":"store","labels":{"app":"store"}},"spec":{"serviceAccountName":"store"}},
{"apiVersion":"v1","kind":"Service","metadata":{"name":"store","namespace":"store"},"spec":{"selector":{"app":"store"},"ports":[{"port":80,"targetPort":8080}]}},
{"apiVersion":"specs.smi-spec.io/v1alpha4","kind":"HTTPRouteGroup","metadata":{"name":"r","namespace":"store"},"spec":{"matches":[{"name":"m","pathRegex":"/a","methods":["GET"]}]}},
{"apiVersion":"access.smi-spec.io/v1alpha3","kind":"TrafficTarget","metadata":{"name":"t","namespace":"store"},"spec":{"destination":{"kind":"ServiceAccount","name":"store","namespace":"store"},"sources":[{"kind":"ServiceAccount","name":"buyer","namespace":"buyer"}],"rules":[{"kind":"HTTPRouteGroup","name":"r","matches":["m"]}]}}
]`

func objectsOf(t *testing.T, manifests string) *cluster.Objects {
	t.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(manifests), &list); err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.New(list)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// TestStoresAreAsGoodAsInformers holds the one liberty this package takes: our stores behind OSM's informer collection give
// the same configuration as its own informers over clients.
func TestStoresAreAsGoodAsInformers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	objects := objectsOf(t, bookstore)
	ours, err := New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ours.Load(objects)

	var kube []runtime.Object
	kube = append(kube, all(objects.Namespaces)...)
	kube = append(kube, all(objects.Pods)...)
	kube = append(kube, all(objects.Services)...)
	kube = append(kube, all(objects.Endpoints)...)
	theirs, err := build(ctx, nil,
		informers.WithKubeClient(fake.NewSimpleClientset(kube...)),
		informers.WithSMIClients(smisplit.NewSimpleClientset(), smispecs.NewSimpleClientset(all(objects.HTTPRouteGroups)...),
			smiaccess.NewSimpleClientset(all(objects.TrafficTargets)...)),
		informers.WithConfigClient(configfake.NewSimpleClientset(objects.MeshConfig), cluster.MeshConfigName, cluster.OSMNamespace),
		informers.WithPolicyClient(policyfake.NewSimpleClientset()),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range objects.Pods {
		want, err := theirs.Discover(pod)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ours.Discover(pod)
		if err != nil {
			t.Fatal(err)
		}
		if text(got) != text(want) {
			t.Errorf("pod %s: stores give\n%s\ninformers give\n%s", pod.Name, text(got), text(want))
		}
		if len(want.Listeners) == 0 {
			t.Errorf("pod %s has no listener at all", pod.Name)
		}
	}
}

func all[T runtime.Object](objects []T) []runtime.Object {
	var list []runtime.Object
	for _, object := range objects {
		list = append(list, object)
	}
	return list
}

func text(discovery *Discovery) string {
	var parts []string
	add := func(message proto.Message) {
		parts = append(parts, protojson.MarshalOptions{Multiline: false}.Format(message))
	}
	for _, it := range discovery.Listeners {
		add(it)
	}
	for _, it := range discovery.Clusters {
		add(it)
	}
	for _, it := range discovery.Routes {
		add(it)
	}
	for _, it := range discovery.Endpoints {
		add(it)
	}
	sort.Strings(parts)
	return fmt.Sprint(parts, discovery.ServerSANs)
}
