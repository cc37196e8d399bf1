package controlplane

import (
	"reflect"
	"unsafe"

	"k8s.io/client-go/tools/cache"

	"github.com/openservicemesh/osm/pkg/k8s/informers"
)

// kinds are the informers that OSM's control plane reads.
var kinds = []informers.InformerKey{
	informers.InformerKeyNamespace, informers.InformerKeyService, informers.InformerKeyServiceAccount,
	informers.InformerKeyPod, informers.InformerKeyEndpoints,
	informers.InformerKeyTrafficTarget, informers.InformerKeyHTTPRouteGroup, informers.InformerKeyTCPRoute,
	informers.InformerKeyTrafficSplit,
	informers.InformerKeyMeshConfig, informers.InformerKeyMeshRootCertificate,
	informers.InformerKeyEgress, informers.InformerKeyIngressBackend, informers.InformerKeyRetry,
	informers.InformerKeyUpstreamTrafficSetting,
}

// withStores puts our stores behind OSM's informer collection. OSM 1.2.4 keeps the map of its informers private and
// offers only options that make them from clients, hence the reflection: this is the one place that looks inside.
func withStores(stores map[informers.InformerKey]*orderedStore) informers.InformerCollectionOption {
	return func(collection *informers.InformerCollection) {
		field := reflect.ValueOf(collection).Elem().FieldByName("informers")
		private := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
		byKey := private.Interface().(map[informers.InformerKey]cache.SharedIndexInformer)
		for key, store := range stores {
			byKey[key] = storeInformer{store: store}
		}
	}
}
