package cluster

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	config "github.com/openservicemesh/osm/pkg/apis/config/v1alpha2"
	"github.com/openservicemesh/osm/pkg/constants"
)

// MeshName is the mesh's name, the value of the label that namespaces of the mesh carry.
const MeshName = "osm"

// OSMNamespace is where the control plane and its MeshConfig live.
const OSMNamespace = "osm-system"

// MeshConfigName is the name under which OSM looks for its MeshConfig.
const MeshConfigName = "osm-mesh-config"

// New reads manifests and completes them as a running cluster would: a namespace for everything that names one, pods for
// workloads, an address for every pod and Service, Endpoints for every Service with a selector, a sidecar's label on
// every pod of the mesh. Kinds that are missing altogether are assumed: without a Namespace all namespaces belong to the
// mesh; without a MeshConfig the mode is strict, without egress; without Endpoints they follow the selectors.
func New(manifests []json.RawMessage) (*Objects, error) {
	objects, workloads, err := decode(manifests)
	if err != nil {
		return nil, err
	}
	for _, owner := range workloads {
		objects.Pods = append(objects.Pods, podsOf(owner)...)
	}
	objects.completeNamespaces()
	objects.completeMeshConfig()
	objects.completePods()
	objects.completeServices()
	objects.completeEndpoints()
	return objects, nil
}

// podsOf gives one pod for a workload that has any: replicas are alike.
func podsOf(owner workload) []*corev1.Pod {
	if owner.replicas != nil && *owner.replicas == 0 {
		return nil
	}
	pod := &corev1.Pod{ObjectMeta: *owner.template.ObjectMeta.DeepCopy(), Spec: *owner.template.Spec.DeepCopy()}
	pod.Namespace = owner.Namespace
	if pod.Namespace == "" {
		pod.Namespace = metav1.NamespaceDefault
	}
	pod.Name = owner.Name + "-0"
	if owner.stateful {
		pod.Spec.Hostname = pod.Name
	}
	return []*corev1.Pod{pod}
}

// completeNamespaces gives a namespace of the mesh to every object, unless there are Namespaces: then those count.
func (o *Objects) completeNamespaces() {
	if len(o.Namespaces) > 0 {
		return
	}
	known := map[string]bool{}
	add := func(name string) {
		if name == "" || known[name] {
			return
		}
		known[name] = true
		o.Namespaces = append(o.Namespaces, namespaceInMesh(name))
	}
	addAll(o.Services, add)
	addAll(o.ServiceAccounts, add)
	addAll(o.Pods, add)
	addAll(o.TrafficTargets, add)
	addAll(o.HTTPRouteGroups, add)
	addAll(o.TCPRoutes, add)
	addAll(o.TrafficSplits, add)
	addAll(o.IngressBackends, add)
	addAll(o.Egresses, add)
	addAll(o.Retries, add)
	addAll(o.UpstreamTrafficSettings, add)
	for _, target := range o.TrafficTargets {
		for _, source := range target.Spec.Sources {
			add(source.Namespace)
		}
	}
	o.assumed = true
}

func addAll[T metav1.Object](objects []T, add func(string)) {
	for _, it := range objects {
		add(it.GetNamespace())
	}
}

func namespaceInMesh(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Labels:      map[string]string{constants.OSMKubeResourceMonitorAnnotation: MeshName},
		Annotations: map[string]string{constants.SidecarInjectionAnnotation: "enabled"},
	}}
}

func (o *Objects) completeMeshConfig() {
	if o.MeshConfig == nil {
		o.MeshConfig = &config.MeshConfig{}
		o.MeshConfig.Spec.FeatureFlags.EnableEgressPolicy = true
	}
	o.MeshConfig.Name = MeshConfigName
	o.MeshConfig.Namespace = OSMNamespace
}

// InMesh tells whether the namespace belongs to the mesh, so that its pods have sidecars.
func (o *Objects) InMesh(namespace string) bool {
	for _, it := range o.Namespaces {
		if it.Name == namespace {
			return it.Labels[constants.OSMKubeResourceMonitorAnnotation] == MeshName
		}
	}
	return o.assumed
}

func (o *Objects) completePods() {
	for index, pod := range o.Pods {
		if pod.Spec.ServiceAccountName == "" {
			pod.Spec.ServiceAccountName = "default"
		}
		if pod.Status.PodIP == "" {
			pod.Status.PodIP = fmt.Sprintf("10.244.%d.%d", index/250, index%250+1)
		}
		if len(pod.Status.PodIPs) == 0 {
			pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
		}
		if o.hasSidecar(pod) {
			if pod.Labels == nil {
				pod.Labels = map[string]string{}
			}
			pod.Labels[constants.EnvoyUniqueIDLabelName] = proxyUUID(pod).String()
		}
	}
}

