package verdict

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"aks-mesh/judge/istio/internal/envoy"
)

// splitsPerGateway keeps the numbers of the shares behind two shares that lead to a gateway apart.
const splitsPerGateway = 1 << 8

// throughGateway goes on from a gateway's pod, which has made its choice about a connection that came by security.
func (c *call) throughGateway(at leaf, gateway *corev1.Pod, choice envoy.Choice, security *envoy.TLS, carried load) error {
	if slices.Contains(c.passed, gateway) {
		c.engine.Unsupported("a gateway that leads to itself")
		return nil
	}
	if len(choice.Shares) == 0 {
		if choice.Status == 0 {
			c.fail(at, carried.http)
		} else {
			c.endHere(at, choice)
		}
		return nil
	}
	if choice.Sealed && security != nil {
		c.engine.Unsupported("a gateway that passes a proxy's TLS on")
		return nil
	}
	proxy, err := c.mesh.proxy(gateway)
	if err != nil {
		return err
	}
	onward := *c
	onward.client, onward.passed = gateway, append(slices.Clone(c.passed), gateway)
	at.endpoint *= endpointsPerDestination
	for split, share := range choice.Shares {
		way := at
		way.split = at.split*splitsPerGateway + split
		way.part *= share.Part
		if share.Aborted != 0 {
			c.end(way, Unavailable, share.Aborted)
			continue
		}
		// There is no address that the connection meant before it came here.
		if err := onward.send(way, proxy.Cluster(share.Cluster), choice, netip.AddrPort{}, carried.onward(choice, share, security)); err != nil {
			return err
		}
	}
	return nil
}
