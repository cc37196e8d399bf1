// Package verdict decides what becomes of requests in a cluster with Istio in it.
package verdict

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"aks-mesh/judge/istio/internal/envoy"
)

// Request is a question, in the words of `aks-mesh decide`.
type Request struct {
	From       string            `json:"from"`
	To         string            `json:"to"`
	Protocol   string            `json:"protocol"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Host       string            `json:"host"`
	Headers    map[string]Values `json:"headers"`
	ServerName *string           `json:"serverName"`
}

// HostHeader is the Host header: the one that the request says, or else where it goes, as clients write it, without a port that goes without saying.
func (r Request) HostHeader() string {
	if r.Host != "" {
		return r.Host
	}
	if r.ServerName != nil {
		return strings.TrimSuffix(r.To, ":443")
	}
	return strings.TrimSuffix(r.To, ":80")
}

// Values are those of one header, which may come several times.
type Values []string

// UnmarshalJSON reads one value, or a list.
func (v *Values) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*v = Values{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(v))
}

// load is what the caller sends.
func (r Request) load() load {
	it := load{request: r.http()}
	if r.ServerName != nil {
		it.own = &envoy.TLS{ServerName: *r.ServerName}
	}
	return it
}

// http is the request that a proxy sees, nil for TCP.
func (r Request) http() *envoy.Request {
	if r.Protocol == "tcp" {
		return nil
	}
	it := &envoy.Request{Method: r.Method, Path: r.Path, Host: r.HostHeader(), Headers: map[string][]string{}, Token: r.Token()}
	if it.Method == "" {
		it.Method = "GET"
	}
	if it.Path == "" {
		it.Path = "/"
	}
	for name, values := range r.Headers {
		if IsClaim(name) {
			continue
		}
		for _, value := range values {
			// Envoy takes the blanks off.
			name := strings.ToLower(name)
			it.Headers[name] = append(it.Headers[name], strings.Trim(value, " \t"))
		}
	}
	return it
}

// claims is how the names of claims begin, which are among the headers.
const claims = "request.auth.claims["

// IsClaim tells whether the name of a header is that of a claim of the caller's token.
func IsClaim(name string) bool { return strings.HasPrefix(name, claims) }

// claimPath is the path of a claim to which a name leads, from the outside in.
func claimPath(name string) ([]string, bool) {
	inner, found := strings.CutPrefix(name, claims)
	if !found {
		return nil, false
	}
	return strings.Split(strings.TrimSuffix(inner, "]"), "]["), true
}

// withClaim is a token with another claim: a text, or a list where there are several.
func withClaim(token map[string]any, path []string, values Values) map[string]any {
	if token == nil {
		token = map[string]any{}
	}
	if len(path) > 1 {
		inner, _ := token[path[0]].(map[string]any)
		token[path[0]] = withClaim(inner, path[1:], values)
		return token
	}
	if len(values) == 1 {
		token[path[0]] = values[0]
		return token
	}
	list := []any{}
	for _, value := range values {
		list = append(list, value)
	}
	token[path[0]] = list
	return token
}

// Token is what the caller's token says, nil where it sends none.
func (r Request) Token() map[string]any {
	var token map[string]any
	for name, values := range r.Headers {
		if path, found := claimPath(name); found {
			token = withClaim(token, path, values)
		}
	}
	return token
}

// unusual is what the request has that is not followed, nil for nothing.
func (r Request) unusual() error {
	if strings.Contains(r.From, " as ") {
		return fmt.Errorf("not followed: a caller's certificate")
	}
	if _, issued := r.Headers[claims+"iss]"]; r.Token() != nil && !issued {
		return fmt.Errorf("not followed: a token without an issuer")
	}
	for name, values := range r.Headers {
		for _, value := range values {
			for _, b := range []byte(name + value) {
				if b < ' ' || b >= 0x7f {
					return fmt.Errorf("not followed: header %s, which has other than plain characters", name)
				}
			}
		}
	}
	return nil
}

const outsider = "outside"

// outsideNamespace is what the pods that stand for callers outside of the mesh have for a namespace.
const outsideNamespace = "outside of the mesh"

// anywhere is the address of a caller outside of the mesh of whom nothing else is said.
const anywhere = "198.18.0.1"

// IsOutsider tells whether a caller is outside of the cluster.
func IsOutsider(who string) bool { return who == outsider || strings.HasPrefix(who, outsider+":") }

// Outsider is a caller outside of the cluster as a pod without a sidecar, in no list of pods.
func Outsider(who string) (*corev1.Pod, error) {
	address := anywhere
	if who != outsider {
		address = strings.TrimPrefix(who, outsider+":")
	}
	if _, err := netip.ParseAddr(address); err != nil {
		return nil, fmt.Errorf("from %q: %w", who, err)
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: outsideNamespace, Name: who},
		Status:     corev1.PodStatus{PodIP: address},
	}, nil
}