// hasSidecar tells whether the injector gives the pod a sidecar, or gave it one where the pod runs.
func (o *Objects) hasSidecar(pod *corev1.Pod) bool {
	if !o.InMesh(pod.Namespace) {
		return false
	}
	if pod.Labels[constants.EnvoyUniqueIDLabelName] != "" {
		return true
	}
	if pod.UID != "" {
		return false
	}
	namespace := &corev1.Namespace{}
	for _, it := range o.Namespaces {
		if it.Name == pod.Namespace {
			namespace = it
		}
	}
	// The injector's webhook does not see namespaces with this label.
	if _, ignored := namespace.Labels[constants.IgnoreLabel]; ignored || pod.Spec.HostNetwork {
		return false
	}
	if wanted, said := pod.Annotations[constants.SidecarInjectionAnnotation]; said {
		return means(wanted)
	}
	if wanted, said := namespace.Annotations[constants.SidecarInjectionAnnotation]; said {
		return means(wanted)
	}
	return false
}

// means reads the injector's annotation.
func means(wanted string) bool {
	switch strings.ToLower(wanted) {
	case "enabled", "yes", "true":
		return true
	}
	return false
}

func proxyUUID(pod *corev1.Pod) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(pod.Namespace+"/"+pod.Name))
}

func (o *Objects) completeServices() {
	for index, service := range o.Services {
		if service.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		if service.Spec.ClusterIP == "" {
			service.Spec.ClusterIP = fmt.Sprintf("10.0.%d.%d", index/250, index%250+1)
		}
	}
}

func (o *Objects) completeEndpoints() {
	if len(o.Endpoints) > 0 {
		return
	}
	for _, service := range o.Services {
		if len(service.Spec.Selector) == 0 || service.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		o.Endpoints = append(o.Endpoints, o.endpointsOf(service))
	}
}

// endpointsOf does what the cluster's endpoints controller does for a Service with a selector.
func (o *Objects) endpointsOf(service *corev1.Service) *corev1.Endpoints {
	endpoints := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name}}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	subsets := map[string]*corev1.EndpointSubset{}
	var keys []string

	for _, pod := range o.Pods {
		if pod.Namespace != service.Namespace || !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		var ports []corev1.EndpointPort
		for _, port := range service.Spec.Ports {
			if number, found := targetPort(pod, port); found {
				ports = append(ports, corev1.EndpointPort{
					Name: port.Name, Port: number, Protocol: port.Protocol, AppProtocol: port.AppProtocol,
				})
			}
		}
		if len(ports) == 0 {
			continue
		}
		address := corev1.EndpointAddress{IP: pod.Status.PodIP}
		if pod.Spec.Hostname != "" && pod.Spec.Subdomain == service.Name {
			address.Hostname = pod.Spec.Hostname
		}
		key := fmt.Sprint(ports)
		if subsets[key] == nil {
			subsets[key] = &corev1.EndpointSubset{Ports: ports}
			keys = append(keys, key)
		}
		subsets[key].Addresses = append(subsets[key].Addresses, address)
	}
	sort.Strings(keys)
	if len(keys) > 1 {
		o.Ambiguous = append(o.Ambiguous, fmt.Sprintf(
			"Service %s/%s: its pods resolve its target ports differently, and the order of their Endpoints' subsets decides",
			service.Namespace, service.Name))
	}
	for _, key := range keys {
		endpoints.Subsets = append(endpoints.Subsets, *subsets[key])
	}
	return endpoints
}

// targetPort resolves a Service's target port on a pod: a number, the Service's own port if none is given, or the number
// of the container port of that name.
func targetPort(pod *corev1.Pod, port corev1.ServicePort) (int32, bool) {
	if name := port.TargetPort.StrVal; name != "" {
		for _, container := range pod.Spec.Containers {
			for _, candidate := range container.Ports {
				if candidate.Name == name {
					return candidate.ContainerPort, true
				}
			}
		}
		return 0, false
	}
	if port.TargetPort.IntVal != 0 {
		return port.TargetPort.IntVal, true
	}
	return port.Port, true
}

// AddPod adds a pod to a completed cluster. Its Endpoints stay as they are: the pod must not be selected by a Service.
func (o *Objects) AddPod(pod *corev1.Pod) {
	o.Pods = append(o.Pods, pod)
	if o.assumed && !o.knows(pod.Namespace) {
		o.Namespaces = append(o.Namespaces, namespaceInMesh(pod.Namespace))
	}
	o.completePods()
}

func (o *Objects) knows(namespace string) bool {
	for _, it := range o.Namespaces {
		if it.Name == namespace {
			return true
		}
	}
	return false
}
