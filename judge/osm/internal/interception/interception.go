// Package interception tells which connections of a pod go through its sidecar: by the netfilter rules that OSM's injector
// itself writes into the pod's init container, from the MeshConfig and the pod's annotations.
package interception

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	_ "unsafe" // for go:linkname

	corev1 "k8s.io/api/core/v1"

	config "github.com/openservicemesh/osm/pkg/apis/config/v1alpha2"
	_ "github.com/openservicemesh/osm/pkg/injector"
)

// The injector exports nothing but its server, so these are reached by their names.

//go:linkname generateIptablesCommands github.com/openservicemesh/osm/pkg/injector.generateIptablesCommands
func generateIptablesCommands(mode config.LocalProxyMode, outboundExcluded, outboundIncluded []string,
	outboundPorts, inboundPorts []int, interfaces []string) string

//go:linkname getPortExclusionListForPod github.com/openservicemesh/osm/pkg/injector.getPortExclusionListForPod
func getPortExclusionListForPod(pod *corev1.Pod, namespace, annotation string) ([]int, error)

//go:linkname getOutboundIPRangeListForPod github.com/openservicemesh/osm/pkg/injector.getOutboundIPRangeListForPod
func getOutboundIPRangeListForPod(pod *corev1.Pod, namespace, annotation string) ([]string, error)

//go:linkname mergePortExclusionLists github.com/openservicemesh/osm/pkg/injector.mergePortExclusionLists
func mergePortExclusionLists(ofPod, ofMesh []int) []int

//go:linkname mergeIPRangeLists github.com/openservicemesh/osm/pkg/injector.mergeIPRangeLists
func mergeIPRangeLists(ofPod, ofMesh []string) []string

const annotationPrefix = "openservicemesh.io/"

// Interception is a pod's netfilter rules.
type Interception struct {
	// Rules as iptables-restore reads them.
	Rules string
	nat   table
}

// Of asks the injector for a pod's rules.
func Of(pod *corev1.Pod, mesh *config.MeshConfig) (*Interception, error) {
	traffic := mesh.Spec.Traffic
	outboundPorts, err := getPortExclusionListForPod(pod, pod.Namespace, annotationPrefix+"outbound-port-exclusion-list")
	inboundPorts, inboundErr := getPortExclusionListForPod(pod, pod.Namespace, annotationPrefix+"inbound-port-exclusion-list")
	excluded, excludedErr := getOutboundIPRangeListForPod(pod, pod.Namespace, annotationPrefix+"outbound-ip-range-exclusion-list")
	included, includedErr := getOutboundIPRangeListForPod(pod, pod.Namespace, annotationPrefix+"outbound-ip-range-inclusion-list")
	if err := errors.Join(err, inboundErr, excludedErr, includedErr); err != nil {
		return nil, fmt.Errorf("the injector refuses pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	command := generateIptablesCommands(mesh.Spec.Sidecar.LocalProxyMode,
		mergeIPRangeLists(excluded, traffic.OutboundIPRangeExclusionList),
		mergeIPRangeLists(included, traffic.OutboundIPRangeInclusionList),
		mergePortExclusionLists(outboundPorts, traffic.OutboundPortExclusionList),
		mergePortExclusionLists(inboundPorts, traffic.InboundPortExclusionList),
		traffic.NetworkInterfaceExclusionList)
	_, rules, begun := strings.Cut(command, "<<EOF\n")
	rules, _, ended := strings.Cut(rules, "EOF\n")
	if !begun || !ended {
		return nil, fmt.Errorf("the injector's command has another form than expected: %s", command)
	}
	rules = strings.ReplaceAll(rules, "$POD_IP", pod.Status.PodIP)
	nat, err := parse(rules)
	if err != nil {
		return nil, err
	}
	return &Interception{Rules: rules, nat: nat}, nil
}

// Outbound tells whether the application's connections to another pod's address go through its sidecar.
func (i *Interception) Outbound(destination netip.AddrPort) bool {
	redirected, _ := i.nat.redirects("OUTPUT", packet{out: podInterface, destination: destination})
	return redirected
}

// Own tells whether the connections that the pod's sidecar opens to the pod's own address go through the sidecar again.
func (i *Interception) Own(address netip.AddrPort) bool {
	redirected, _ := i.nat.redirects("OUTPUT", packet{out: loopback, fromEnvoy: true, destination: address})
	return redirected
}

// Inbound tells whether connections from other pods to a port of this one go through its sidecar.
func (i *Interception) Inbound(address netip.AddrPort) bool {
	redirected, _ := i.nat.redirects("PREROUTING", packet{in: podInterface, destination: address})
	return redirected
}
