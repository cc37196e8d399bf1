// Package verdict decides requests between the workloads of a cluster by OSM's own configuration for their sidecars.
package verdict

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// Request is one line of `aks-mesh decide`'s input.
type Request struct {
	// From is namespace/service account, "outside", or "outside:" and an IPv4 address; with " as NAME" for one that shows a client
	// certificate in TLS of its own.
	From     string            `json:"from"`
	To       string            `json:"to"`       // host:port of the Service that the connection goes to
	Protocol string            `json:"protocol"` // http or tcp
	Method   string            `json:"method,omitempty"`
	Path     string            `json:"path,omitempty"`
	Host     string            `json:"host,omitempty"` // the Host header, where it differs from To without a default port
	Headers  map[string]Values `json:"headers,omitempty"`
	// ServerName is the SNI of the caller's own TLS, empty for TLS without one; nil for no TLS.
	ServerName *string `json:"serverName,omitempty"`
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

// Values are those of a header, one for each time that it is sent. A single one may be written without brackets.
type Values []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *Values) UnmarshalJSON(bytes []byte) error {
	var one string
	if json.Unmarshal(bytes, &one) == nil {
		*v = Values{one}
		return nil
	}
	return json.Unmarshal(bytes, (*[]string)(v))
}

// Outcome is what the caller sees.
type Outcome string

const (
	// Allowed is an answer of the application.
	Allowed Outcome = "allowed"
	// Denied is 403.
	Denied Outcome = "denied"
	// NoRoute is 404.
	NoRoute Outcome = "no-route"
	// Refused is a connection that ends without an answer.
	Refused Outcome = "refused"
	// Unavailable is 503.
	Unavailable Outcome = "unavailable"
	// Varies stands for more than one of the others.
	Varies Outcome = "varies"
)

var statuses = map[Outcome]int{Allowed: 200, Denied: 403, NoRoute: 404, Unavailable: 503}

// The causes for an outcome that varies.
const (
	byRouteOrder = "route-order"
	bySplit      = "split"
	byEndpoint   = "endpoint"
	byVersion    = "proxy-version"
	byRequestID  = "request-id"
)

