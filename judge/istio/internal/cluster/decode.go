// Package cluster turns a list of manifests into what the API server of a cluster would show istiod: typed objects, the pods of the
// workloads, addresses and EndpointSlices, and the Istio objects that pass admission.
package cluster

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
)

// Where control planes live, and where their policies count for every workload: of a mesh that a team installs itself, and of the AKS
// add-on.
const (
	upstreamRootNamespace = "istio-system"
	aksRootNamespace      = "aks-istio-system"
)

// rootNamespace is the add-on's unless objects are in the other one.
func rootNamespace(manifests []json.RawMessage) (string, error) {
	used := map[string]bool{}
	for _, manifest := range manifests {
		var it metav1.PartialObjectMetadata
		if err := json.Unmarshal(manifest, &it); err != nil {
			return "", err
		}
		switch it.Kind {
		case "Namespace":
			used[it.Name] = true
		case "AuthorizationPolicy", "PeerAuthentication", "ConfigMap":
			used[it.Namespace] = true
		}
	}
	if used[upstreamRootNamespace] && !used[aksRootNamespace] {
		return upstreamRootNamespace, nil
	}
	return aksRootNamespace, nil
}

// Objects are the objects of one cluster, by kind, each kind in the order of the manifests.
type Objects struct {
	Namespaces      []*corev1.Namespace
	Services        []*corev1.Service
	ServiceAccounts []*corev1.ServiceAccount
	Pods            []*corev1.Pod
	EndpointSlices  []*discoveryv1.EndpointSlice
	Nodes           []*corev1.Node

	// Configs are the objects of Istio's own kinds.
	Configs    []config.Config
	MeshConfig *meshconfig.MeshConfig

	assumed bool // no Namespace was given
}

// workload is any object that owns pods by a template.
type workload struct {
	metav1.ObjectMeta
	replicas *int32
	template corev1.PodTemplateSpec
	stateful bool
}

// decode reads manifests as the API server would store them. Kinds that neither Istio nor the cluster's own controllers read are
// passed over; objects that istiod's webhook or the kinds' schemas refuse are an error.
func decode(manifests []json.RawMessage, rootNamespace string) (*Objects, []workload, error) {
	objects := &Objects{MeshConfig: mesh.DefaultMeshConfig()}
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
		case "v1 ConfigMap":
			err = objects.readMeshConfig(manifest, rootNamespace)
		case "discovery.k8s.io/v1 EndpointSlice":
			err = appendNamespaced(manifest, &objects.EndpointSlices)
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
		default:
			if group, _, _ := strings.Cut(meta.APIVersion, "/"); strings.HasSuffix(group, ".istio.io") {
				err = objects.admit(manifest)
			}
		}
		if err != nil {
			return nil, nil, fail(err)
		}
	}
	// In a cluster it is so because istiod is started with it.
	objects.MeshConfig.RootNamespace = rootNamespace
	return objects, workloads, nil
}

// readMeshConfig takes the mesh's settings over where the ConfigMap has them: on AKS the add-on's own come first, then those of
// the team.
func (o *Objects) readMeshConfig(manifest json.RawMessage, rootNamespace string) error {
	var it corev1.ConfigMap
	if err := json.Unmarshal(manifest, &it); err != nil {
		return err
	}
	isMesh := it.Name == "istio" || strings.HasPrefix(it.Name, "istio-shared-configmap-asm-") || strings.HasPrefix(it.Name, "istio-asm-")
	if it.Namespace != rootNamespace || !isMesh {
		return nil
	}
	merged, err := mesh.ApplyMeshConfig(it.Data["mesh"], o.MeshConfig)
	if err != nil {
		return err
	}
	o.MeshConfig = merged
	return nil
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
