package envoy

import (
	"net/netip"
	"testing"

	core_v3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener_v3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func named(t *testing.T, name string, config *listener_v3.FilterChainMatch) *chain {
	t.Helper()
	matched, err := newMatch(config)
	if err != nil {
		t.Fatal(err)
	}
	return &chain{name: name, match: matched}
}

func cidr(address string, bits uint32) []*core_v3.CidrRange {
	return []*core_v3.CidrRange{{AddressPrefix: address, PrefixLen: wrapperspb.UInt32(bits)}}
}

func TestFindChainTakesTheMostSpecificAndNeverGoesBack(t *testing.T) {
	port := wrapperspb.UInt32(80)
	chains := []*chain{
		named(t, "any", &listener_v3.FilterChainMatch{}),
		named(t, "port", &listener_v3.FilterChainMatch{DestinationPort: port}),
		named(t, "net", &listener_v3.FilterChainMatch{DestinationPort: port, PrefixRanges: cidr("10.0.0.0", 24)}),
		named(t, "host", &listener_v3.FilterChainMatch{
			DestinationPort: port, PrefixRanges: cidr("10.0.0.1", 32), ApplicationProtocols: []string{"http/1.1"},
		}),
		named(t, "sni", &listener_v3.FilterChainMatch{
			DestinationPort: wrapperspb.UInt32(443), ServerNames: []string{"a.b"}, TransportProtocol: "tls",
		}),
		named(t, "wildcard", &listener_v3.FilterChainMatch{
			DestinationPort: wrapperspb.UInt32(443), ServerNames: []string{"*.c"}, TransportProtocol: "tls",
		}),
	}
	cases := []struct {
		want       string
		connection Connection
	}{
		{"any", Connection{DestinationIP: netip.MustParseAddr("10.0.0.9"), DestinationPort: 81}},
		{"port", Connection{DestinationIP: netip.MustParseAddr("10.0.1.9"), DestinationPort: 80}},
		{"net", Connection{DestinationIP: netip.MustParseAddr("10.0.0.9"), DestinationPort: 80}},
		{"host", Connection{DestinationIP: netip.MustParseAddr("10.0.0.1"), DestinationPort: 80, Protocols: []string{"http/1.1"}}},
		// The address leads to "host", whose protocol does not match: "net" is not tried.
		{"", Connection{DestinationIP: netip.MustParseAddr("10.0.0.1"), DestinationPort: 80}},
		{"sni", Connection{DestinationIP: netip.MustParseAddr("10.0.0.1"), DestinationPort: 443, TLS: true, ServerName: "A.b"}},
		{"wildcard", Connection{DestinationIP: netip.MustParseAddr("10.0.0.1"), DestinationPort: 443, TLS: true, ServerName: "x.y.c"}},
		// Plain text has no server name, and the port has no chain without one: "any" is not tried.
		{"", Connection{DestinationIP: netip.MustParseAddr("10.0.0.1"), DestinationPort: 443}},
	}
	for _, it := range cases {
		it.connection.SourceIP = netip.MustParseAddr("10.244.0.1")
		got := ""
		if found := findChain(chains, it.connection); found != nil {
			got = found.name
		}
		if got != it.want {
			t.Errorf("%+v: got chain %q, want %q", it.connection, got, it.want)
		}
	}
}

func TestPlacesShowClashes(t *testing.T) {
	first := named(t, "first", &listener_v3.FilterChainMatch{PrefixRanges: append(cidr("10.0.0.1", 32), cidr("10.0.0.2", 32)...)})
	second := named(t, "second", &listener_v3.FilterChainMatch{PrefixRanges: cidr("10.0.0.2", 32)})
	wider := named(t, "wider", &listener_v3.FilterChainMatch{PrefixRanges: cidr("10.0.0.2", 31)})
	if !overlap(first.match, second.match) {
		t.Error("two chains with one equal prefix must clash")
	}
	if overlap(first.match, wider.match) {
		t.Error("a wider prefix is another place")
	}
	// As Envoy 1.36.2 and 1.39.3 take them, by --mode validate.
	anybody := named(t, "anybody", &listener_v3.FilterChainMatch{})
	everybody := named(t, "everybody", &listener_v3.FilterChainMatch{SourcePrefixRanges: cidr("0.0.0.0", 0)})
	if overlap(anybody.match, everybody.match) {
		t.Error("no source is another place than the range of all sources")
	}
	if !overlap(anybody.match, named(t, "again", &listener_v3.FilterChainMatch{}).match) {
		t.Error("two chains for any source must clash")
	}
}

func overlap(a, b match) bool {
	for _, x := range a.places() {
		for _, y := range b.places() {
			if x == y {
				return true
			}
		}
	}
	return false
}
