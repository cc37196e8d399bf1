import { PassThrough } from "node:stream";
import { join } from "node:path";
import { type SecureVersion } from "node:tls";
import { type JsonGeneralName } from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { podProblem } from "../../sandbox/data-plane/runner";
import { type Sandbox } from "../../sandbox/sandbox";
import { ensureIstio } from "../../sandbox/tools/istio";
import { type StackCluster } from "../../sandbox/traffic/cluster";
import { openTraffic, type Traffic } from "../../sandbox/traffic/traffic";
import { type Logged, readAccessLog } from "./access-log";
import { arm } from "./azure";
import { closeTestSandbox, openTestSandbox } from "./in-sandbox";
import { bookstoreOn } from "./istio-bookstore";
import { applyBetween, bookbuyersEnds, istioInjects, makeCluster } from "./mesh-cluster";
import { type KeyPair, signedBy, speak, type Speaking, type Spoken, strangeAuthority } from "./sidecar-tls";
import { until } from "./until";

let sandbox: Sandbox;
let problem: string | undefined;

beforeAll(async () => {
  problem = await podProblem();
  if (problem !== undefined) return;
  sandbox = await openTestSandbox();
  await ensureIstio(() => undefined);
  await sandbox.emulator.control("PUT", "settings", { requireFeature: false });
  await arm(sandbox, "PUT", "/resourceGroups/mesh?api-version=2022-09-01", { location: "westeurope" });
});
afterAll(async () => {
  if (problem === undefined) await closeTestSandbox(sandbox);
});

/** What differs between the meshes. */
interface Mesh {
  /** What of a cluster's properties switches it on. */
  readonly properties: object;
  /** Waits until policies and pods can be made. */
  readonly ready: (cluster: StackCluster) => Promise<void>;
  /** Makes certificates short, closes bookstore but for bookbuyer. Paths in the API and objects. */
  readonly settings: readonly (readonly [path: string, object: object])[];
  readonly namespace: (object: KubernetesObject) => KubernetesObject;
  /** Path of the Secret with the mesh's authority, and its keys. */
  readonly authority: readonly [path: string, cert: string, key: string];
  /** What a sidecar offers as protocol, and as the server's name. */
  readonly alpn: string;
  readonly serverName: string;
  /** Whether an application is told who calls. */
  readonly tellsCaller: boolean;
  /** Suites of TLS 1.2 without forward secrecy that it takes, in OpenSSL's notation. */
  readonly takesToo: readonly string[];
  /** What closes TLS 1.2: paths and patches. */
  readonly tls13Alone: readonly (readonly [path: string, patch: object])[];
  /** How a call of somebody ends who is known and not let in. */
  readonly forbidden: string;
  readonly identity: (account: string, trustDomain: string) => JsonGeneralName;
}

const revision = "asm-1-29";
const service = "bookstore.bookstore.svc.cluster.local";

const sharedConfig = `/api/v1/namespaces/aks-istio-system/configmaps/istio-shared-configmap-${revision}`;
const shortLife =
  "accessLogFile: /dev/stdout\naccessLogEncoding: JSON\ndefaultConfig:\n  proxyMetadata:\n    SECRET_TTL: 60s\n";
const meshConfig = "/apis/config.openservicemesh.io/v1alpha2/namespaces/kube-system/meshconfigs/osm-mesh-config";

const routes = "/apis/specs.smi-spec.io/v1alpha4/namespaces/bookstore/httproutegroups/all";

const istio: Mesh = {
  properties: { serviceMeshProfile: { mode: "Istio", istio: { revisions: [revision] } } },
  ready: ({ api }) => istioInjects(api, revision),
  settings: [
    [
      sharedConfig,
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `istio-shared-configmap-${revision}`, namespace: "aks-istio-system" },
        data: { mesh: shortLife },
      },
    ],
    [
      "/apis/security.istio.io/v1/namespaces/aks-istio-system/peerauthentications/default",
      {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", namespace: "aks-istio-system" },
        spec: { mtls: { mode: "STRICT" } },
      },
    ],
    [
      "/apis/security.istio.io/v1/namespaces/bookstore/authorizationpolicies/callers",
      {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "callers", namespace: "bookstore" },
        spec: { rules: [{ from: [{ source: { principals: ["cluster.local/ns/bookbuyer/sa/bookbuyer"] } }] }] },
      },
    ],
  ],
  namespace: (object) => object,
  authority: ["/api/v1/namespaces/aks-istio-system/secrets/istio-ca-secret", "ca-cert.pem", "ca-key.pem"],
  alpn: "istio",
  serverName: "",
  tellsCaller: true,
  takesToo: ["AES128-GCM-SHA256", "AES256-GCM-SHA384"],
  tls13Alone: [[sharedConfig, { data: { mesh: `${shortLife}meshMTLS:\n  minProtocolVersion: TLSV1_3\n` } }]],
  forbidden: "403",
  identity: (account, trustDomain) => ({ type: "url", value: `spiffe://${trustDomain}/ns/${account}/sa/${account}` }),
};

