package envoy

import (
	"fmt"
)

// maxProgramSize is Envoy's default limit on RE2's program size (runtime key re2.max_program_size.error_level).
const maxProgramSize = 100

// Patterns is RE2.
type Patterns interface {
	// Size gives the instructions of a pattern's program, or why there is none.
	Size(pattern string, utf8 bool) (int, error)
	// Matches tells whether a pattern matches a whole text.
	Matches(pattern string, utf8 bool, text string) bool
}

// Version is what matters of an Envoy's age.
type Version struct {
	// UTF8 is how patterns and values are read: as characters (Envoys up to 1.38), or as bytes, each a character of Latin-1.
	UTF8 bool
	// Joined is how a header is read that comes several times: as one value with commas (up to 1.36.4, and 1.37.0), or value by
	// value (since CVE-2026-26308).
	Joined bool
}

// Older is an Envoy as AKS has it for OSM, 1.32.2; Newer is one from 1.39 on; Between is what comes between the two changes.
var (
	Older   = Version{UTF8: true, Joined: true}
	Between = Version{UTF8: true}
	Newer   = Version{}
)

// Kind is an Envoy: its version and its RE2.
type Kind struct {
	Version
	Patterns Patterns
	// Strict refuses what any Envoy refuses, older or newer: the promise of an analysis that is right for both.
	Strict bool
}

// check tells why the Envoy refuses a pattern.
func (k Kind) check(pattern string) error {
	if k.Strict {
		for _, utf8 := range []bool{false, true} {
			if err := Fault(k.Patterns, pattern, utf8); err != nil {
				return err
			}
		}
		return nil
	}
	return Fault(k.Patterns, pattern, k.UTF8)
}

// Fault tells why Envoys of one way to read patterns refuse one.
func Fault(patterns Patterns, pattern string, utf8 bool) error {
	size, err := patterns.Size(pattern, utf8)
	if err != nil {
		return err
	}
	if size > maxProgramSize {
		return fmt.Errorf("RE2 program size of %d is more than Envoy's %d", size, maxProgramSize)
	}
	return nil
}

func (k Kind) fullMatch(pattern, text string) bool { return k.Patterns.Matches(pattern, k.UTF8, text) }
