package cluster

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// New reads manifests and completes them as a running cluster would: pods for workloads, an address for every pod and Service,
// EndpointSlices for every Service with a selector, the label of a sidecar on every pod of the mesh. Without a Namespace all
// namespaces belong to the mesh. home is the root namespace; empty for the one that the objects tell of.
func New(manifests []json.RawMessage, home string) (*Objects, error) {
	if home == "" {
		var err error
		if home, err = rootNamespace(manifests); err != nil {
			return nil, err
		}
	}
	objects, workloads, err := decode(manifests, home)
	if err != nil {
		return nil, err
	}
	given := objects.Pods
	for _, owner := range workloads {
		// Pods with all the labels of its template are its own.
		for _, pod := range podsOf(owner) {
			if !anyMatches(given, pod.Namespace, pod.Labels) {
				objects.Pods = append(objects.Pods, pod)
			}
		}
	}
	objects.assumed = len(objects.Namespaces) == 0
	objects.completePods()
	objects.completeServices()
	objects.completeEndpoints()
	return objects, nil
}

// mostReplicas is how many pods stand for a workload's: they are alike, but one that calls itself is not one that calls another.
const mostReplicas = 2

// podsOf gives the pods of a workload.
func podsOf(owner workload) []*corev1.Pod {
	replicas := int32(1)
	if owner.replicas != nil {
		replicas = min(*owner.replicas, mostReplicas)
	}
	var pods []*corev1.Pod
	for ordinal := range replicas {
		pod := &corev1.Pod{ObjectMeta: *owner.template.ObjectMeta.DeepCopy(), Spec: *owner.template.Spec.DeepCopy()}
		pod.Namespace = owner.Namespace
		if pod.Namespace == "" {
			pod.Namespace = metav1.NamespaceDefault
		}
		pod.Name = fmt.Sprintf("%s-%d", owner.Name, ordinal)
		if owner.stateful {
			pod.Spec.Hostname = pod.Name
		}
		pods = append(pods, pod)
	}
	return pods
}

// tlsModeLabel is what the injector adds to a pod to say that its sidecar takes mutual TLS.
const tlsModeLabel = "security.istio.io/tlsMode"

// nodeName is the one node that all pods run on.
const nodeName = "node"

func (o *Objects) completePods() {
	if len(o.Nodes) == 0 {
		o.Nodes = []*corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}}
	}
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
		for _, container := range pod.Spec.Containers {
			for at := range container.Ports {
				if container.Ports[at].Protocol == "" {
					container.Ports[at].Protocol = corev1.ProtocolTCP // as the API server fills it in
				}
			}
		}
		pod.Spec.NodeName = nodeName
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		// The injector's template of gateways has no such label: nobody speaks mutual TLS to them.
		if o.HasSidecar(pod) && !IsGateway(pod) {
			if pod.Labels == nil {
				pod.Labels = map[string]string{}
			}
			if _, said := pod.Labels[tlsModeLabel]; !said {
				pod.Labels[tlsModeLabel] = "istio"
			}
		}
	}
}

const (
	injectLabel          = "sidecar.istio.io/inject"
	namespaceInjectLabel = "istio-injection"
	revisionLabel        = "istio.io/rev"
)

// templatesAnnotation names what the injector makes of a pod.
const templatesAnnotation = "inject.istio.io/templates"

// IsGateway tells whether the injector makes a gateway of a pod that it gives a proxy: Envoy alone, which nothing leads connections to but
// who calls its ports.
func IsGateway(pod *corev1.Pod) bool {
	for _, name := range strings.Split(pod.Annotations[templatesAnnotation], ",") {
		if strings.TrimSpace(name) == "gateway" {
			return true
		}
	}
	return false
}

// HasSidecar tells whether the injector gives the pod a proxy, as the selectors of Istio's injection webhooks say.
func (o *Objects) HasSidecar(pod *corev1.Pod) bool {
	if pod.Labels[tlsModeLabel] == "istio" {
		return true
	}
	own, said := pod.Labels[injectLabel]
	if !said {
		own = pod.Annotations[injectLabel]
	}
	if pod.Spec.HostNetwork || own == "false" || pod.Namespace == o.MeshConfig.RootNamespace {
		return false
	}
	// The add-on has no default revision.
	onAKS := o.MeshConfig.RootNamespace == aksRootNamespace
	around := map[string]string{}
	for _, it := range o.Namespaces {
		if it.Name == pod.Namespace {
			around = it.Labels
		}
	}
	switch around[namespaceInjectLabel] {
	case "disabled":
		return false
	case "enabled":
		return !onAKS
	}
	_, revision := around[revisionLabel]
	_, ownRevision := pod.Labels[revisionLabel]
	return o.assumed || revision || ownRevision || (own == "true" && !onAKS)
}

