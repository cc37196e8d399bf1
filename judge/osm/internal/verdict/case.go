package verdict

import (
	"math/rand"
	"slices"
	"sort"
	"strings"

	"github.com/google/uuid"

	"aks-mesh/judge/osm/internal/cluster"
	"aks-mesh/judge/osm/internal/controlplane"
	"aks-mesh/judge/osm/internal/envoy"
)

// Case is a cluster with OSM in it, whose sidecars may be Envoys of any age.
type Case struct {
	// strict are meshes whose Envoys refuse what any Envoy refuses, own those that refuse only what they refuse themselves; by
	// version. Without a pattern that Envoys differ about they are the same.
	strict, own map[string]*Mesh
	objects     *cluster.Objects
	patterns    envoy.Patterns
	// identifiers are request ids that a sidecar may add, one for each way in which the route groups tell them apart.
	identifiers []string
}

// Names of the versions of Envoy.
const (
	older   = "1.32"
	between = "1.38"
	newer   = "1.39"
)

var versions = map[string]envoy.Version{older: envoy.Older, between: envoy.Between, newer: envoy.Newer}

// Load gives a cluster to the control plane. The case is valid until the next Load on the same control plane.
func Load(control *controlplane.ControlPlane, patterns envoy.Patterns, objects *cluster.Objects, requests []Request) (*Case, error) {
	mesh, err := load(control, objects, requests)
	if err != nil {
		return nil, err
	}
	it := &Case{strict: map[string]*Mesh{}, objects: objects, patterns: patterns}
	for name, version := range versions {
		it.strict[name] = mesh.with(envoy.Kind{Version: version, Patterns: patterns, Strict: true})
	}
	it.own = it.strict
	if it.disputed() {
		it.own = map[string]*Mesh{}
		for name, version := range versions {
			it.own[name] = mesh.with(envoy.Kind{Version: version, Patterns: patterns})
		}
	}
	it.identifiers = it.toldApart()
	return it, nil
}

// conditions calls back for every header condition and every path of the route groups; a path has no name.
func (c *Case) conditions(visit func(name, pattern string)) {
	for _, group := range c.objects.HTTPRouteGroups {
		for _, match := range group.Spec.Matches {
			visit("", match.PathRegex)
			for name, pattern := range match.Headers {
				visit(strings.ToLower(name), pattern)
			}
		}
	}
}

// disputed tells whether Envoys differ about a pattern being right.
func (c *Case) disputed() bool {
	found := false
	c.conditions(func(_, pattern string) {
		found = found || (envoy.Fault(c.patterns, pattern, true) == nil) != (envoy.Fault(c.patterns, pattern, false) == nil)
	})
	return found
}

const requestID = "x-request-id"

// identifiersTried is how many request ids are tried to find all that conditions tell apart.
const identifiersTried = 256

func (c *Case) toldApart() []string {
	var patterns []string
	c.conditions(func(name, pattern string) {
		if name == requestID && !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	})
	random := rand.New(rand.NewSource(1))
	known := map[string]bool{}
	var identifiers []string
	for range identifiersTried {
		identifier := uuid.Must(uuid.NewRandomFromReader(random)).String()
		told := make([]byte, len(patterns))
		for index, pattern := range patterns {
			if c.patterns.Matches(pattern, false, identifier) {
				told[index] = 1
			}
		}
		if !known[string(told)] {
			known[string(told)] = true
			identifiers = append(identifiers, identifier)
		}
		if len(patterns) == 0 {
			break
		}
	}
	return identifiers
}

// Decide tells what becomes of a request with sidecars of any age.
func (c *Case) Decide(request Request) Verdict {
	if len(c.objects.Ambiguous) > 0 {
		return Verdict{Error: strings.Join(c.objects.Ambiguous, "; ")}
	}
	names := []string{older}
	if c.sensitive(request) {
		names = append(names, between, newer)
	}
	var all []leaf
	rejected := map[string]bool{}
	for number, name := range names {
		leaves, reasons, err := c.leaves(c.strict[name], request)
		if err != nil {
			return Verdict{Error: err.Error()}
		}
		for _, it := range leaves {
			it.version = number
			all = append(all, it)
		}
		for _, reason := range reasons {
			rejected[reason] = true
		}
	}
	verdict := summarize(all, request.Protocol == "tcp")
	for reason := range rejected {
		verdict.Rejected = append(verdict.Rejected, reason)
	}
	sort.Strings(verdict.Rejected)
	var err error
	if verdict.ByVersion, err = c.byVersion(request, outcomesOf(all)); err != nil {
		return Verdict{Error: err.Error()}
	}
	return verdict
}

// sensitive tells whether Envoys of different ages may read the request differently.
func (c *Case) sensitive(request Request) bool {
	for _, values := range request.Headers {
		if len(values) > 1 {
			return true
		}
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return r >= 0x80 }) {
				return true
			}
		}
	}
	return false
}

// leaves are those for every request id that the first sidecar may add.
func (c *Case) leaves(mesh *Mesh, request Request) ([]leaf, []string, error) {
	http := httpRequest(request)
	// A sidecar puts one in the place of an empty one, too.
	if http == nil || strings.Join(http.Headers[requestID], ",") != "" {
		return mesh.leaves(request, http)
	}
	var all []leaf
	var rejected []string
	for number, identifier := range c.identifiers {
		http.Headers[requestID] = []string{identifier}
		leaves, reasons, err := mesh.leaves(request, http)
		if err != nil {
			return nil, nil, err
		}
		for _, it := range leaves {
			it.requestID = number
			all = append(all, it)
		}
		rejected = reasons
	}
	return all, rejected, nil
}

// byVersion are the outcomes of each version, nil where all have those that are said.
func (c *Case) byVersion(request Request, said []Outcome) (map[string][]Outcome, error) {
	if c.strict[older] == c.own[older] && !c.sensitive(request) {
		return nil, nil
	}
	result := map[string][]Outcome{}
	differ := false
	for name, mesh := range c.own {
		leaves, _, err := c.leaves(mesh, request)
		if err != nil {
			return nil, err
		}
		result[name] = outcomesOf(leaves)
		differ = differ || !slices.Equal(result[name], said)
	}
	if !differ {
		return nil, nil
	}
	return result, nil
}

func outcomesOf(leaves []leaf) []Outcome {
	var outcomes []Outcome
	for _, it := range leaves {
		if !slices.Contains(outcomes, it.outcome) {
			outcomes = append(outcomes, it.outcome)
		}
	}
	slices.Sort(outcomes)
	return outcomes
}
