// Package cluster turns a list of manifests into what the API server of a cluster would show the mesh's control plane:
// typed objects, the pods of the workloads, IP addresses and Endpoints.
package cluster

import (
	"encoding/json"
	"fmt"

	access "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha3"
	specs "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/specs/v1alpha4"
	split "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/split/v1alpha2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	config "github.com/openservicemesh/osm/pkg/apis/config/v1alpha2"
	policy "github.com/openservicemesh/osm/pkg/apis/policy/v1alpha1"
)

// Objects are the objects of one cluster, by kind, each kind in the order of the manifests.
type Objects struct {
	Namespaces      []*corev1.Namespace
	Services        []*corev1.Service
	ServiceAccounts []*corev1.ServiceAccount
	Pods            []*corev1.Pod
	Endpoints       []*corev1.Endpoints

	TrafficTargets  []*access.TrafficTarget
	HTTPRouteGroups []*specs.HTTPRouteGroup
	TCPRoutes       []*specs.TCPRoute
	TrafficSplits   []*split.TrafficSplit

	MeshConfig              *config.MeshConfig
	Egresses                []*policy.Egress
	IngressBackends         []*policy.IngressBackend
	Retries                 []*policy.Retry
	UpstreamTrafficSettings []*policy.UpstreamTrafficSetting

	// Ambiguous says what the objects leave to Kubernetes' own chance, so that no answer is the only right one.
	Ambiguous []string

	assumed bool // no Namespace was given
}

// workload is any object that owns pods by a template.
type workload struct {
	metav1.ObjectMeta
	replicas *int32
	template corev1.PodTemplateSpec
	stateful bool
}

// decode reads manifests as the API server would store them. Kinds that neither OSM nor the cluster's own controllers
// read are passed over.
func decode(manifests []json.RawMessage) (*Objects, []workload, error) {
	objects := &Objects{}
	var workloads []workload

	for index, manifest := range manifests {
		var meta metav1.TypeMeta
		if err := json.Unmarshal(manifest, &meta); err != nil {
			return nil, nil, fmt.Errorf("object %d: %w", index, err)
		}
		fail := func(err error) error {
			return fmt.Errorf("object %d, %s %s: %w", index, meta.APIVersion, meta.Kind, err)
		}

		var err error
		switch meta.APIVersion + " " + meta.Kind {
		case "v1 Namespace":
			err = appendDecoded(manifest, &objects.Namespaces)
		case "v1 Service":
			err = appendNamespaced(manifest, &objects.Services)
		case "v1 ServiceAccount":
			err = appendNamespaced(manifest, &objects.ServiceAccounts)
		case "v1 Pod":
			err = appendNamespaced(manifest, &objects.Pods)
		case "v1 Endpoints":
			err = appendNamespaced(manifest, &objects.Endpoints)
		case "access.smi-spec.io/v1alpha3 TrafficTarget":
			err = appendNamespaced(manifest, &objects.TrafficTargets)
		case "specs.smi-spec.io/v1alpha4 HTTPRouteGroup":
			err = appendNamespaced(manifest, &objects.HTTPRouteGroups)
		case "specs.smi-spec.io/v1alpha4 TCPRoute":
			err = appendNamespaced(manifest, &objects.TCPRoutes)
		case "split.smi-spec.io/v1alpha2 TrafficSplit":
			err = appendNamespaced(manifest, &objects.TrafficSplits)
		case "policy.openservicemesh.io/v1alpha1 Egress":
			err = appendNamespaced(manifest, &objects.Egresses)
		case "policy.openservicemesh.io/v1alpha1 IngressBackend":
			err = appendNamespaced(manifest, &objects.IngressBackends)
		case "policy.openservicemesh.io/v1alpha1 Retry":
			err = appendNamespaced(manifest, &objects.Retries)
		case "policy.openservicemesh.io/v1alpha1 UpstreamTrafficSetting":
			err = appendNamespaced(manifest, &objects.UpstreamTrafficSettings)
		case "config.openservicemesh.io/v1alpha2 MeshConfig":
			meshConfig := &config.MeshConfig{}
			err = json.Unmarshal(manifest, meshConfig)
			objects.MeshConfig = meshConfig
		case "apps/v1 Deployment":
			var it appsv1.Deployment
			err = json.Unmarshal(manifest, &it)
			workloads = append(workloads, workload{it.ObjectMeta, it.Spec.Replicas, it.Spec.Template, false})
		case "apps/v1 ReplicaSet":
			var it appsv1.ReplicaSet
			err = json.Unmarshal(manifest, &it)
			workloads = append(workloads, workload{it.ObjectMeta, it.Spec.Replicas, it.Spec.Template, false})
		case "apps/v1 StatefulSet":
			var it appsv1.StatefulSet
			err = json.Unmarshal(manifest, &it)
			it.Spec.Template.Spec.Subdomain = it.Spec.ServiceName
			workloads = append(workloads, workload{it.ObjectMeta, it.Spec.Replicas, it.Spec.Template, true})
		case "apps/v1 DaemonSet":
			var it appsv1.DaemonSet
			err = json.Unmarshal(manifest, &it)
			workloads = append(workloads, workload{it.ObjectMeta, nil, it.Spec.Template, false})
		}
		if err != nil {
			return nil, nil, fail(err)
		}
	}
	return objects, workloads, nil
}

func appendDecoded[T any](manifest json.RawMessage, list *[]*T) error {
	object := new(T)
	if err := json.Unmarshal(manifest, object); err != nil {
		return err
	}
	*list = append(*list, object)
	return nil
}

// appendNamespaced decodes as appendDecoded does; an object without a namespace lands in "default", as with kubectl.
func appendNamespaced[T any, P interface {
	*T
	metav1.Object
}](manifest json.RawMessage, list *[]*T) error {
	if err := appendDecoded(manifest, list); err != nil {
		return err
	}
	if object := P((*list)[len(*list)-1]); object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return nil
}
