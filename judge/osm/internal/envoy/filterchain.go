package envoy

import (
	"fmt"
	"net/netip"
	"strings"

	core_v3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener_v3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

// match is a FilterChainMatch in the order in which Envoy looks at it. Empty lists match anything, at the lowest priority.
type match struct {
	port           uint32
	destinations   []netip.Prefix
	serverNames    []string // exact, ".suffix" for a wildcard, "" for any
	transport      string
	protocols      []string
	sourcePrefixes []netip.Prefix
	anySource      bool // no source is asked for, which Envoy does not take for 0.0.0.0/0
}

var anyPrefix = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

func newMatch(config *listener_v3.FilterChainMatch) (match, error) {
	it := match{
		port:      config.GetDestinationPort().GetValue(),
		transport: config.GetTransportProtocol(),
		protocols: config.GetApplicationProtocols(),
	}
	var err error
	if it.destinations, err = prefixes(config.GetPrefixRanges()); err != nil {
		return it, err
	}
	it.anySource = len(config.GetSourcePrefixRanges()) == 0
	if it.sourcePrefixes, err = prefixes(config.GetSourcePrefixRanges()); err != nil {
		return it, err
	}
	for _, name := range config.GetServerNames() {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "*.") {
			name = name[1:]
		}
		if strings.Contains(name, "*") {
			return it, fmt.Errorf("server name %q: partial wildcards are not supported", name)
		}
		it.serverNames = append(it.serverNames, name)
	}
	if len(it.serverNames) == 0 {
		it.serverNames = []string{""}
	}
	if len(it.protocols) == 0 {
		it.protocols = []string{""}
	}
	return it, nil
}

func prefixes(ranges []*core_v3.CidrRange) ([]netip.Prefix, error) {
	if len(ranges) == 0 {
		return []netip.Prefix{anyPrefix}, nil
	}
	var list []netip.Prefix
	for _, it := range ranges {
		address, err := netip.ParseAddr(it.AddressPrefix)
		if err != nil {
			return nil, err
		}
		list = append(list, netip.PrefixFrom(address, int(it.GetPrefixLen().GetValue())).Masked())
	}
	return list, nil
}

// places are the leaves that a match takes in Envoy's tree of chains; two chains at one leaf are an error.
func (m match) places() []string {
	var places []string
	for _, destination := range m.destinations {
		for _, serverName := range m.serverNames {
			for _, protocol := range m.protocols {
				for _, source := range m.sourcePrefixes {
					from := source.String()
					if m.anySource {
						from = "any"
					}
					places = append(places, fmt.Sprintf("port=%d destination=%s server-name=%q transport=%q protocol=%q source=%s",
						m.port, destination, serverName, m.transport, protocol, from))
				}
			}
		}
	}
	return places
}

// findChain walks the criteria in Envoy's order: destination port, destination address, server name, transport, application
// protocol, source address. At each the most specific value that any remaining chain has is taken, and never taken back.
func findChain(chains []*chain, connection Connection) *chain {
	port := uint32(0)
	for _, it := range chains {
		if it.match.port == connection.DestinationPort {
			port = connection.DestinationPort
		}
	}
	chains = keep(chains, func(m match) bool { return m.port == port })

	if chains = mostSpecific(chains, connection.DestinationIP, func(m match) []netip.Prefix { return m.destinations }); len(chains) == 0 {
		return nil
	}

	chains = firstOf(chains, serverNameCandidates(connection.ServerName), func(m match) []string { return m.serverNames })

	transport := "raw_buffer"
	if connection.TLS {
		transport = "tls"
	}
	chains = firstOf(chains, []string{transport, ""}, func(m match) []string { return []string{m.transport} })

	chains = firstOf(chains, append(append([]string{}, connection.Protocols...), ""), func(m match) []string { return m.protocols })

	chains = mostSpecific(chains, connection.SourceIP, func(m match) []netip.Prefix { return m.sourcePrefixes })
	if len(chains) == 0 {
		return nil
	}
	return chains[0]
}

func keep(chains []*chain, wanted func(match) bool) []*chain {
	var kept []*chain
	for _, it := range chains {
		if wanted(it.match) {
			kept = append(kept, it)
		}
	}
	return kept
}

// mostSpecific keeps the chains that hold the longest prefix around the address.
func mostSpecific(chains []*chain, address netip.Addr, prefixesOf func(match) []netip.Prefix) []*chain {
	best := netip.Prefix{}
	for _, it := range chains {
		for _, prefix := range prefixesOf(it.match) {
			if prefix.Contains(address) && (!best.IsValid() || prefix.Bits() > best.Bits()) {
				best = prefix
			}
		}
	}
	return keep(chains, func(m match) bool {
		for _, prefix := range prefixesOf(m) {
			if best.IsValid() && prefix == best {
				return true
			}
		}
		return false
	})
}

// firstOf keeps the chains that hold the first of the candidate values that any chain holds.
func firstOf(chains []*chain, candidates []string, valuesOf func(match) []string) []*chain {
	for _, candidate := range candidates {
		kept := keep(chains, func(m match) bool {
			for _, value := range valuesOf(m) {
				if value == candidate {
					return true
				}
			}
			return false
		})
		if len(kept) > 0 {
			return kept
		}
	}
	return nil
}

// serverNameCandidates are the names under which Envoy looks for an SNI: itself, its wildcards from the longest, any.
func serverNameCandidates(name string) []string {
	name = strings.ToLower(name)
	candidates := []string{}
	if name != "" {
		candidates = append(candidates, name)
	}
	for rest := name; ; {
		dot := strings.Index(rest[min(1, len(rest)):], ".")
		if dot < 0 {
			break
		}
		rest = rest[dot+1:]
		candidates = append(candidates, rest)
	}
	return append(candidates, "")
}
