import { type KubernetesObject } from "../../../../mesh/manifests";
import { istio } from "../world";
import { type Refused, type Taken } from "./case";

const networking = (kind: string, spec: object): KubernetesObject =>
  istio("networking.istio.io/v1", kind, "shop", "o", spec);
const route = [{ route: [{ destination: { host: "cart" } }] }];
const virtualService = (spec: object) => networking("VirtualService", { hosts: ["cart"], http: route, ...spec });
const destinationRule = (spec: object) => networking("DestinationRule", { host: "cart", ...spec });
const sidecar = (...egress: readonly object[]) => networking("Sidecar", { egress });
const entry = (spec: object) =>
  networking("ServiceEntry", {
    hosts: ["api.example"],
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
    ...spec,
  });
const labels = { matchLabels: { app: "web" } };
const tls = { mode: "ISTIO_MUTUAL" };

export const taken: readonly Taken[] = [
  ["names, patterns and addresses of hosts", virtualService({ hosts: ["cart", "*.example.com", "192.0.2.1"] })],
  ["a star for part of a name", virtualService({ hosts: ["*cart.shop.svc.cluster.local"] })],
  ["a last dot and capitals", virtualService({ hosts: ["Cart.shop.svc.cluster.local."] })],
  ["the own namespace and others", virtualService({ exportTo: [".", "web"] })],
  ["everybody", destinationRule({ exportTo: ["*"] })],
  ["a rule for some callers of the own namespace", destinationRule({ workloadSelector: labels, exportTo: ["."] })],
  ["one without exportTo", destinationRule({ workloadSelector: labels })],
  [
    "a port's own settings alone",
    destinationRule({ trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls }] } }),
  ],
  ["a subset without a policy", destinationRule({ subsets: [{ name: "v1", labels: { version: "v1" } }] })],
  ["a certificate by name", destinationRule({ trafficPolicy: { tls: { mode: "MUTUAL", credentialName: "c" } } })],
  [
    "listeners of ports, and then of all",
    sidecar({ port: { number: 80, protocol: "HTTP", name: "http" }, hosts: ["./*"] }, { hosts: ["*/*"] }),
  ],
  [
    "hosts of nobody, and excluded ones",
    sidecar({ hosts: ["~/*", "~web/*", "shop/cart.shop.svc.cluster.local", "*/*.example.com"] }),
  ],
  ["policies for calls outside alone", networking("Sidecar", { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } })],
  ["an entry for nobody", entry({ exportTo: ["~"] })],
  ["ranges with addresses that callers choose", entry({ addresses: ["192.0.2.0/24"], resolution: "NONE" })],
  ["patterns that nobody looks up", entry({ hosts: ["*.example.com"], resolution: "NONE" })],
  [
    "patterns with endpoints",
    entry({ hosts: ["*.example.com"], resolution: "DNS", endpoints: [{ address: "a.example" }] }),
  ],
  [
    "patterns that are looked up as they are called",
    entry({ hosts: ["*.example.com"], resolution: "DYNAMIC_DNS", location: "MESH_EXTERNAL" }),
  ],
];