const osm: Mesh = {
  properties: { addonProfiles: { openServiceMesh: { enabled: true, config: {} } } },
  ready: async ({ api }) => {
    const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/aks-osm-webhook-osm";
    await until(async () => await api.find(path).catch(() => undefined));
    await api.mergePatch(meshConfig, {
      spec: {
        traffic: { enablePermissiveTrafficPolicyMode: false },
        certificate: { serviceCertValidityDuration: "1m" },
      },
    });
  },
  settings: [
    [
      routes,
      {
        apiVersion: "specs.smi-spec.io/v1alpha4",
        kind: "HTTPRouteGroup",
        metadata: { name: "all", namespace: "bookstore" },
        spec: { matches: [{ name: "all", methods: ["GET"], pathRegex: "/.*" }] },
      },
    ],
    [
      "/apis/access.smi-spec.io/v1alpha3/namespaces/bookstore/traffictargets/callers",
      {
        apiVersion: "access.smi-spec.io/v1alpha3",
        kind: "TrafficTarget",
        metadata: { name: "callers", namespace: "bookstore" },
        spec: {
          destination: { kind: "ServiceAccount", name: "bookstore", namespace: "bookstore" },
          sources: [{ kind: "ServiceAccount", name: "bookbuyer", namespace: "bookbuyer" }],
          rules: [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }],
        },
      },
    ],
  ],
  namespace: (object) =>
    object.kind === "Namespace"
      ? {
          ...object,
          metadata: {
            ...object.metadata,
            labels: { "openservicemesh.io/monitored-by": "osm" },
            annotations: { "openservicemesh.io/sidecar-injection": "enabled" },
          },
        }
      : object,
  authority: ["/api/v1/namespaces/kube-system/secrets/osm-ca-bundle", "ca.crt", "private.key"],
  alpn: "osm",
  serverName: service,
  tellsCaller: false,
  takesToo: [],
  // Sidecars that run are told of it when they are sent something else.
  tls13Alone: [
    [meshConfig, { spec: { sidecar: { tlsMinProtocolVersion: "TLSv1_3" } } }],
    [routes, { spec: { matches: [{ name: "all", methods: ["GET", "HEAD"], pathRegex: "/.*" }] } }],
  ],
  forbidden: "refused",
  identity: (account, trustDomain) => ({ type: "dns", value: `${account}.${account}.${trustDomain}` }),
};

const request = ["GET /books-bought HTTP/1.1", `host: ${service}:14001`, "user-agent: test"];

/** The sample's caller and what it calls, running, in a cluster of its own. */
interface Running {
  readonly cluster: StackCluster;
  readonly traffic: Traffic;
  readonly authority: KeyPair;
  /** Calls of bookbuyer since a time that TLS ended, as its sidecar says; those that a stalled machine lets run into a time limit are none of them. */
  readonly endedByTls: (since: Date) => Promise<readonly Logged[]>;
  /** Speaks with bookstore's sidecar by TLS, or in plain text. */
  readonly say: (
    tls?: Omit<NonNullable<Speaking["tls"]>, "serverName" | "alpn">,
    headers?: readonly string[],
  ) => Promise<Spoken>;
}

async function start(name: string, mesh: Mesh): Promise<Running> {
  const cluster = await makeCluster(sandbox, name, mesh.properties);
  const { api } = cluster;
  await mesh.ready(cluster);
  const objects = bookstoreOn(revision, ["bookbuyer", "bookstore"]).map(mesh.namespace);
  await applyBetween(api, objects, mesh.settings);
  const accessLog = join(sandbox.paths.directory, `${name}.jsonl`);
  const traffic = await openTraffic(cluster, () => undefined, new PassThrough().resume(), accessLog);
  await until(() => traffic.look());
  const [path, cert, key] = mesh.authority;
  const { data } = await api.get<{ data: Record<string, string> }>(path);
  const text = (file: string): string => Buffer.from(data[file] ?? "", "base64").toString();
  const [pod] = await api.list<{ status: { podIP: string } }>("/api/v1/namespaces/bookstore/pods");
  const proxy = await traffic.openProxy();
  return {
    cluster,
    traffic,
    authority: { cert: text(cert), key: text(key) },
    endedByTls: async (since) => {
      // Envoy's words are `…{remote_connection_failure|TLS_error:…}` and the like.
      const logged = (await readAccessLog(accessLog)).filter(({ pod }) => pod.startsWith("bookbuyer/"));
      expect(logged.length).toBeGreaterThan(0);
      return logged.filter(
        ({ log }) =>
          typeof log === "string" ||
          (String(log["start_time"]) > since.toISOString() && /TLS|SSL/.test(String(log["response_code_details"]))),
      );
    },
    say: (tls, headers = []) =>
      speak(proxy, {
        to: `${pod?.status.podIP}:14001`,
        request: [...request, ...headers],
        ...(tls && { tls: { ...tls, serverName: mesh.serverName, alpn: mesh.alpn } }),
      }),
  };
}

