package cluster

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/google/uuid"
	access "github.com/servicemeshinterface/smi-sdk-go/pkg/apis/access/v1alpha3"
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
// every pod of the mesh. What is missing is assumed: without a Namespace all namespaces belong to the mesh; without a
// MeshConfig the mode is strict, without egress; a Service without Endpoints has the pods that its selector matches; a
// namespace without Services that select pods has one for each account that a TrafficTarget leads to.
func New(manifests []json.RawMessage) (*Objects, error) {
	objects, workloads, err := decode(manifests)
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
	objects.completeNamespaces()
	objects.completeMeshConfig()
	objects.assumePods()
	objects.assumeServices()
	objects.placePods()
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
		pods = append(pods, podOf(owner, ordinal))
	}
	return pods
}

func podOf(owner workload, ordinal int32) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *owner.template.ObjectMeta.DeepCopy(), Spec: *owner.template.Spec.DeepCopy()}
	pod.Namespace = owner.Namespace
	if pod.Namespace == "" {
		pod.Namespace = metav1.NamespaceDefault
	}
	pod.Name = fmt.Sprintf("%s-%d", owner.Name, ordinal)
	if owner.stateful {
		pod.Spec.Hostname = pod.Name
	}
	return pod
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

// assumePods gives a pod to each account that a TrafficTarget leads to and that has none: one for the Service of its name
// whose selector matches no pod; one for each such Service, if it is the only such account of a namespace without pods; or one
// that no Service selects, in such a namespace.
func (o *Objects) assumePods() {
	populated, running := map[string]bool{}, map[string]bool{}
	for _, pod := range o.Pods {
		populated[pod.Namespace] = true
		running[pod.Namespace+"/"+accountOf(pod)] = true
	}
	waiting := map[string][]*corev1.Service{}
	for _, service := range o.Services {
		if len(service.Spec.Selector) > 0 && !o.selectsAny(service) {
			waiting[service.Namespace] = append(waiting[service.Namespace], service)
		}
	}
	absent := map[string][]string{}
	var namespaces []string
	for _, target := range o.TrafficTargets {
		account := target.Spec.Destination
		key := account.Namespace + "/" + account.Name
		if account.Name != "" && !running[key] {
			running[key] = true
			if absent[account.Namespace] == nil {
				namespaces = append(namespaces, account.Namespace)
			}
			absent[account.Namespace] = append(absent[account.Namespace], account.Name)
		}
	}
	for _, namespace := range namespaces {
		accounts := absent[namespace]
		for _, account := range accounts {
			var behind []*corev1.Service
			for _, service := range waiting[namespace] {
				if service.Name == account {
					behind = append(behind, service)
				}
			}
			if len(behind) == 0 && populated[namespace] {
				continue
			}
			if len(behind) == 0 && len(accounts) == 1 {
				behind = waiting[namespace]
			}
			if len(behind) == 0 {
				o.addAssumedPod(namespace, account, 0, nil)
			}
			for index, service := range behind {
				o.addAssumedPod(namespace, account, index, service.Spec.Selector)
			}
		}
	}
}

func (o *Objects) addAssumedPod(namespace, account string, index int, selector map[string]string) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: account}}
	if index > 0 {
		pod.Name = fmt.Sprintf("%s-%d", account, index)
	}
	pod.Labels = map[string]string{}
	for name, value := range selector {
		pod.Labels[name] = value
	}
	pod.Spec.ServiceAccountName = account
	o.Pods = append(o.Pods, pod)
}

// accountLabel ties an assumed Service to the pods of an account.
const accountLabel = "judge/account"

// assumeServices gives each namespace of which no Service selects pods one Service for each account that a TrafficTarget
// leads to. Ports are those of the target's TCPRoutes, else 80.
func (o *Objects) assumeServices() {
	shown, populated, running := map[string]bool{}, map[string]bool{}, map[string]bool{}
	services := map[string]*corev1.Service{}
	for _, service := range o.Services {
		shown[service.Namespace] = shown[service.Namespace] || len(service.Spec.Selector) > 0
		services[service.Namespace+"/"+service.Name] = nil
	}
	for _, pod := range o.Pods {
		populated[pod.Namespace] = true
		running[pod.Namespace+"/"+accountOf(pod)] = true
	}
	for _, target := range o.TrafficTargets {
		account := target.Spec.Destination
		key := account.Namespace + "/" + account.Name
		if account.Namespace == "" || account.Name == "" || shown[account.Namespace] {
			continue
		}
		if populated[account.Namespace] && !running[key] {
			continue
		}
		service, known := services[key]
		if known && service == nil {
			continue
		}
		if !known {
			service = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: account.Namespace, Name: account.Name}}
			service.Spec.Selector = map[string]string{accountLabel: account.Name}
			services[key] = service
			o.Services = append(o.Services, service)
			o.labelPods(account.Namespace, account.Name)
		}
		addPorts(service, o.assumedPorts(target))
	}
	o.assumeShared(services)
}

