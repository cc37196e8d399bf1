package verdict

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const outsider = "outside"

// OutsideNamespace is what the pods that stand for callers outside of the mesh have for a namespace.
const OutsideNamespace = "outside of the mesh"

// anywhere is the address of a caller outside of the mesh of whom nothing else is said. It is for benchmarks; objects do not
// name it.
const anywhere = "198.18.0.1"

// IsOutsider tells whether a caller is outside of the mesh.
func IsOutsider(from string) bool { return from == outsider || strings.HasPrefix(from, outsider+":") }

// Outsider is a caller outside of the mesh as a pod without a sidecar, in no list of pods: "outside", or "outside:" and an
// IPv4 address.
func Outsider(from string) (*corev1.Pod, error) {
	address := anywhere
	if from != outsider {
		address = strings.TrimPrefix(from, outsider+":")
	}
	if _, err := netip.ParseAddr(address); err != nil {
		return nil, fmt.Errorf("from %q: %w", from, err)
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: OutsideNamespace, Name: from},
		Status:     corev1.PodStatus{PodIP: address},
	}, nil
}
