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

// OwnTLS is TLS that a caller itself speaks.
type OwnTLS struct {
	ServerName string // empty for none
	Principal  string // in its certificate; empty for none
}

// Caller is who calls, and the name in the client certificate that it shows, or none.
func (r Request) Caller() (who, principal string) {
	who, principal, _ = strings.Cut(r.From, " as ")
	return who, principal
}

// OwnTLS is the caller's own TLS, nil for none. One that shows a certificate names the host, unless it says another.
func (r Request) OwnTLS() *OwnTLS {
	_, principal := r.Caller()
	switch {
	case r.ServerName != nil:
		return &OwnTLS{ServerName: *r.ServerName, Principal: principal}
	case principal != "":
		host, _, _ := strings.Cut(r.To, ":")
		if _, err := netip.ParseAddr(host); err == nil {
			host = "" // TLS names no addresses
		}
		return &OwnTLS{ServerName: host, Principal: principal}
	}
	return nil
}

// IsOutsider tells whether a caller is outside of the mesh.
func IsOutsider(who string) bool { return who == outsider || strings.HasPrefix(who, outsider+":") }

// Outsider is a caller outside of the mesh as a pod without a sidecar, in no list of pods.
func Outsider(who string) (*corev1.Pod, error) {
	address := anywhere
	if who != outsider {
		address = strings.TrimPrefix(who, outsider+":")
	}
	if _, err := netip.ParseAddr(address); err != nil {
		return nil, fmt.Errorf("from %q: %w", who, err)
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: OutsideNamespace, Name: who},
		Status:     corev1.PodStatus{PodIP: address},
	}, nil
}
