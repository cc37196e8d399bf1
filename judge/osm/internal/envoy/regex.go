package envoy

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"
)

// maxProgramSize is Envoy's default limit on RE2's program size (runtime key re2.max_program_size.error_level).
const maxProgramSize = 100

// regex is a compiled expression, or the reason why Envoy refuses it.
type regex struct {
	matcher *regexp.Regexp
	err     error
}

// regexes caches by text: random policies repeat a few expressions.
var regexes sync.Map

// compile reads an expression as Envoy does: RE2's dialect (Go's is the same), matched against the whole text.
func compile(text string) (*regexp.Regexp, error) {
	if cached, found := regexes.Load(text); found {
		it := cached.(regex)
		return it.matcher, it.err
	}
	matcher, err := compileUncached(text)
	regexes.Store(text, regex{matcher, err})
	return matcher, err
}

func compileUncached(text string) (*regexp.Regexp, error) {
	// Compiled on its own first: "a)|(b" must not become valid by our own parentheses.
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if size := programSize(parsed); size > maxProgramSize {
		return nil, fmt.Errorf("RE2 program size of about %d is more than Envoy's %d", size, maxProgramSize)
	}
	return regexp.Compile(`\A(?:` + text + `)\z`)
}

// programSize estimates RE2's own program size. It is exact for literals; RE2 counts a few instructions more than Go's
// compiler for classes and repetitions, so cases between 60 and 120 are not for this judge to decide.
func programSize(parsed *syntax.Regexp) int {
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return maxProgramSize + 1
	}
	const prologue = 2 // RE2's unanchored start
	return len(program.Inst) + prologue
}

// fullMatch reports whether the whole text matches an expression that Accept has checked.
func fullMatch(expression, text string) bool {
	matcher, err := compile(expression)
	return err == nil && matcher.MatchString(text)
}
