package interception

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// podInterface is the network interface of a pod.
const podInterface = "eth0"

// loopback is the interface on which a pod reaches its own address.
const loopback = "lo"

// packet is what the rules are asked about: the first packet of a connection from or to a pod.
type packet struct {
	out, in     string // network interfaces; empty where it passes none
	fromEnvoy   bool   // sent by the sidecar's user, otherwise by the application's
	destination netip.AddrPort
}

type condition func(packet) bool

type rule struct {
	conditions []condition
	target     string
}

// table is netfilter's nat table: the rules of each chain.
type table map[string][]rule

// parse reads the rules as iptables-restore would, as far as OSM writes such.
func parse(text string) (table, error) {
	chains := table{}
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || !(words[0] == "-A" || words[0] == "-I") {
			continue // the table's name, its chains, COMMIT
		}
		it, err := parseRule(words[2:])
		if err != nil {
			return nil, fmt.Errorf("netfilter rule %q: %w", line, err)
		}
		chain := words[1]
		if words[0] == "-I" {
			chains[chain] = append([]rule{it}, chains[chain]...)
		} else {
			chains[chain] = append(chains[chain], it)
		}
	}
	return chains, nil
}

func parseRule(words []string) (rule, error) {
	var it rule
	negated := false
	for index := 0; index < len(words); index++ {
		option := words[index]
		if option == "!" {
			negated = true
			continue
		}
		index++
		if index == len(words) {
			return it, fmt.Errorf("%s has no value", option)
		}
		value := words[index]
		var holds condition
		var err error
		switch option {
		case "-j":
			it.target = value
			return it, nil // what follows says where a redirection leads
		case "-p", "-m", "--match":
			continue
		case "-o":
			holds = func(p packet) bool { return p.out == value }
		case "-i":
			holds = func(p packet) bool { return p.in == value }
		case "--uid-owner":
			// Envoy's, the only user that OSM names.
			holds = func(p packet) bool { return p.fromEnvoy }
		case "-d":
			holds, err = within(value)
		case "--dport", "--dports":
			holds, err = onPorts(value)
		default:
			err = fmt.Errorf("%s is not known", option)
		}
		if err != nil {
			return it, err
		}
		if negated {
			positive := holds
			holds, negated = func(p packet) bool { return !positive(p) }, false
		}
		it.conditions = append(it.conditions, holds)
	}
	return it, fmt.Errorf("it has no target")
}

func within(network string) (condition, error) {
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return nil, err
	}
	// Netfilter leaves the bits beyond the prefix out.
	prefix = prefix.Masked()
	return func(p packet) bool { return prefix.Contains(p.destination.Addr()) }, nil
}

func onPorts(list string) (condition, error) {
	ports := map[uint16]bool{}
	for _, text := range strings.Split(list, ",") {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, err
		}
		ports[uint16(port)] = true
	}
	return func(p packet) bool { return ports[p.destination.Port()] }, nil
}

// redirects follows a chain. Decided is false where the packet comes to its end or is sent back.
func (t table) redirects(chain string, p packet) (redirected, decided bool) {
	for _, it := range t[chain] {
		if !it.matches(p) {
			continue
		}
		switch it.target {
		case "REDIRECT":
			return true, true
		case "ACCEPT":
			return false, true
		case "RETURN":
			return false, false
		default:
			if redirected, decided := t.redirects(it.target, p); decided {
				return redirected, true
			}
		}
	}
	return false, false
}

func (r rule) matches(p packet) bool {
	for _, holds := range r.conditions {
		if !holds(p) {
			return false
		}
	}
	return true
}