// assumeShared gives the names among which a TrafficSplit shares out the calls to an assumed Service the same ports, in the order
// of the splits.
func (o *Objects) assumeShared(services map[string]*corev1.Service) {
	for _, split := range o.TrafficSplits {
		root, _, _ := strings.Cut(split.Spec.Service, ".")
		names := []string{root}
		for _, backend := range split.Spec.Backends {
			names = append(names, backend.Service)
		}
		var model *corev1.Service
		for _, name := range names {
			if service := services[split.Namespace+"/"+name]; service != nil && model == nil {
				model = service
			}
		}
		if model == nil {
			continue
		}
		for _, name := range names {
			key := split.Namespace + "/" + name
			service, known := services[key]
			switch {
			case !known:
				service = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: split.Namespace, Name: name}}
				service.Spec.Selector = model.Spec.Selector
				services[key] = service
				o.Services = append(o.Services, service)
			case service == nil:
				continue // an object shows it
			}
			addPorts(service, model.Spec.Ports)
		}
	}
}

func accountOf(pod *corev1.Pod) string {
	if pod.Spec.ServiceAccountName == "" {
		return "default"
	}
	return pod.Spec.ServiceAccountName
}

// labelPods labels the account's pods for its assumed Service.
func (o *Objects) labelPods(namespace, account string) {
	for _, pod := range o.Pods {
		if pod.Namespace != namespace || accountOf(pod) != account {
			continue
		}
		if pod.Labels == nil {
			pod.Labels = map[string]string{}
		}
		pod.Labels[accountLabel] = account
	}
}

// assumedPorts are the ports of the target's TCPRoutes: of HTTP services where it has HTTP rules too.
func (o *Objects) assumedPorts(target *access.TrafficTarget) []corev1.ServicePort {
	protocol, routes := "tcp", 0
	var numbers []int
	for _, rule := range target.Spec.Rules {
		switch rule.Kind {
		case "HTTPRouteGroup":
			protocol = "http"
		case "TCPRoute":
			routes++
			for _, route := range o.TCPRoutes {
				if route.Namespace == target.Namespace && route.Name == rule.Name {
					numbers = append(numbers, route.Spec.Matches.Ports...)
				}
			}
		}
	}
	if routes == 0 {
		protocol = "http"
	}
	if len(numbers) == 0 {
		numbers = []int{80}
	}
	var ports []corev1.ServicePort
	for _, number := range numbers {
		ports = append(ports, corev1.ServicePort{Name: fmt.Sprintf("%s-%d", protocol, number), Port: int32(number)})
	}
	return ports
}

func addPorts(service *corev1.Service, ports []corev1.ServicePort) {
	for _, port := range ports {
		known := false
		for _, other := range service.Spec.Ports {
			known = known || other.Port == port.Port
		}
		if !known {
			service.Spec.Ports = append(service.Spec.Ports, port)
		}
	}
}

// placePods gives pods without an address the one that Endpoints have for a pod of their name, if their Service selects it.
func (o *Objects) placePods() {
	for _, endpoints := range o.Endpoints {
		for _, subset := range endpoints.Subsets {
			for _, address := range subset.Addresses {
				if address.TargetRef != nil {
					o.place(endpoints.Namespace, endpoints.Name, address.TargetRef.Name, address.IP)
				}
			}
		}
	}
}

func (o *Objects) place(namespace, name, podName, ip string) {
	for _, service := range o.Services {
		if service.Namespace != namespace || service.Name != name || len(service.Spec.Selector) == 0 {
			continue
		}
		selector := labels.SelectorFromSet(service.Spec.Selector)
		for _, pod := range o.Pods {
			if pod.Namespace == namespace && pod.Name == podName && pod.Status.PodIP == "" &&
				selector.Matches(labels.Set(pod.Labels)) {
				pod.Status.PodIP = ip
			}
		}
	}
}

// completeEndpoints does what the cluster's endpoints controller does: it writes the Endpoints of every Service with a
// selector, whatever somebody else writes there. Those that it wrote in a running cluster are kept, as are all of other Services.
func (o *Objects) completeEndpoints() {
	given := map[string]int{}
	for index, endpoints := range o.Endpoints {
		given[endpoints.Namespace+"/"+endpoints.Name] = index
	}
	for _, service := range o.Services {
		if len(service.Spec.Selector) == 0 || service.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		index, known := given[service.Namespace+"/"+service.Name]
		switch {
		case !known:
			o.Endpoints = append(o.Endpoints, o.endpointsOf(service))
		case !o.observed(o.Endpoints[index]) && o.selectsAny(service):
			o.Endpoints[index] = o.endpointsOf(service)
		}
	}
}

// observed tells whether Endpoints come from a running cluster: they have what only the API server or the controller
// writes, or an address of a pod.
func (o *Objects) observed(endpoints *corev1.Endpoints) bool {
	if endpoints.UID != "" || endpoints.ResourceVersion != "" || !endpoints.CreationTimestamp.IsZero() {
		return true
	}
	for _, subset := range endpoints.Subsets {
		for _, address := range subset.Addresses {
			if address.TargetRef != nil && address.TargetRef.Kind == "Pod" {
				return true
			}
			for _, pod := range o.Pods {
				if pod.Status.PodIP == address.IP {
					return true
				}
			}
		}
	}
	return false
}

func (o *Objects) selectsAny(service *corev1.Service) bool {
	return anyMatches(o.Pods, service.Namespace, service.Spec.Selector)
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
