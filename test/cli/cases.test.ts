import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { capture } from "./capture";

/** A situation that somebody reported, and what the command has to say of it. */
interface Case {
  /** Arguments; names that end in .yaml are files of the folder `cases`. */
  readonly args: readonly string[];
  readonly code: number;
  /** What standard output and standard error hold, in any order. */
  readonly says: readonly RegExp[];
  readonly neverSays?: readonly RegExp[];
}

const gateway = "gw.edge.cluster.local";
const refused = /The API server refuses the object/;

const cases: readonly Case[] = [
  // What the API server or OSM's webhook refuses, with the near name of a misspelt field.
  {
    args: ["check", "schema-path-for-pathregex.yaml"],
    code: 1,
    says: [refused, /spec\.matches\[0\]\.path: there is no such property/, /Did you mean pathRegex\?/],
  },
  { args: ["check", "schema-method-for-methods.yaml"], code: 1, says: [refused, /Did you mean methods\?/] },
  {
    args: ["check", "schema-old-destination-port.yaml"],
    code: 1,
    says: [refused, /spec\.destination\.port/, /There are: kind, name, namespace/],
  },
  { args: ["check", "schema-max-connection.yaml"], code: 1, says: [refused, /Did you mean maxConnections\?/] },
  { args: ["check", "schema-underscore.yaml"], code: 1, says: [refused, /"Bad_Name" is no valid name/] },
  {
    args: ["check", "split-weight-left-out.yaml"],
    code: 1,
    says: [refused, /spec\.backends\[0\]\.weight: is missing/],
  },
  {
    args: ["check", "target-in-the-callers-namespace.yaml"],
    code: 1,
    says: [/OSM's webhook refuses the object/, /Move the object and its route groups to namespace srv/],
    neverSays: [/Add the HTTPRouteGroup to the TrafficTarget's namespace/, /\[ignored-target\]/],
  },
  // Older versions: what to write instead, field by field.
  {
    args: ["check", "split-v1alpha4-matches.yaml"],
    code: 1,
    says: [/write split\.smi-spec\.io\/v1alpha2/, /take `spec\.matches` out/],
  },
  { args: ["check", "split-v1alpha1.yaml"], code: 1, says: [/write each `weight` as a number/] },
  {
    args: ["check", "target-v1alpha1.yaml"],
    code: 1,
    says: [
      /move `destination` and `sources` below `spec`/,
      /rename `specs` to `spec\.rules`/,
      /take `destination\.port` out/,
    ],
  },
  { args: ["check", "groups-older.yaml"], code: 1, says: [/move `matches` below `spec`/, /write `headers` as a list/] },
  { args: ["check", "tcproutes-older.yaml"], code: 1, says: [/name the ports in `spec\.matches\.ports`/] },
  // What Envoy's RE2 takes.
  {
    args: ["check", "pattern-too-large.yaml"],
    code: 1,
    says: [/its RE2 program has 173 instructions, and at most 100 are taken/, /\[broken-guarantee\]/],
    neverSays: [/share a host name/],
  },
  // Members of the same kinds, found by looking for more of them.
  {
    args: ["check", "ingress-http-to-tcp-port.yaml"],
    code: 1,
    says: [/shown by {2}outside:0\.0\.0\.0\/0 → t\.web\.svc\.cluster\.local:90 GET/],
  },
  { args: ["access", "ingress-http-to-tcp-port.yaml"], code: 0, says: [/outside:0\.0\.0\.0\/0 → t\.web:90/] },
  {
    args: ["check", "outside-by-excluded-port.yaml"],
    code: 1,
    says: [/It is broken: a call that must never pass is allowed/, /shown by {2}outside → s\.web/],
  },
  {
    args: ["diff", "egress-one-address.yaml", "egress-a-range.yaml"],
    code: 0,
    says: [/opens: web\/s → 1\.2\.3\.1:5432/],
    neverSays: [/No change/],
  },
  { args: ["check", "egress-range-of-which-some-passes.yaml"], code: 0, says: [/No findings/] },
  {
    args: ["explain", "egress-wildcard-host.yaml", "--from", "web/s", "--to", "api.vendor.example:80"],
    code: 0,
    says: [/allowed \(200\)/, /Egress web\/e/],
  },
  {
    args: ["explain", "egress-wildcard-host.yaml", "--from", "web/s", "--to", "vendor.example:80"],
    code: 0,
    says: [/no-route \(404\)/],
  },
  { args: ["check", "ingress-from-ipv6.yaml"], code: 0, says: [/2001:db8::\/32 is IPv6/, /1 of 1 guarantees proved/] },
  { args: ["check", "ingress-backend-off.yaml"], code: 0, says: [/OSM 1\.2 reads IngressBackend objects although/] },
  {
    args: ["check", "outside-by-ip-blocks.yaml"],
    code: 1,
    says: [/Guarantee never2: It is broken/, /outside:10\.0\.0\.0\/8/, /1 of 2 guarantees proved/],
  },
  {
    args: ["diff", "outside-by-ip-blocks.yaml", "outside-by-one-ip-block.yaml"],
    code: 0,
    says: [/opens: outside:10\.1\.0\.0\/16 → s\.web/],
  },
  { args: ["check", "injection-in-capitals.yaml"], code: 0, says: [/No findings/] },
  {
    args: ["check", "mesh-of-another-name.yaml"],
    code: 1,
    says: [/Namespace web is not taken to be in the mesh: its label names the mesh "my-mesh"/],
  },
  {
    args: ["explain", "no-replicas.yaml", "--from", "cli/c", "--to", "s.web:80"],
    code: 0,
    says: [/allowed/, /Workloads of web\/s have no replicas: each is taken to run the pods/],
  },
  {
    args: ["check", "selector-of-another.yaml"],
    code: 1,
    says: [/No Service selects the pods that run as web\/s, .*: Service web\/s selects app=other, which no pod has/],
  },
  { args: ["check", "port-by-udp.yaml"], code: 0, says: [/port 80 by UDP goes around the mesh/] },
  { args: ["check", "path-as-glob.yaml"], code: 0, says: [/"\/api\/\*" is RE2: an asterisk repeats/, /Write \.\*/] },
  { args: ["check", "path-with-query.yaml"], code: 0, says: [/a path has no query/] },
  { args: ["check", "path-as-template.yaml"], code: 0, says: [/braces with a name in them are these very characters/] },
  { args: ["check", "path-pseudo-header.yaml"], code: 1, says: [/Every call of cli\/c to s\.web.* gets 404/] },
  { args: ["check", "scheme-never-https.yaml"], code: 1, says: [/Every call of cli\/c to s\.web.* gets 404/] },
  {
    args: ["explain", "no-replicas.yaml", "--from", "cli/c", "--to", "s.web:80", "--path", "items"],
    code: 2,
    says: [/--path has to begin with \//],
  },
  {
    args: ["check", "ingress-from-unseen-controller.yaml"],
    code: 1,
    says: [
      /No Service in edge: edge\/nginx, from which an IngressBackend lets calls in, is taken to be outside of the mesh/,
      /Guarantee nobody-comes-in: It is broken/,
      /as gw → s\.web/,
    ],
  },
  {
    args: ["check", "ingress-to-the-pods-port.yaml"],
    code: 0,
    says: [/It leads to port 8080 of Service web\/s, which has only 80 \(http\)/],
  },
  { args: ["check", "ingress-to-nobody.yaml"], code: 0, says: [/There is no Service web\/sx/, /Did you mean s\?/] },
  { args: ["check", "methods-in-lower-case.yaml"], code: 1, says: [refused, /methods\[0\]: "get" is not allowed/] },
  { args: ["check", "config-in-another-namespace.yaml"], code: 0, says: [/No findings/] },
  {
    args: ["check", "config-with-texts.yaml"],
    code: 1,
    says: [/enablePermissiveTrafficPolicyMode: Must be true or false, is a string/],
  },
  // Network policies see the pods' ports, and their own namespace where they name no other.
  {
    args: ["explain", "network-policy-by-service-port.yaml", "--from", "cli/c", "--to", "s.web:80"],
    code: 0,
    says: [/unavailable \(503\)/, /stopped by the network, below the mesh/, /NetworkPolicy web\/np/],
  },
  { args: ["check", "network-policy-of-own-namespace.yaml"], code: 1, says: [/\[network-policy-stops-calls\]/] },
  { args: ["check", "network-policy-port-range.yaml"], code: 0, says: [/No findings/] },
  {
    args: ["explain", "network-policy-by-pod-addresses.yaml", "--from", "cli/c", "--to", "s.web:80"],
    code: 0,
    says: [/varies by network: allowed or unavailable/],
  },
  {
    args: ["diff", "network-policy-closed.yaml", "network-policy-port-range.yaml"],
    code: 0,
    says: [/opens: cli\/c → s\.web/, /was unavailable \(503\), is allowed \(200\)/],
  },
  // What an IngressBackend or an Egress means to let through, and of which nothing passes.
  {
    args: ["check", "ingress-stopped-by-network.yaml"],
    code: 1,
    says: [/IngressBackend web\/s: Every call of outside:10\.0\.0\.0\/8 to s\.web.* is refused: the network stops/],
  },
  {
    args: ["check", "ingress-controller-stopped-by-network.yaml"],
    code: 1,
    says: [/IngressBackend web\/s: Every call of edge\/nginx to s\.web.* is refused: the network stops/],
  },
  {
    args: ["check", "egress-stopped-by-network.yaml"],
    code: 1,
    says: [/Egress web\/e: Every call of web\/s to api\.vendor\.example:443 is refused: the network stops/],
  },
  {
    args: ["check", "egress-void.yaml"],
    code: 1,
    says: [
      /Egress web\/e: .* gets 404: it names HTTPRouteGroups, and none that is there has a match/,
      /Egress web\/f: .* is refused: OSM ignores Egress web\/f: there is no UpstreamTrafficSetting web\/gone/,
      /Egress outofmesh\/g: .* OSM ignores Egress outofmesh\/g: namespace outofmesh is not in the mesh/,
    ],
  },
  // What answers rest on and is not so is said with them.
  {
    args: ["explain", "control-plane-blocked.yaml", "--from", "cli/c", "--to", "s.web:80"],
    code: 0,
    says: [
      /allowed \(200\)/,
      /assumed that the sidecars of cli\/c have their configuration, which is not so: NetworkPolicy cli\/out/,
    ],
  },
  {
    args: ["check", "control-plane-blocked.yaml"],
    code: 1,
    says: [
      /Guarantee comes-in: It cannot be proved\. It is assumed that the sidecars of cli\/c/,
      /0 of 1 guarantees proved/,
    ],
  },
  {
    args: ["diff", "control-plane-blocked.yaml", "control-plane-blocked.yaml"],
    code: 0,
    says: [/No change: proved .*It is assumed that the sidecars of cli\/c have their configuration, which is not so/],
  },
  // Who is named in a policy and runs nowhere is no caller like others.
  {
    args: ["access", "source-account-misspelt.yaml"],
    code: 0,
    says: [/web\/nobody \(nothing runs as it\) {2}◐/, /web\/nobody \(nothing runs as it\) → s\.web:80/],
  },
  {
    args: ["check", "namespaces-misspelt.yaml"],
    code: 1,
    says: [
      /There is no namespace cil: the source lets nobody in\. \[source-outside-mesh\]\n +remedy +Did you mean cli\?/,
      /Egress cli\/e: There is no namespace cil/,
      /Retry cli\/r: There is no Service web\/ss/,
      /IngressBackend web\/i: There is no namespace egde[^\n]*\n +remedy +Did you mean edge\?/,
    ],
  },
  // Names of a Service are told apart by a condition on the Host header.
  {
    args: ["check", "host-short-name.yaml"],
    code: 1,
    says: [/It is broken: a call that must never pass is allowed/, /shown by {2}cli\/c → [^\n]* Host: s\.web\n/],
  },
  {
    args: ["diff", "host-of-nobody.yaml", "host-short-name.yaml"],
    code: 0,
    says: [/opens: cli\/c → s\.web/, /Host: s\.web/],
    neverSays: [/No change/],
  },
  // What passes sidecars by, by the MeshConfig or by a pod's annotation.
  {
    args: ["diff", "egress-no-exclusions.yaml", "egress-excluded-port.yaml"],
    code: 0,
    says: [/opens: cli\/c → outside\.example:6379/],
    neverSays: [/No change/],
  },
  {
    args: ["diff", "egress-no-exclusions.yaml", "egress-excluded-range.yaml"],
    code: 0,
    says: [/opens: cli\/c → 1\.2\.3\.0:443/, /opens: cli\/c → 1\.2\.3\.0:80/],
    neverSays: [/web\/s →/],
  },
  // Only one MeshConfig counts, and the other is said.
  {
    args: ["check", "two-mesh-configs.yaml"],
    code: 1,
    says: [/MeshConfig osm-system\/osm-mesh-config is not read: only kube-system/, /\[permissive-mode\]/],
  },
  // The label alone gives no sidecar.
  {
    args: ["check", "sidecar-label-only.yaml"],
    code: 1,
    says: [/\[no-sidecar-injection\]/, /\[broken-guarantee\]/, /0 of 1 guarantees proved/],
  },
  // Files that show some objects and not others.
  { args: ["check", "endpoints-of-one-service.yaml"], code: 0, says: [/No Endpoints of web\/s:/, /No findings/] },
  { args: ["check", "endpoints-of-kubernetes.yaml"], code: 0, says: [/No Endpoints of web\/s:/, /No findings/] },
  {
    args: ["check", "split-backends-elsewhere.yaml"],
    code: 1,
    says: [/error: TrafficSplit shop\/s: No backend has an endpoint for port 80 of the root shop\/root/],
    neverSays: [/\[backend-port\]/],
  },
  // The outside is a party.
  {
    args: ["diff", "outside-closed.yaml", "outside-ingress-to-anybody.yaml"],
    code: 0,
    says: [/opens: outside:0\.0\.0\.0\/0 → s\.web\.svc\.cluster\.local:80/, /was refused, is allowed \(200\)/],
  },
  {
    args: ["check", "outside-ingress-guarantee.yaml"],
    code: 1,
    says: [/\[broken-guarantee\]/, /outside:0\.0\.0\.0\/0/],
  },
  {
    args: ["access", "outside-ingress-to-anybody.yaml"],
    code: 0,
    says: [/outside:0\.0\.0\.0\/0 → s\.web:80/],
    neverSays: [/Nobody may call anybody/],
  },
  {
    args: ["diff", "egress-before.yaml", "egress-after.yaml"],
    code: 0,
    says: [/opens: web\/s → evil\.example:443/, /TLS to evil\.example/],
  },
  {
    args: ["explain", "egress-https.yaml", "--from", "web/c", "--to", "api.vendor.example:443", "--tls"],
    code: 0,
    says: [/allowed/, /Egress web\/e/],
  },
  {
    args: ["explain", "egress-https.yaml", "--from", "web/c", "--to", "other.vendor.example:443", "--tls"],
    code: 0,
    says: [/refused/],
  },
  {
    args: ["explain", "ingress-source-label-only.yaml", "--from", "edge/nginx", "--to", "buyer.bookshop:14001"],
    code: 0,
    says: [/allowed \(200\)/],
  },
  // ExternalName is DNS: it leads where its name leads, and the Host stays that of the alias.
  {
    args: ["explain", "external-name-egress-open.yaml", "--from", "web/c", "--to", "sqldb:1433", "--tcp"],
    code: 0,
    says: [/allowed/],
  },
  {
    args: ["explain", "external-name.yaml", "--from", "web/c", "--to", "sqldb:1433", "--tcp"],
    code: 0,
    says: [/refused/],
    neverSays: [/leads nowhere/],
  },
  {
    args: ["explain", "external-name.yaml", "--from", "web/c", "--to", "alias:80"],
    code: 0,
    says: [/no-route \(404\)/, /"alias" is no host name/],
  },
  // Callers that speak TLS themselves: what passes was seen with real Envoys (test/judge/live-limits).
  {
    args: ["explain", "ingress-by-tls.yaml", "--from", "outside", "--to", "named.web:80", "--principal", gateway],
    code: 0,
    says: [/outside as gw\.edge\.cluster\.local → named\.web:80 GET \/ \(TLS to named\.web\)/, /allowed \(200\)/],
  },
  {
    args: ["explain", "ingress-by-tls.yaml", "--from", "outside as another", "--to", "named.web:80"],
    code: 0,
    says: [/denied \(403\)/, /sources do not name the caller's certificate, another/],
  },
  {
    args: ["explain", "ingress-by-tls.yaml", "--from", "outside", "--to", "named.web:80", "--tls"],
    code: 0,
    says: [/refused/, /asks for a client certificate of the mesh's authority, and the caller shows none/],
  },
  {
    args: ["explain", "ingress-by-tls.yaml", "--from", "outside", "--to", "skip.web.svc.cluster.local:80", "--tls"],
    code: 0,
    says: [/refused/, /that name is for sidecars; send another one, or none/],
  },
  {
    args: ["access", "ingress-by-tls.yaml"],
    code: 0,
    says: [
      /outside:0\.0\.0\.0\/0  +● · · ● ◌ ·/,
      /outside:0\.0\.0\.0\/0 as gw\.edge\.cluster\.local → named\.web:80 by TLS/,
      /→ sni\.web:80 by TLS to shop\.example/,
    ],
  },
  // Of an order that nothing defines no share is told.
  {
    args: ["explain", "ingress-by-tls.yaml", "--from", "outside", "--to", "two.web:80"],
    code: 0,
    says: [/varies by route-order: allowed or denied/, /an undefined share web\/two/],
    neverSays: [/50 %/],
  },
  {
    args: ["access", "ingress-by-tls.yaml"],
    code: 0,
    says: [/403 an undefined share of the calls/],
    neverSays: [/50 %/],
  },
  {
    args: ["access", "ingress-by-tls.yaml", "--json"],
    code: 0,
    says: [/"from": \[\s+"outside:0\.0\.0\.0\/0 as gw\.edge\.cluster\.local"/, /"server-name": "shop\.example"/],
  },
  {
    args: ["diff", "outside-closed.yaml", "outside-ingress-tls.yaml"],
    code: 0,
    says: [/opens: outside:10\.0\.0\.0\/8 as gateway\.edge\.cluster\.local → s\.web/, /\(TLS without a server name\)/],
  },
  {
    args: ["check", "outside-ingress-tls.yaml"],
    code: 1,
    says: [
      /Guarantee nobody-outside: It is broken/,
      /Guarantee nobody-of-one-range: It is broken/,
      /outside:10\.0\.0\.0\/8 as gateway\.edge\.cluster\.local → s\.web/,
      /2 of 4 guarantees proved/,
    ],
    neverSays: [/the-gateway-comes-in/, /nobody-elsewhere/],
  },
  {
    args: ["check", "ingress-https-without-principal.yaml"],
    code: 1,
    says: [/every client certificate of the mesh's authority passes/],
  },
  // What explain shows to fail for every request.
  {
    args: ["check", "headless-twice.yaml"],
    code: 1,
    says: [
      /Every call of mq\/c to r-0\.r-nodes\.mq.*is refused: Envoy refuses the caller's listener/,
      /\[always-fails\]/,
    ],
  },
  {
    args: ["check", "host-without-port.yaml"],
    code: 1,
    says: [/HTTPRouteGroup bs\/routes: No Host header .* is "store\.bs": they send, for instance, "store\.bs:14001"/],
    neverSays: [/\[always-fails\]/],
  },
  { args: ["access", "host-without-port.yaml"], code: 0, says: [/bb\/buyer {2}○/], neverSays: [/pass/] },
  { args: ["access", "host-of-another-service.yaml"], code: 0, says: [/cli\/c {4}· ○/], neverSays: [/pass/] },
  { args: ["check", "host-of-another-service.yaml"], code: 1, says: [/\[host-never-matches\]/] },
  {
    args: ["check", "port-name-is-http.yaml"],
    code: 0,
    says: [/Service db\/mongo: OSM takes port 27017, mongodb, for HTTP/, /Write appProtocol: tcp/],
  },
  {
    args: ["check", "source-account-misspelt.yaml"],
    code: 0,
    says: [/There is no service account web\/nobody/],
  },
  {
    args: ["check", "ingress-without-backend.yaml"],
    code: 0,
    says: [/Ingress bookshop\/buyer: .*no IngressBackend opens that port/, /backend buyer, port 14001/],
  },
  { args: ["access", "two-mesh-configs.yaml"], code: 0, says: [/Permissive mode: every caller of the mesh/] },
  // Output of Helm names no namespace.
  {
    args: ["check", "helm-without-namespace.yaml"],
    code: 1,
    says: [/7 objects name no namespace: "default" was assumed; --namespace NAME says another/],
  },
  { args: ["check", "helm-without-namespace.yaml", "--namespace", "shop"], code: 0, says: [/No findings/] },
];

describe("situations that people reported", () => {
  it.each(cases)("$args", async ({ args, code, says, neverSays = [] }) => {
    const paths = args.map((arg) => (arg.endsWith(".yaml") ? join(__dirname, "cases", arg) : arg));
    const { result, output } = await capture(() => main(paths));
    for (const text of says) expect(output).toMatch(text);
    for (const text of neverSays) expect(output).not.toMatch(text);
    expect(result, output).toBe(code);
  });
});
