// Package pods runs the pods of a case, whatever their mesh: network namespaces on a bridge, each with an application and, in the
// mesh, a real Envoy; and sends calls from them.
package pods

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// sharedFolder is seen by this process and its children only.
const sharedFolder = "/mnt"

// PrepareMounts puts Envoy where its own user may start it, and gives the pods a resolver that says no at once. Both are seen by this
// process and its children only.
func PrepareMounts(envoy string) (string, error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", fmt.Errorf("private mounts: %w (are you root?)", err)
	}
	if err := unix.Mount("tmpfs", sharedFolder, "tmpfs", 0, "mode=0755"); err != nil {
		return "", err
	}
	target := filepath.Join(sharedFolder, "envoy")
	resolver := filepath.Join(sharedFolder, "resolv.conf")
	hosts := filepath.Join(sharedFolder, "hosts")
	for file, text := range map[string]string{target: "", hosts: "", resolver: "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	for file, seenAs := range map[string]string{envoy: target, resolver: "/etc/resolv.conf", hosts: "/etc/hosts"} {
		if err := unix.Mount(file, seenAs, "", unix.MS_BIND, ""); err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
	}
	return target, nil
}

// WriteHosts makes names resolve, in lines of an address and a name.
func WriteHosts(lines []string) error {
	return os.WriteFile(filepath.Join(sharedFolder, "hosts"), []byte(strings.Join(append(lines, ""), "\n")), 0o644)
}