// Verdict is one line of `aks-mesh decide`'s output.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Status  *int    `json:"status"`
	// Backends is nil where the shares are undefined.
	Backends map[string]float64 `json:"backends"`
	Outcomes []Outcome          `json:"outcomes,omitempty"`
	// VariesBy are the causes, in the order route-order, split, endpoint, proxy-version, request-id.
	VariesBy []string `json:"varies-by,omitempty"`
	// ByVersion are the outcomes that each version of Envoy has, where they are not the same. An Envoy refuses here only what it
	// refuses itself.
	ByVersion map[string][]Outcome `json:"by-version,omitempty"`
	// Rejected are the resources that the sidecars involved refuse.
	Rejected []string `json:"rejected,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// leaf is one way a request can go: the choices on the way, and its end.
type leaf struct {
	version                int // of the sidecars
	requestID              int // that the first sidecar adds
	order, split, endpoint int // of the client's configuration, of a cluster, of an endpoint
	routeOrder             int // of the client's egress routes
	serverSplit            int // the order of TrafficSplits that the server's configuration was made in
	serverOrder            int // and of what decides its routes
	outcome                Outcome
	backend                string
	part                   float64
}

// summarize joins all ways a request can go into one verdict.
func summarize(leaves []leaf, tcp bool) Verdict {
	seen := map[Outcome]bool{}
	for _, it := range leaves {
		seen[it.outcome] = true
	}
	verdict := Verdict{Backends: backends(leaves)}
	if len(seen) == 1 {
		verdict.Outcome = leaves[0].outcome
		if status, found := statuses[verdict.Outcome]; found && !(tcp && verdict.Outcome == Allowed) {
			verdict.Status = &status
		}
		return verdict
	}
	verdict.Outcome = Varies
	for outcome := range seen {
		verdict.Outcomes = append(verdict.Outcomes, outcome)
	}
	sort.Slice(verdict.Outcomes, func(i, j int) bool { return verdict.Outcomes[i] < verdict.Outcomes[j] })

	type world = [2]int
	in := func(l leaf) world { return world{l.version, l.requestID} }
	sameVersion := func(l leaf) any { return l.version }
	sameID := func(l leaf) any { return l.requestID }
	sameWorld := func(l leaf) any { return in(l) }
	sameClient := func(l leaf) any { return [3]any{in(l), l.order} }
	sameCluster := func(l leaf) any { return [3]any{in(l), l.order, l.split} }
	sameServer := func(l leaf) any { return [5]any{in(l), l.order, l.split, l.endpoint, l.serverSplit} }
	sameEndpoint := func(l leaf) any { return [4]any{in(l), l.order, l.split, l.endpoint} }
	if variesWithin(leaves, sameServer, func(l leaf) int { return l.serverOrder }) ||
		variesWithin(leaves, sameClient, func(l leaf) int { return l.routeOrder }) {
		verdict.VariesBy = append(verdict.VariesBy, byRouteOrder)
	}
	// Which of two TrafficSplits on one root counts is the split's doing, as is which backend is picked.
	if variesWithin(leaves, sameWorld, func(l leaf) int { return l.order }) ||
		variesWithin(leaves, sameEndpoint, func(l leaf) int { return l.serverSplit }) ||
		variesWithin(leaves, sameClient, func(l leaf) int { return l.split }) {
		verdict.VariesBy = append(verdict.VariesBy, bySplit)
	}
	// Callers and addresses are endpoints, too, and some fail before any split.
	if variesWithin(leaves, sameCluster, func(l leaf) int { return l.endpoint }) ||
		variesWithin(leaves, sameClient, func(l leaf) int { return l.endpoint / endpointsPerDestination }) {
		verdict.VariesBy = append(verdict.VariesBy, byEndpoint)
	}
	if variesWithin(leaves, sameID, func(l leaf) int { return l.version }) {
		verdict.VariesBy = append(verdict.VariesBy, byVersion)
	}
	if variesWithin(leaves, sameVersion, func(l leaf) int { return l.requestID }) {
		verdict.VariesBy = append(verdict.VariesBy, byRequestID)
	}
	return verdict
}

// variesWithin tells whether, all else fixed, two values of a choice lead to different sets of outcomes.
func variesWithin(leaves []leaf, fixed func(leaf) any, choice func(leaf) int) bool {
	groups := map[any]map[int]map[Outcome]bool{}
	for _, it := range leaves {
		group := groups[fixed(it)]
		if group == nil {
			group = map[int]map[Outcome]bool{}
			groups[fixed(it)] = group
		}
		addOutcome(group, choice(it), it.outcome)
	}
	for _, group := range groups {
		if differ(group) {
			return true
		}
	}
	return false
}

func addOutcome[K comparable](sets map[K]map[Outcome]bool, key K, outcome Outcome) {
	if sets[key] == nil {
		sets[key] = map[Outcome]bool{}
	}
	sets[key][outcome] = true
}

func differ[K comparable](sets map[K]map[Outcome]bool) bool {
	var first map[Outcome]bool
	for _, outcomes := range sets {
		if first == nil {
			first = outcomes
			continue
		}
		if len(first) != len(outcomes) {
			return true
		}
		for outcome := range outcomes {
			if !first[outcome] {
				return true
			}
		}
	}
	return false
}

// backends are the Services that answer, with the share of the calls each gets; nil where that depends on which of two
// TrafficSplits counts.
func backends(leaves []leaf) map[string]float64 {
	type orderIn struct{ version, requestID, order int }
	byOrder := map[orderIn]map[string]float64{}
	counted := map[string]bool{}
	// Callers and the addresses that a name resolves to are equally likely.
	connections := map[int]bool{}
	for _, it := range leaves {
		connections[it.endpoint/endpointsPerDestination] = true
	}
	for _, it := range leaves {
		order := orderIn{it.version, it.requestID, it.order}
		if byOrder[order] == nil {
			byOrder[order] = map[string]float64{}
		}
		connection := it.endpoint / endpointsPerDestination
		place := fmt.Sprintf("%v %d %d %s", order, it.split, connection, it.backend)
		if it.outcome == Allowed && it.backend != "" && !counted[place] {
			counted[place] = true
			byOrder[order][it.backend] += it.part / float64(len(connections))
		}
	}
	first := byOrder[orderIn{leaves[0].version, leaves[0].requestID, leaves[0].order}]
	for _, parts := range byOrder {
		if !reflect.DeepEqual(first, parts) {
			return nil
		}
	}
	return first
}