func (o *Objects) completeServices() {
	for index, service := range o.Services {
		if service.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		if service.Spec.ClusterIP == "" {
			service.Spec.ClusterIP = fmt.Sprintf("10.0.%d.%d", index/250, index%250+1)
		}
		for at := range service.Spec.Ports {
			port := &service.Spec.Ports[at]
			if port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
			if port.TargetPort.IntVal == 0 && port.TargetPort.StrVal == "" {
				port.TargetPort.IntVal = port.Port
			}
		}
	}
}

func anyMatches(pods []*corev1.Pod, namespace string, wanted map[string]string) bool {
	selector := labels.SelectorFromSet(wanted)
	for _, pod := range pods {
		if pod.Namespace == namespace && selector.Matches(labels.Set(pod.Labels)) {
			return true
		}
	}
	return false
}

// completeEndpoints does what the cluster's endpoint slice controller does: it writes the slices of every Service with a selector.
func (o *Objects) completeEndpoints() {
	given := map[string]bool{}
	for _, slice := range o.EndpointSlices {
		given[slice.Namespace+"/"+slice.Labels[discoveryv1.LabelServiceName]] = true
	}
	for _, service := range o.Services {
		known := given[service.Namespace+"/"+service.Name]
		if !known && len(service.Spec.Selector) > 0 && service.Spec.Type != corev1.ServiceTypeExternalName {
			o.EndpointSlices = append(o.EndpointSlices, o.slicesOf(service)...)
		}
	}
}

// slicesOf are the slices of a Service: one for each way in which its pods resolve its target ports.
func (o *Objects) slicesOf(service *corev1.Service) []*discoveryv1.EndpointSlice {
	selector := labels.SelectorFromSet(service.Spec.Selector)
	slices := map[string]*discoveryv1.EndpointSlice{}
	var keys []string
	for _, pod := range o.Pods {
		if pod.Namespace != service.Namespace || !selector.Matches(labels.Set(pod.Labels)) {
			continue
		}
		var ports []discoveryv1.EndpointPort
		key := ""
		for _, port := range service.Spec.Ports {
			if number, found := TargetPort(pod, port); found {
				ports = append(ports, discoveryv1.EndpointPort{
					Name: &port.Name, Port: &number, Protocol: &port.Protocol, AppProtocol: port.AppProtocol,
				})
				key += fmt.Sprintf("%s=%d ", port.Name, number)
			}
		}
		if slices[key] == nil {
			keys = append(keys, key)
			slices[key] = &discoveryv1.EndpointSlice{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: service.Namespace,
					Name:      fmt.Sprintf("%s-%d", service.Name, len(keys)),
					Labels:    map[string]string{discoveryv1.LabelServiceName: service.Name},
				},
				AddressType: discoveryv1.AddressTypeIPv4,
				Ports:       ports,
			}
			if service.Spec.ClusterIP == corev1.ClusterIPNone {
				slices[key].Labels[corev1.IsHeadlessService] = ""
			}
		}
		ready, node := true, nodeName
		endpoint := discoveryv1.Endpoint{
			Addresses:  []string{pod.Status.PodIP},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &ready},
			NodeName:   &node,
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
		}
		if pod.Spec.Hostname != "" && pod.Spec.Subdomain == service.Name {
			endpoint.Hostname = &pod.Spec.Hostname
		}
		slices[key].Endpoints = append(slices[key].Endpoints, endpoint)
	}
	sort.Strings(keys)
	list := []*discoveryv1.EndpointSlice{}
	for _, key := range keys {
		list = append(list, slices[key])
	}
	return list
}

// EndpointsOf are the EndpointSlices of a Service.
func (o *Objects) EndpointsOf(service *corev1.Service) []*discoveryv1.EndpointSlice {
	var list []*discoveryv1.EndpointSlice
	for _, slice := range o.EndpointSlices {
		if slice.Namespace == service.Namespace && slice.Labels[discoveryv1.LabelServiceName] == service.Name {
			list = append(list, slice)
		}
	}
	return list
}

// TargetPort resolves a Service's target port on a pod: a number, or the number of the container port of that name.
func TargetPort(pod *corev1.Pod, port corev1.ServicePort) (int32, bool) {
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
	return port.TargetPort.IntVal, true
}

// AddPod adds a pod to a completed cluster. No Service may select it.
func (o *Objects) AddPod(pod *corev1.Pod) {
	o.Pods = append(o.Pods, pod)
	o.completePods()
}