export const refused: readonly Refused[] = [
  ["a name that is none", virtualService({ hosts: ["cart_1"] }), "spec.hosts[0]"],
  ["a star inside", virtualService({ hosts: ["api.*.example"] }), "spec.hosts[0]"],
  ["a name that ends in a number", virtualService({ hosts: ["cart.1"] }), "spec.hosts[0]"],
  ["a host twice", virtualService({ hosts: ["cart", "cart"] }), "spec.hosts[1]"],
  ["a host within a pattern", virtualService({ hosts: ["a.example.com", "*.example.com"] }), "spec.hosts[1]"],
  ["exportTo nobody", virtualService({ exportTo: ["~"] }), "spec.exportTo[0]"],
  ["exportTo twice", virtualService({ exportTo: ["web", "web"] }), "spec.exportTo[1]"],
  ["exportTo the own namespace twice", virtualService({ exportTo: [".", "shop"] }), "spec.exportTo[1]"],
  ["exportTo everybody and somebody", destinationRule({ exportTo: ["*", "web"] }), "spec.exportTo"],
  ["exportTo what is no namespace", destinationRule({ exportTo: ["web/"] }), "spec.exportTo[0]"],
  [
    "a rule of some callers for others",
    destinationRule({ workloadSelector: labels, exportTo: ["web"] }),
    "spec.exportTo",
  ],
  ["a rule of some callers for all", destinationRule({ workloadSelector: labels, exportTo: ["*"] }), "spec.exportTo"],
  ["a host that is no name", destinationRule({ host: "cart shop" }), "spec.host"],
  ["a policy that says nothing", destinationRule({ trafficPolicy: {} }), "spec.trafficPolicy"],
  [
    "a policy of a port that says nothing",
    destinationRule({ trafficPolicy: { portLevelSettings: [{ port: { number: 80 } }] } }),
    "spec.trafficPolicy.portLevelSettings[0]",
  ],
  ["a subset twice", destinationRule({ subsets: [{ name: "v1" }, { name: "v1" }] }), "spec.subsets[1].name"],
  ["a subset's name", destinationRule({ subsets: [{ name: "v.1" }] }), "spec.subsets[0].name"],
  [
    "a subset's policy that says nothing",
    destinationRule({ subsets: [{ name: "v1", trafficPolicy: {} }] }),
    "spec.subsets[0].trafficPolicy",
  ],
  [
    "certificates that are missing",
    destinationRule({ trafficPolicy: { tls: { mode: "MUTUAL" } } }),
    "spec.trafficPolicy.tls",
  ],
  ["a Sidecar that says nothing", networking("Sidecar", {}), "spec"],
  [
    "a listener for all ports before others",
    sidecar({ hosts: ["*/*"] }, { port: { number: 80, protocol: "HTTP", name: "http" }, hosts: ["./*"] }),
    "spec.egress[0]",
  ],
  [
    "two listeners of a port",
    sidecar(...[1, 2].map(() => ({ port: { number: 80, protocol: "HTTP", name: "http" }, hosts: ["./*"] }))),
    "spec.egress[1].port.number",
  ],
  [
    "a port's protocol",
    sidecar({ port: { number: 80, protocol: "HTPP", name: "http" }, hosts: ["./*"] }),
    "spec.egress[0].port.protocol",
  ],
  ["no hosts", sidecar({ hosts: [] }), "spec.egress[0].hosts"],
  ["a host without a namespace", sidecar({ hosts: ["cart.shop.svc.cluster.local"] }), "spec.egress[0].hosts[0]"],
  ["a short name", sidecar({ hosts: ["./cart"] }), "spec.egress[0].hosts[0]"],
  ["a star for part of a name", sidecar({ hosts: ["./*cart.shop.svc.cluster.local"] }), "spec.egress[0].hosts[0]"],
  ["what is no namespace", sidecar({ hosts: ["a.b/*"] }), "spec.egress[0].hosts[0]"],
  [
    "endpoints beside a selector",
    entry({ resolution: "STATIC", workloadSelector: { labels: { a: "b" } }, endpoints: [{ address: "192.0.2.1" }] }),
    "spec.endpoints",
  ],
  ["no names", entry({ hosts: [] }), "spec.hosts"],
  ["every name", entry({ hosts: ["*"] }), "spec.hosts[0]"],
  [
    "several names of bytes",
    entry({
      hosts: ["a.example", "b.example"],
      ports: [{ number: 80, name: "tcp", protocol: "TCP" }],
      resolution: "STATIC",
      endpoints: [{ address: "192.0.2.1" }],
    }),
    "spec.hosts",
  ],
  ["an address that is none", entry({ addresses: ["192.0.2"] }), "spec.addresses[0]"],
  ["a range that is looked up", entry({ addresses: ["192.0.2.0/24"], resolution: "DNS" }), "spec.addresses[0]"],
  [
    "a port twice",
    entry({
      ports: [
        { number: 443, name: "a" },
        { number: 443, name: "b" },
      ],
    }),
    "spec.ports[1].number",
  ],
  [
    "a port's name twice",
    entry({
      ports: [
        { number: 443, name: "a" },
        { number: 80, name: "a" },
      ],
    }),
    "spec.ports[1].name",
  ],
  ["a port that is none", entry({ ports: [{ number: 0, name: "a" }] }), "spec.ports[0].number"],
  [
    "endpoints that callers choose",
    entry({ resolution: "NONE", endpoints: [{ address: "192.0.2.1" }] }),
    "spec.endpoints",
  ],
  ["a pattern that is looked up", entry({ hosts: ["*.example.com"], resolution: "DNS" }), "spec.hosts"],
  [
    "two endpoints one after the other",
    entry({ resolution: "DNS_ROUND_ROBIN", endpoints: [{ address: "a.example" }, { address: "b.example" }] }),
    "spec.endpoints",
  ],
  [
    "an endpoint's port of another name",
    entry({ resolution: "DNS", endpoints: [{ address: "a.example", ports: { other: 80 } }] }),
    "spec.endpoints[0].ports.other",
  ],
  ["names where each call is looked up", entry({ resolution: "DYNAMIC_DNS", location: "MESH_EXTERNAL" }), "spec.hosts"],
  [
    "addresses where each call is looked up",
    entry({ hosts: ["*.example.com"], addresses: ["192.0.2.1"], resolution: "DYNAMIC_DNS" }),
    "spec.addresses",
  ],
];
