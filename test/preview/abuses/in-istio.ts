import { type KubernetesObject } from "@kubernetes/client-node";
import { type ClusterAbuse, own } from "./in-cluster";

const object = (apiVersion: string, kind: string, spec: object, namespace = own): KubernetesObject =>
  Object.assign({ apiVersion, kind, metadata: { name: "abuse", namespace } }, { spec });

const networking = (kind: string, spec: object, namespace?: string): KubernetesObject =>
  object("networking.istio.io/v1", kind, spec, namespace);

const to = (host: string) => ({ http: [{ route: [{ destination: { host } }] }] });

const routed = (spec: object): KubernetesObject =>
  networking("VirtualService", { ...to("bookbuyer.pr-7-bookbuyer.svc.cluster.local"), ...spec });

const outside = (spec: object): KubernetesObject =>
  networking("ServiceEntry", {
    ...{ hosts: ["login.example.com"], location: "MESH_EXTERNAL", resolution: "DNS" },
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
    ...spec,
  });

const annotated = (annotations: Readonly<Record<string, string>>): KubernetesObject => {
  const labels = { app: "abuse" };
  const image = "docker.io/openservicemesh/bookbuyer:v1.2.4";
  const template = { metadata: { labels, annotations }, spec: { containers: [{ name: "main", image }] } };
  return object("apps/v1", "Deployment", { replicas: 0, selector: { matchLabels: labels }, template });
};

const elsewhere = /Previews write into namespaces whose names begin with pr-NUMBER- alone/;
const asItIs = /take the mesh's sidecar as it is/;
const ofTheSame = /are for Services of the same preview/;

/** What a preview's identity tries to make on a cluster with Istio, to reach further than its own sidecars. */
export const istioAbuses: readonly ClusterAbuse[] = [
  {
    what: "a route for the shared bookstore's callers",
    object: routed({ hosts: ["bookstore.bookstore.svc.cluster.local"] }),
    refused: ofTheSame,
  },
  { what: "a route for every host", object: routed({ hosts: ["*"] }), refused: ofTheSame },
  {
    what: "a route for hosts of everybody by a wildcard",
    object: routed({ hosts: ["*.svc.cluster.local"] }),
    refused: ofTheSame,
  },
  {
    what: "a route for another preview",
    object: routed({ hosts: ["bookstore.pr-70-bookstore.svc.cluster.local"] }),
    refused: ofTheSame,
  },
  {
    what: "a route for a host outside that everybody calls",
    object: routed({ hosts: ["login.example.com"] }),
    refused: ofTheSame,
  },
  {
    what: "one host of its own beside one of others",
    object: routed({ hosts: ["bookbuyer", "bookstore.bookstore.svc.cluster.local"] }),
    refused: ofTheSame,
  },
  {
    what: "a route through everybody's gateway",
    object: routed({ hosts: ["bookbuyer"], gateways: ["mesh", "aks-istio-ingress/external"] }),
    refused: /leave gateways out/,
  },
  { what: "a host outside for everybody's sidecars", object: outside({}), refused: /write exportTo \[\.\]/ },
  {
    what: "a host outside for the bookstore's sidecars",
    object: outside({ exportTo: [".", "bookstore"] }),
    refused: /write exportTo \[\.\]/,
  },
  {
    what: "a Gateway, which takes everybody's pods",
    object: networking("Gateway", { selector: { istio: "aks-istio-ingressgateway-external" }, servers: [] }),
    refused: /cannot create resource "gateways"/,
  },
  {
    what: "an EnvoyFilter",
    object: object("networking.istio.io/v1alpha3", "EnvoyFilter", { configPatches: [] }),
    refused: /cannot create resource "envoyfilters"/,
  },
  {
    what: "a policy among the shared workloads",
    object: object("security.istio.io/v1", "AuthorizationPolicy", {}, "bookstore"),
    refused: elsewhere,
  },
  {
    what: "plain text for the whole mesh",
    object: object("security.istio.io/v1", "PeerAuthentication", { mtls: { mode: "DISABLE" } }, "aks-istio-system"),
    refused: elsewhere,
  },
  {
    what: "pods with a sidecar from elsewhere",
    object: annotated({ "sidecar.istio.io/proxyImage": "ghcr.io/mallory/proxy:1" }),
    refused: asItIs,
  },
  {
    what: "pods whose sidecar has the node's files",
    object: annotated({ "sidecar.istio.io/userVolume": '{"node":{"hostPath":{"path":"/"}}}' }),
    refused: asItIs,
  },
  {
    what: "pods with a template of their own for the sidecar",
    object: annotated({ "inject.istio.io/templates": "mine" }),
    refused: asItIs,
  },
];

/** What a preview may make of the same kinds. */
export const istioUses: readonly (readonly [what: string, object: KubernetesObject])[] = [
  ["a route for a Service of its namespace", routed({ hosts: ["bookbuyer"] })],
  ["a route for a Service of the same preview", routed({ hosts: ["bookstore.pr-7-bookstore.svc.cluster.local"] })],
  ["a route for its own sidecars", routed({ hosts: ["login.example.com"], exportTo: ["."] })],
  ["a host outside for its own sidecars", outside({ exportTo: ["."] })],
  ["a policy", object("security.istio.io/v1", "AuthorizationPolicy", { action: "DENY", rules: [{}] })],
];
