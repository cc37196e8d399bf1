// Package stdout keeps what answers are written to apart from what Istio's packages print while they start: Go starts packages that
// import little first, in the order of their paths.
package stdout

import "os"

// Answers is the program's standard output. Whoever else writes to it writes to standard error.
var Answers = func() *os.File {
	output := os.Stdout
	os.Stdout = os.Stderr
	return output
}()
