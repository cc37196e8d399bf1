package interception

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	config "github.com/openservicemesh/osm/pkg/apis/config/v1alpha2"
)

// TestInterception holds what the rules come to; real netfilter reads the same ones in test/judge/live.ts.
func TestInterception(t *testing.T) {
	for name, it := range map[string]struct {
		traffic     config.TrafficSpec
		annotations map[string]string
		address     string
		outbound    bool
		inbound     bool
	}{
		"everything":          {address: "10.0.0.1:80", outbound: true, inbound: true},
		"health probes":       {address: "10.0.0.1:15901", outbound: true, inbound: false},
		"port of the mesh":    {traffic: config.TrafficSpec{OutboundPortExclusionList: []int{80}}, address: "10.0.0.1:80", inbound: true},
		"another port":        {traffic: config.TrafficSpec{OutboundPortExclusionList: []int{81}}, address: "10.0.0.1:80", outbound: true, inbound: true},
		"port of the pod":     {annotations: map[string]string{"outbound-port-exclusion-list": "81, 80"}, address: "10.0.0.1:80", inbound: true},
		"inbound port":        {traffic: config.TrafficSpec{InboundPortExclusionList: []int{80}}, address: "10.0.0.1:80", outbound: true},
		"inbound, of the pod": {annotations: map[string]string{"inbound-port-exclusion-list": "80"}, address: "10.0.0.1:80", outbound: true},
		"range":               {traffic: config.TrafficSpec{OutboundIPRangeExclusionList: []string{"10.0.0.0/8"}}, address: "10.0.0.1:80", inbound: true},
		"beyond the range":    {traffic: config.TrafficSpec{OutboundIPRangeExclusionList: []string{"10.1.0.0/16"}}, address: "10.0.0.1:80", outbound: true, inbound: true},
		"included":            {traffic: config.TrafficSpec{OutboundIPRangeInclusionList: []string{"10.0.0.0/8"}}, address: "10.0.0.1:80", outbound: true, inbound: true},
		"not included":        {annotations: map[string]string{"outbound-ip-range-inclusion-list": "10.1.0.0/16"}, address: "10.0.0.1:80", inbound: true},
		"included, excluded":  {traffic: config.TrafficSpec{OutboundIPRangeInclusionList: []string{"10.0.0.0/8"}, OutboundIPRangeExclusionList: []string{"10.0.0.1/32"}}, address: "10.0.0.1:80", inbound: true},
		"network interface":   {traffic: config.TrafficSpec{NetworkInterfaceExclusionList: []string{"eth0"}}, address: "10.0.0.1:80"},
		"another interface":   {traffic: config.TrafficSpec{NetworkInterfaceExclusionList: []string{"eth1"}}, address: "10.0.0.1:80", outbound: true, inbound: true},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", Annotations: map[string]string{}}}
			for key, value := range it.annotations {
				pod.Annotations[annotationPrefix+key] = value
			}
			rules, err := Of(pod, &config.MeshConfig{Spec: config.MeshConfigSpec{Traffic: it.traffic}})
			if err != nil {
				t.Fatal(err)
			}
			address := netip.MustParseAddrPort(it.address)
			if outbound, inbound := rules.Outbound(address), rules.Inbound(address); outbound != it.outbound || inbound != it.inbound {
				t.Errorf("outbound %v, inbound %v; want %v, %v\n%s", outbound, inbound, it.outbound, it.inbound, rules.Rules)
			}
			if !rules.Own(address) {
				t.Errorf("what the sidecar sends to its own pod does not meet it again\n%s", rules.Rules)
			}
		})
	}
}

// TestUnreadableAnnotation is a pod that the injector refuses.
func TestUnreadableAnnotation(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{annotationPrefix + "inbound-port-exclusion-list": "http"}}}
	if _, err := Of(pod, &config.MeshConfig{}); err == nil {
		t.Error("no error")
	}
}
