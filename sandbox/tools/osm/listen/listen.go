// Package listen lets OSM's processes run several times on one machine. Upstream they take fixed ports on all interfaces, which
// is right in a pod and impossible here. The build puts calls of this package into a copy of OSM's sources (see
// ../../osm-edits.ts); with its environment variables unset, OSM listens as it does upstream.
package listen

import (
	"fmt"
	"os"
)

// Address is where a server listens that upstream listens on the given port of all interfaces: on 127.0.0.1 and the port in
// OSM_SANDBOX_PORT_<port> where that is set.
func Address(port int) string {
	if moved := os.Getenv(fmt.Sprintf("OSM_SANDBOX_PORT_%d", port)); moved != "" {
		return "127.0.0.1:" + moved
	}
	return fmt.Sprintf(":%d", port)
}
