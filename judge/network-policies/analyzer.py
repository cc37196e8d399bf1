"""Answers questions about connections with network-config-analyzer, one case a line.

A case is {"objects": [...], "questions": [[from, to, protocol, port], ...]}; an end is "namespace/pod" or an IPv4 address. With "layer": "istio" it is
about Istio's objects, and a question goes on with the method and the path of a request. With "after", other objects, it is also asked what the change from
the one to the other opens and closes: "pairs": [[from, to, port], ...].
The answer is {"passes": [true, ...], "seconds": s}, with "changes": [["opens", "closes"], ...] and "diffSeconds" to the second question, or {"error": "..."}
where the analyzer refuses the objects.
"""

import ipaddress
import json
import os
import sys
import tempfile
import time

from nca.CoreDS.DimensionsManager import DimensionsManager
from nca.CoreDS.MethodSet import MethodSet
from nca.CoreDS.Peer import BasePeerSet, IpBlock
from nca.NetworkConfig.NetworkConfigQuery import SemanticDiffQuery
from nca.NetworkConfig.NetworkLayer import NetworkLayerName
from nca.NetworkConfig.ResourcesHandler import ResourcesHandler
from nca.Resources.PolicyResources.NetworkPolicy import PolicyConnectionsFilter
from nca.Utils.OutputConfiguration import OutputConfiguration

PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132}
LAYERS = {"network": NetworkLayerName.K8s_Calico, "istio": NetworkLayerName.Istio, "istio and gateways": None}


def contains(peers, end):
    """Whether a set of peers has a pod or an address."""
    if "/" in end:
        namespace, name = end.split("/")
        return any(
            not isinstance(peer, IpBlock) and peer.namespace is not None
            and peer.namespace.name == namespace and peer.name == name
            for peer in peers
        )
    address = ipaddress.ip_address(end)
    return any(isinstance(peer, IpBlock) and IpBlock(f"{address}/32").contained_in(peer) for peer in peers)


def takes(cube, request):
    """Whether a cube of connections has a request; one of connections alone has any."""
    if not request:
        return True
    method, path = request
    return MethodSet.all_methods_list.index(method) in cube["methods"] and path in cube["paths"]


def read(objects, folder, name):
    """The configuration that objects are."""
    path = os.path.join(folder, f"{name}.yaml")
    with open(path, "w", encoding="utf8") as file:
        file.write("\n---\n".join(json.dumps(one) for one in objects))
    return ResourcesHandler().get_network_config(None, None, None, [path])


def changes(case, folder):
    """What the analyzer says that the change of a case's objects opens and closes."""
    BasePeerSet.reset()
    DimensionsManager.reset()
    started = time.perf_counter()
    before, after = read(case["objects"], folder, "before"), read(case["after"], folder, "after")
    _, removed, added = SemanticDiffQuery(before, after, OutputConfiguration()).compute_diff()
    parts = {"opens": added, "closes": removed}
    cubes = {
        kind: [data.props.get_connectivity_cube(cube) for data in found.values() if data is not None for cube in data.props]
        for kind, found in parts.items()
    }
    seconds = time.perf_counter() - started
    everybody = after.peer_container.get_all_peers_group(True)

    def has(kind, source, target, port):
        return any(
            contains(cube["src_peers"] or everybody, source)
            and contains(cube["dst_peers"] or everybody, target)
            and PROTOCOLS["TCP"] in cube["protocols"]
            and port in cube["dst_ports"].port_set
            for cube in cubes[kind]
        )

    found = [[kind for kind in parts if has(kind, *pair)] for pair in case["pairs"]]
    return {"changes": found, "diffSeconds": seconds}


def answer(case, folder):
    """What the analyzer says to all the questions of a case."""
    # What it has learnt of one set of objects it keeps for the next.
    BasePeerSet.reset()
    DimensionsManager.reset()
    started = time.perf_counter()
    config = read(case["objects"], folder, "objects")
    wanted = PolicyConnectionsFilter(calc_allowed=False, calc_denied=False, calc_all_allowed=True)
    layer = LAYERS[case.get("layer", "network")]
    found = config.allowed_connections(layer_name=layer, res_conns_filter=wanted).all_allowed_conns
    cubes = [found.get_connectivity_cube(cube) for cube in found]
    seconds = time.perf_counter() - started
    everybody = config.peer_container.get_all_peers_group(True)
    passes = []
    for source, target, protocol, port, *request in case["questions"]:
        passes.append(any(
            contains(cube["src_peers"] or everybody, source)
            and contains(cube["dst_peers"] or everybody, target)
            and PROTOCOLS[protocol] in cube["protocols"]
            and port in cube["dst_ports"].port_set
            and takes(cube, request)
            for cube in cubes
        ))
    return {"passes": passes, "seconds": seconds, **(changes(case, folder) if "after" in case else {})}


def main():
    """Answers until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf8")
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf8") as nowhere:
        # Its warnings about the objects are not asked for.
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        for line in sys.stdin:
            try:
                result = answer(json.loads(line), folder)
            except (Exception, SystemExit) as error:  # pylint: disable=broad-exception-caught
                result = {"error": f"{type(error).__name__}: {error}"}
            out.write(json.dumps(result) + "\n")
            out.flush()


main()
