package envoy

import (
	"net/netip"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

const (
	originalDestination = "envoy.filters.listener.original_dst"
	tlsInspector        = "envoy.filters.listener.tls_inspector"
	httpInspector       = "envoy.filters.listener.http_inspector"
)

// outboundListener is the one that takes a connection to an address over from the one that all are redirected to: that of the
// address, or that of the port, or itself.
func (p *Proxy) outboundListener(address netip.AddrPort) *listenerv3.Listener {
	var virtual, ofPort *listenerv3.Listener
	for _, it := range p.discovery.Listeners {
		if it.GetTrafficDirection() != corev3.TrafficDirection_OUTBOUND {
			continue
		}
		socket := it.GetAddress().GetSocketAddress()
		switch {
		case it.GetUseOriginalDst().GetValue():
			virtual = it
		case socket.GetPortValue() != uint32(address.Port()):
		case socket.GetAddress() == address.Addr().String():
			return it
		case socket.GetAddress() == "0.0.0.0":
			ofPort = it
		}
	}
	if ofPort != nil {
		return ofPort
	}
	return virtual
}

// inboundListener is the one that all connections to the pod are redirected to, or one of its own for a port.
func (p *Proxy) inboundListener() *listenerv3.Listener {
	for _, it := range p.discovery.Listeners {
		if it.GetName() == "virtualInbound" {
			return it
		}
	}
	return nil
}

// boundListener is the one that is bound to an address, or else to its port at all of the pod's.
func (p *Proxy) boundListener(address netip.AddrPort) *listenerv3.Listener {
	var ofPort *listenerv3.Listener
	for _, it := range p.discovery.Listeners {
		socket := it.GetAddress().GetSocketAddress()
		switch {
		case socket.GetPortValue() != uint32(address.Port()):
		case socket.GetAddress() == address.Addr().String():
			return it
		case socket.GetAddress() == "0.0.0.0":
			ofPort = it
		}
	}
	return ofPort
}

// clashes tells whether two filter chains of a gateway's listener, which differ in their server names alone, have one in common.
func clashes(listener *listenerv3.Listener) bool {
	taken := map[string]bool{}
	for _, chain := range listener.GetFilterChains() {
		names := chain.GetFilterChainMatch().GetServerNames()
		if len(names) == 0 {
			names = []string{""}
		}
		for _, name := range names {
			name = strings.ToLower(name)
			if taken[name] {
				return true
			}
			taken[name] = true
		}
	}
	return false
}

// inspect tells what the listener's filters find out about a connection, which they do by its first bytes.
func (e *Engine) inspect(listener *listenerv3.Listener, connection Connection, request *Request) Connection {
	seen := connection
	seen.TLS, seen.ServerName, seen.Protocols = false, "", nil
	for _, filter := range listener.GetListenerFilters() {
		if e.disabled(filter.GetFilterDisabled(), connection) {
			continue
		}
		switch filter.GetName() {
		case originalDestination:
		case tlsInspector:
			if connection.TLS {
				seen.TLS, seen.ServerName, seen.Protocols = true, connection.ServerName, connection.Protocols
			}
		case httpInspector:
			if !connection.TLS && request != nil {
				seen.Protocols = []string{"http/1.1"}
			}
		default:
			e.Unsupported("the listener filter %s", filter.GetName())
		}
	}
	return seen
}

func (e *Engine) disabled(predicate *listenerv3.ListenerFilterChainMatchPredicate, connection Connection) bool {
	switch rule := predicate.GetRule().(type) {
	case nil:
		return false
	case *listenerv3.ListenerFilterChainMatchPredicate_AnyMatch:
		return rule.AnyMatch
	case *listenerv3.ListenerFilterChainMatchPredicate_NotMatch:
		return !e.disabled(rule.NotMatch, connection)
	case *listenerv3.ListenerFilterChainMatchPredicate_OrMatch:
		for _, it := range rule.OrMatch.GetRules() {
			if e.disabled(it, connection) {
				return true
			}
		}
		return false
	case *listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange:
		port := int32(connection.DestinationPort)
		return port >= rule.DestinationPortRange.GetStart() && port < rule.DestinationPortRange.GetEnd()
	}
	e.Unsupported("a listener filter's condition of type %T", predicate.GetRule())
	return false
}

// chain chooses the filter chain of a connection, nil if there is none: Envoy then closes it. It walks the criteria in Envoy's order:
// destination port, destination address, server name, transport, application protocol, source address. At each the most specific
// value that any remaining chain has is taken, and never taken back.
func (e *Engine) chain(listener *listenerv3.Listener, connection Connection) *listenerv3.FilterChain {
	if listener.GetFilterChainMatcher() != nil {
		e.Unsupported("a filter chain matcher")
	}
	chains := listener.GetFilterChains()
	for _, it := range chains {
		match := it.GetFilterChainMatch()
		if len(match.GetDirectSourcePrefixRanges()) > 0 || len(match.GetSourcePorts()) > 0 || match.GetSourceType() != 0 {
			e.Unsupported("a filter chain for some sources")
		}
	}
	port := uint32(0)
	for _, it := range chains {
		if it.GetFilterChainMatch().GetDestinationPort().GetValue() == connection.DestinationPort {
			port = connection.DestinationPort
		}
	}
	chains = keep(chains, func(match *listenerv3.FilterChainMatch) bool { return match.GetDestinationPort().GetValue() == port })
	chains = e.mostSpecific(chains, connection.DestinationIP, (*listenerv3.FilterChainMatch).GetPrefixRanges)
	chains = firstOf(chains, serverNameCandidates(connection.ServerName), (*listenerv3.FilterChainMatch).GetServerNames)
	transport := "raw_buffer"
	if connection.TLS {
		transport = "tls"
	}
	chains = firstOf(chains, []string{transport, ""}, func(match *listenerv3.FilterChainMatch) []string {
		return []string{match.GetTransportProtocol()}
	})
	chains = firstOf(chains, append(append([]string{}, connection.Protocols...), ""), (*listenerv3.FilterChainMatch).GetApplicationProtocols)
	chains = e.mostSpecific(chains, connection.SourceIP, (*listenerv3.FilterChainMatch).GetSourcePrefixRanges)
	if len(chains) == 0 {
		return listener.GetDefaultFilterChain()
	}
	if len(chains) > 1 {
		e.Unsupported("filter chains %s and %s, which match the same", chains[0].GetName(), chains[1].GetName())
	}
	return chains[0]
}

func keep(chains []*listenerv3.FilterChain, wanted func(*listenerv3.FilterChainMatch) bool) []*listenerv3.FilterChain {
	var kept []*listenerv3.FilterChain
	for _, it := range chains {
		if wanted(it.GetFilterChainMatch()) {
			kept = append(kept, it)
		}
	}
	return kept
}

// mostSpecific keeps the chains that hold the longest prefix around the address. None is a prefix shorter than any.
func (e *Engine) mostSpecific(
	chains []*listenerv3.FilterChain, address netip.Addr, rangesOf func(*listenerv3.FilterChainMatch) []*corev3.CidrRange,
) []*listenerv3.FilterChain {
	best := -2
	bits := func(match *listenerv3.FilterChainMatch) int {
		ranges := rangesOf(match)
		if len(ranges) == 0 {
			return -1
		}
		longest := -2
		for _, it := range ranges {
			if e.inRange(it, address) {
				longest = max(longest, int(it.GetPrefixLen().GetValue()))
			}
		}
		return longest
	}
	for _, it := range chains {
		best = max(best, bits(it.GetFilterChainMatch()))
	}
	return keep(chains, func(match *listenerv3.FilterChainMatch) bool { return best > -2 && bits(match) == best })
}

// firstOf keeps the chains that hold the first of the candidate values that any chain holds. No value is the value "".
func firstOf(
	chains []*listenerv3.FilterChain, candidates []string, valuesOf func(*listenerv3.FilterChainMatch) []string,
) []*listenerv3.FilterChain {
	for _, candidate := range candidates {
		kept := keep(chains, func(match *listenerv3.FilterChainMatch) bool {
			values := valuesOf(match)
			for _, value := range values {
				if strings.ToLower(strings.TrimPrefix(value, "*")) == candidate {
					return true
				}
			}
			return candidate == "" && len(values) == 0
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
	for at := range name {
		if name[at] == '.' && at > 0 {
			candidates = append(candidates, name[at:])
		}
	}
	return append(candidates, "")
}