/** With keys that are forgotten (ECDHE), and encryption that notices changes. */
const goodCiphers = /^TLS_(ECDHE_RSA_WITH_)?(AES_(128|256)_GCM_SHA(256|384)|CHACHA20_POLY1305_SHA256)$/;

/** At this level OpenSSL offers the oldest versions too. */
const anyCipher = "ALL@SECLEVEL=0";

describe.for([
  ["osm", osm],
  ["istio", istio],
] as const)("mutual TLS of %s", ([name, mesh]) => {
  let running: Running;
  beforeAll(async () => {
    if (problem === undefined) running = await start(name, mesh);
  });
  afterAll(() => running?.traffic.close());

  /** A certificate for an account of a trust domain. */
  const certificateOf = (account: string, trustDomain = "cluster.local", by = running.authority): Promise<KeyPair> =>
    signedBy(by, [mesh.identity(account, trustDomain)]);

  it("lets in who shows a certificate of the mesh's authority for an account that may call, and nobody else", async ({
    skip,
  }) => {
    if (problem !== undefined) skip(problem);
    const { authority, say } = running;
    const end = async (client: Promise<KeyPair>): Promise<string> => (await say({ client: await client })).end;
    expect(await end(certificateOf("bookbuyer"))).toBe("200");
    expect((await say()).end, "plain text").toBe("refused");
    expect((await say({})).end, "no certificate").toBe("refused");
    expect(await end(certificateOf("bookthief"))).toBe(mesh.forbidden);
    expect(await end(certificateOf("bookbuyer", "elsewhere.example"))).toBe("refused");
    const strange = await strangeAuthority(authority);
    expect(await end(certificateOf("bookbuyer", "cluster.local", strange)), "another authority").toBe("refused");
  });

  it("tells the application who calls, behind what the caller says of itself, or nothing", async ({ skip }) => {
    if (problem !== undefined) skip(problem);
    const { end, caller } = await running.say({ client: await certificateOf("bookbuyer") }, [
      "x-forwarded-client-cert: URI=spiffe://cluster.local/ns/bookthief/sa/bookthief",
    ]);
    expect(end).toBe("200");
    const uris = [...(caller ?? "").matchAll(/URI=([^;,]*)/g)].map(([, uri]) => uri);
    const said = [
      "spiffe://cluster.local/ns/bookthief/sa/bookthief",
      "spiffe://cluster.local/ns/bookbuyer/sa/bookbuyer",
    ];
    // The last one is the sidecar's. Who has a key of the mesh and no sidecar may have written others before it.
    expect(uris).toEqual(mesh.tellsCaller ? said : []);
  });

  it("takes TLS 1.2 and 1.3 with ciphers of today, and nothing older", async ({ skip }) => {
    if (problem !== undefined) skip(problem);
    const client = await certificateOf("bookbuyer");
    const offered = (version: SecureVersion, ciphers = anyCipher): Promise<Spoken> =>
      running.say({ client, version, ciphers });
    expect((await offered("TLSv1")).end).toBe("refused");
    expect((await offered("TLSv1.1")).end).toBe("refused");
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const spoken = await offered(version);
      expect([spoken.end, spoken.version]).toEqual(["200", version]);
      expect(spoken.cipher).toMatch(goodCiphers);
    }
    const withoutForwardSecrecy = ["AES128-GCM-SHA256", "AES256-GCM-SHA384"];
    for (const old of ["AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", ...withoutForwardSecrecy]) {
      const { end } = await offered("TLSv1.2", `${old}@SECLEVEL=0`);
      expect(end, old).toBe(mesh.takesToo.includes(old) ? "200" : "refused");
    }
  });

  it("goes on while certificates are renewed, without a request that fails by them", async ({ skip }) => {
    if (problem !== undefined) skip(problem);
    const { endedByTls, say, traffic } = running;
    const since = new Date();
    const first = await say({});
    expect(first.serial).toBeDefined();
    const counted = await bookbuyersEnds(traffic);
    const client = await certificateOf("bookbuyer");
    const renewed = await until(async () => {
      const now = await say({ client });
      expect(now.end).toBe("200");
      return now.serial === first.serial ? undefined : now;
    });
    expect(renewed.serial).toBeDefined();
    // Each call is a connection to the caller's own sidecar; between the sidecars old ones go on and new ones are made.
    await until(async () => {
      const ends = await bookbuyersEnds(traffic);
      return (ends["200"] ?? 0) > (counted["200"] ?? 0) + 20 ? ends : undefined;
    });
    expect(await endedByTls(since)).toEqual([]);
  });

  it("takes TLS 1.3 alone where the mesh's settings say so", async ({ skip }) => {
    if (problem !== undefined) skip(problem);
    const { cluster, endedByTls, say } = running;
    const since = new Date();
    const client = await certificateOf("bookbuyer");
    for (const [path, patch] of mesh.tls13Alone) await cluster.api.mergePatch(path, patch);
    await until(async () => ((await say({ client, version: "TLSv1.2" })).end === "refused" ? true : undefined));
    expect((await say({ client, version: "TLSv1.3" })).end).toBe("200");
    expect(await endedByTls(since)).toEqual([]);
  });
});
