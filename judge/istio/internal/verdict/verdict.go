package verdict

import (
	"math"
	"slices"
	"sort"
)

// Outcome is what a call ends with.
type Outcome string

const (
	Allowed     Outcome = "allowed"
	Denied      Outcome = "denied"
	NoRoute     Outcome = "no-route"
	Refused     Outcome = "refused"
	Unavailable Outcome = "unavailable"
	// Varies is what calls end with that do not always end the same way.
	Varies Outcome = "varies"
)

// statuses are those of the outcomes of HTTP calls, unless another is said.
var statuses = map[Outcome]int{Allowed: 200, Denied: 403, NoRoute: 404, Unavailable: 503}

// Verdict is the answer to a request.
type Verdict struct {
	Outcome  Outcome            `json:"outcome"`
	Status   *int               `json:"status"`
	Backends map[string]float64 `json:"backends"`
	Outcomes []Outcome          `json:"outcomes,omitempty"`
	VariesBy []string           `json:"varies-by,omitempty"`
	Error    string             `json:"error,omitempty"`
}

// leaf is one way that a call can take, with its part of the calls.
type leaf struct {
	outcome Outcome
	status  int // 0: that of the outcome
	backend string
	part    float64
	// version, endpoint and split number the choices on the way: of Envoy's age, of an address, of a destination.
	version, endpoint, split int
}

// summarize makes one verdict of all ways.
func summarize(leaves []leaf, tcp bool) Verdict {
	verdict := Verdict{Backends: map[string]float64{}}
	versions := map[int]bool{}
	for _, it := range leaves {
		versions[it.version] = true
	}
	for _, it := range leaves {
		if !slices.Contains(verdict.Outcomes, it.outcome) {
			verdict.Outcomes = append(verdict.Outcomes, it.outcome)
		}
		if it.outcome == Allowed && it.backend != "" {
			verdict.Backends[it.backend] += it.part / float64(len(versions))
		}
	}
	for name, share := range verdict.Backends {
		verdict.Backends[name] = math.Round(share*1e9) / 1e9
	}
	sort.Slice(verdict.Outcomes, func(i, j int) bool { return verdict.Outcomes[i] < verdict.Outcomes[j] })
	if len(verdict.Outcomes) == 1 {
		verdict.Outcome, verdict.Outcomes = verdict.Outcomes[0], nil
		status, found := statuses[verdict.Outcome]
		same := true
		for _, it := range leaves {
			same = same && it.status == leaves[0].status
		}
		if leaves[0].status != 0 {
			status, found = leaves[0].status, true
		}
		if found && same && !tcp {
			verdict.Status = &status
		}
		return verdict
	}
	verdict.Outcome = Varies
	for name, of := range map[string]func(leaf) int{
		"proxy-version": func(l leaf) int { return l.version },
		"endpoint":      func(l leaf) int { return l.endpoint },
		"split":         func(l leaf) int { return l.split },
	} {
		if decides(leaves, of) {
			verdict.VariesBy = append(verdict.VariesBy, name)
		}
	}
	sort.Strings(verdict.VariesBy)
	return verdict
}

// decides tells whether values of a choice lead to different outcomes where all other choices are the same.
func decides(leaves []leaf, of func(leaf) int) bool {
	for _, one := range leaves {
		for _, other := range leaves {
			different := 0
			for _, choice := range []bool{one.version != other.version, one.endpoint != other.endpoint, one.split != other.split} {
				if choice {
					different++
				}
			}
			if different == 1 && of(one) != of(other) && one.outcome != other.outcome {
				return true
			}
		}
	}
	return false
}
