// Package controlplane is OSM's own control plane, built as cmd/osm-controller builds it, over stores that are filled
// directly instead of from an API server.
package controlplane

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/openservicemesh/osm/pkg/catalog"
	"github.com/openservicemesh/osm/pkg/certificate"
	"github.com/openservicemesh/osm/pkg/certificate/providers"
	"github.com/openservicemesh/osm/pkg/configurator"
	"github.com/openservicemesh/osm/pkg/constants"
	"github.com/openservicemesh/osm/pkg/endpoint"
	"github.com/openservicemesh/osm/pkg/envoy/registry"
	policyfake "github.com/openservicemesh/osm/pkg/gen/client/policy/clientset/versioned/fake"
	"github.com/openservicemesh/osm/pkg/k8s"
	"github.com/openservicemesh/osm/pkg/k8s/informers"
	"github.com/openservicemesh/osm/pkg/messaging"
	"github.com/openservicemesh/osm/pkg/policy"
	"github.com/openservicemesh/osm/pkg/providers/kube"
	"github.com/openservicemesh/osm/pkg/service"
	"github.com/openservicemesh/osm/pkg/smi"

	"aks-mesh/judge/osm/internal/cluster"
)

// TrustDomain is the mesh's trust domain, OSM's default.
const TrustDomain = "cluster.local"

// ControlPlane answers for one cluster at a time: Load, then ask. It is not safe for concurrent use.
type ControlPlane struct {
	stores       map[informers.InformerKey]*orderedStore
	catalog      *catalog.MeshCatalog
	configurator *configurator.Client
	certificates *certificate.Manager
	registry     *registry.ProxyRegistry
}

// New builds a control plane over empty stores. It makes a certificate authority, which takes some tenths of a second.
func New(ctx context.Context) (*ControlPlane, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	stores := map[informers.InformerKey]*orderedStore{}
	for _, kind := range kinds {
		stores[kind] = newOrderedStore()
	}
	return build(ctx, stores, withStores(stores))
}

// build follows main of cmd/osm-controller.
func build(ctx context.Context, stores map[informers.InformerKey]*orderedStore, options ...informers.InformerCollectionOption) (*ControlPlane, error) {
	stop := ctx.Done()
	broker := messaging.NewBroker(stop)
	collection, err := informers.NewInformerCollection(cluster.MeshName, stop, options...)
	if err != nil {
		return nil, fmt.Errorf("informers: %w", err)
	}
	policyClient := policyfake.NewSimpleClientset()
	meshConfigurator := configurator.NewConfigurator(collection, cluster.OSMNamespace, cluster.MeshConfigName, broker)
	kubeController := k8s.NewKubernetesController(collection, policyClient, broker)
	meshSpec := smi.NewSMIClient(collection, cluster.OSMNamespace, kubeController, broker)
	certificates, err := providers.NewCertificateManager(ctx, fake.NewSimpleClientset(), nil, meshConfigurator,
		cluster.OSMNamespace, providers.TresorOptions{SecretName: "osm-ca-bundle"}, broker, time.Hour, TrustDomain)
	if err != nil {
		return nil, fmt.Errorf("certificate manager: %w", err)
	}
	kubeProvider := kube.NewClient(kubeController, meshConfigurator)
	policyController := policy.NewPolicyController(collection, kubeController, broker)
	meshCatalog := catalog.NewMeshCatalog(kubeController, meshSpec, certificates, policyController, stop, meshConfigurator,
		[]service.Provider{kubeProvider}, []endpoint.Provider{kubeProvider}, broker)

	return &ControlPlane{
		stores:       stores,
		catalog:      meshCatalog,
		configurator: meshConfigurator,
		certificates: certificates,
		registry:     registry.NewProxyRegistry(&registry.KubeProxyServiceMapper{KubeController: kubeController}, broker),
	}, nil
}

// Load replaces everything the control plane knows by the given objects.
func (c *ControlPlane) Load(objects *cluster.Objects) {
	for _, store := range c.stores {
		store.clear()
	}
	for _, it := range objects.Namespaces {
		// OSM's informer selects the namespaces of the mesh by label.
		if it.Labels[constants.OSMKubeResourceMonitorAnnotation] == cluster.MeshName {
			c.stores[informers.InformerKeyNamespace].put(it.Name, it)
		}
	}
	fill(c.stores[informers.InformerKeyService], objects.Services)
	fill(c.stores[informers.InformerKeyServiceAccount], objects.ServiceAccounts)
	fill(c.stores[informers.InformerKeyPod], objects.Pods)
	fill(c.stores[informers.InformerKeyEndpoints], objects.Endpoints)
	fill(c.stores[informers.InformerKeyTrafficTarget], objects.TrafficTargets)
	fill(c.stores[informers.InformerKeyHTTPRouteGroup], objects.HTTPRouteGroups)
	fill(c.stores[informers.InformerKeyTCPRoute], objects.TCPRoutes)
	fill(c.stores[informers.InformerKeyTrafficSplit], objects.TrafficSplits)
	fill(c.stores[informers.InformerKeyEgress], objects.Egresses)
	fill(c.stores[informers.InformerKeyIngressBackend], objects.IngressBackends)
	fill(c.stores[informers.InformerKeyRetry], objects.Retries)
	fill(c.stores[informers.InformerKeyUpstreamTrafficSetting], objects.UpstreamTrafficSettings)
	c.stores[informers.InformerKeyMeshConfig].put(key(objects.MeshConfig), objects.MeshConfig)
}

// First puts one object at the head of its kind's list, as one of the orders that OSM may see.
func (c *ControlPlane) First(kind informers.InformerKey, namespacedName string) {
	c.stores[kind].promote(namespacedName)
}

func fill[T metav1.Object](store *orderedStore, objects []T) {
	for _, object := range objects {
		store.put(key(object), object)
	}
}

func key(object metav1.Object) string {
	return object.GetNamespace() + "/" + object.GetName()
}
