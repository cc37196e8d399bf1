package netns

import (
	"errors"
	"os"
	"path/filepath"
)

// Route makes the thread's namespace a node: it hands on what those behind a bridge of its own send each other.
func Route(bridge string) error {
	for name, value := range map[string]string{"ip_forward": "1", "conf/all/send_redirects": "0", "conf/" + bridge + "/send_redirects": "0"} {
		if err := os.WriteFile(filepath.Join("/proc/sys/net/ipv4", name), []byte(value), 0o644); err != nil {
			return err
		}
	}
	// Where Docker was, bridges hand what they carry to netfilter, and then keep what is to go back where it came from.
	err := os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("0"), 0o644)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
