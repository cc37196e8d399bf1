// Package verdict decides requests between the workloads of a cluster by OSM's own configuration for their sidecars.
package verdict

import (
	"fmt"
	"reflect"
	"sort"
)

// Request is one line of `aks-mesh decide`'s input.
type Request struct {
	From     string            `json:"from"`     // namespace/service account
	To       string            `json:"to"`       // host:port of the Service that the connection goes to
	Protocol string            `json:"protocol"` // http or tcp
	Method   string            `json:"method,omitempty"`
	Path     string            `json:"path,omitempty"`
	Host     string            `json:"host,omitempty"` // the Host header, where it differs from To
	Headers  map[string]string `json:"headers,omitempty"`
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
)

// Verdict is one line of `aks-mesh decide`'s output.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Status  *int    `json:"status"`
	// Backends is nil where the shares are undefined.
	Backends map[string]float64 `json:"backends"`
	Outcomes []Outcome          `json:"outcomes,omitempty"`
	// VariesBy are the causes, in the order route-order, split, endpoint.
	VariesBy []string `json:"varies-by,omitempty"`
	// Rejected are the resources that the sidecars involved refuse.
	Rejected []string `json:"rejected,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// leaf is one way a request can go: the choices on the way, and its end.
type leaf struct {
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

	sameClient := func(l leaf) any { return l.order }
	sameCluster := func(l leaf) any { return [2]int{l.order, l.split} }
	sameServer := func(l leaf) any { return [4]int{l.order, l.split, l.endpoint, l.serverSplit} }
	sameEndpoint := func(l leaf) any { return [3]int{l.order, l.split, l.endpoint} }
	everything := func(leaf) any { return nil }
	if variesWithin(leaves, sameServer, func(l leaf) int { return l.serverOrder }) ||
		variesWithin(leaves, sameClient, func(l leaf) int { return l.routeOrder }) {
		verdict.VariesBy = append(verdict.VariesBy, byRouteOrder)
	}
	// Which of two TrafficSplits on one root counts is the split's doing, as is which backend is picked.
	if variesWithin(leaves, everything, func(l leaf) int { return l.order }) ||
		variesWithin(leaves, sameEndpoint, func(l leaf) int { return l.serverSplit }) ||
		variesWithin(leaves, sameClient, func(l leaf) int { return l.split }) {
		verdict.VariesBy = append(verdict.VariesBy, bySplit)
	}
	if variesWithin(leaves, sameCluster, func(l leaf) int { return l.endpoint }) {
		verdict.VariesBy = append(verdict.VariesBy, byEndpoint)
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
	byOrder := map[int]map[string]float64{}
	counted := map[string]bool{}
	// Callers and the addresses that a name resolves to are equally likely.
	connections := map[int]bool{}
	for _, it := range leaves {
		connections[it.endpoint/endpointsPerDestination] = true
	}
	for _, it := range leaves {
		if byOrder[it.order] == nil {
			byOrder[it.order] = map[string]float64{}
		}
		connection := it.endpoint / endpointsPerDestination
		place := fmt.Sprintf("%d %d %d %s", it.order, it.split, connection, it.backend)
		if it.outcome == Allowed && it.backend != "" && !counted[place] {
			counted[place] = true
			byOrder[it.order][it.backend] += it.part / float64(len(connections))
		}
	}
	first := byOrder[leaves[0].order]
	for _, parts := range byOrder {
		if !reflect.DeepEqual(first, parts) {
			return nil
		}
	}
	return first
}
