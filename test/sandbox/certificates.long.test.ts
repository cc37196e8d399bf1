import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { ifExists } from "../../recovery/if-exists";
import { layout } from "../../sandbox/control-plane/cluster-processes";
import { ensureProcess } from "../../sandbox/control-plane/managed-process";
import { type MeshProcessName, meshProcesses } from "../../sandbox/control-plane/open-service-mesh/processes";
import { ensurePorts } from "../../sandbox/control-plane/ports";
import { podProblem } from "../../sandbox/data-plane/runner";
import { type Sandbox } from "../../sandbox/sandbox";
import { type StackCluster } from "../../sandbox/traffic/cluster";
import { openTraffic, type Traffic } from "../../sandbox/traffic/traffic";
import { arm } from "./azure";
import { closeTestSandbox, openTestSandbox } from "./in-sandbox";
import { bookstoreOn } from "./istio-bookstore";
import { applyBetween, bookbuyersEnds, makeCluster } from "./mesh-cluster";
import { type OpenBao, openOpenBao } from "./openbao";
import { speak } from "./sidecar-tls";
import { until } from "./until";

const service = "bookstore.bookstore.svc.cluster.local";
const meshConfig = "/apis/config.openservicemesh.io/v1alpha2/namespaces/kube-system/meshconfigs/osm-mesh-config";

let sandbox: Sandbox;
let problem: string | undefined;
let bao: OpenBao | undefined;
let traffic: Traffic | undefined;

beforeAll(async () => {
  problem = await podProblem();
  if (problem !== undefined) return;
  sandbox = await openTestSandbox();
  bao = await openOpenBao(sandbox.paths.directory);
  await sandbox.emulator.control("PUT", "settings", { requireFeature: false });
  await arm(sandbox, "PUT", "/resourceGroups/mesh?api-version=2022-09-01", { location: "westeurope" });
});
afterAll(async () => {
  if (problem !== undefined) return;
  await traffic?.close();
  await bao?.close();
  await closeTestSandbox(sandbox);
});

/** What OSM asks of Vault: a role of the engine at `pki`, whose path it does not let one choose, and a token. @returns the token. */
async function prepare({ call }: OpenBao): Promise<string> {
  await call("POST", "sys/mounts/pki", { type: "pki", config: { max_lease_ttl: "8760h" } });
  // Longer than all that is given: of its own certificates OSM asks ten years.
  await call("POST", "pki/root/generate/internal", { common_name: "Root for OSM", ttl: "8760h" });
  await call("POST", "pki/roles/osm", { allow_any_name: true, max_ttl: "1440h" });
  await call("PUT", "sys/policies/acl/osm", { policy: 'path "pki/issue/osm" { capabilities = ["update"] }' });
  const { client_token: token } = await call("POST", "auth/token/create", { policies: ["osm"] });
  return String(token);
}

/** Has the cluster's osm-controller and osm-injector run with Vault for their authority, as in an installation of one's own. */
async function runWithVault({ api, directory }: StackCluster, { server, caBundle }: OpenBao, token: string) {
  const podOf = async (app: MeshProcessName): Promise<string> => {
    const [pod] = await api.list(`/api/v1/namespaces/kube-system/pods?labelSelector=app%3D${app}`);
    return pod?.metadata.name ?? expect.fail(`${app} has no pod`);
  };
  const pods = { "osm-controller": await podOf("osm-controller"), "osm-injector": await podOf("osm-injector") };
  const { protocol, hostname, port } = new URL(server);
  const vault = [
    ...["--certificate-manager=vault", `--vault-protocol=${protocol.slice(0, -1)}`, `--vault-host=${hostname}`],
    ...[`--vault-port=${port}`, "--vault-role=osm", `--vault-token=${token}`],
  ];
  const authority = join(directory, "bao.pem");
  await writeFile(authority, caBundle);
  const kubeconfig = layout(directory).kubeconfig("osm");
  for (const definition of meshProcesses(sandbox.tools, await ensurePorts(directory), kubeconfig, pods)) {
    const args = definition.args.flatMap((arg) => (arg === "--certificate-manager=tresor" ? vault : [arg]));
    await ensureProcess(directory, { ...definition, args, env: { ...definition.env, VAULT_CACERT: authority } });
  }
}

/** Joins the mesh with a namespace. */
function monitored(object: KubernetesObject): KubernetesObject {
  const labels = { "openservicemesh.io/monitored-by": "osm" };
  const annotations = { "openservicemesh.io/sidecar-injection": "enabled" };
  return object.kind === "Namespace" ? { ...object, metadata: { ...object.metadata, labels, annotations } } : object;
}

it("has an Open Service Mesh of one's own sign by OpenBao, in place of the authority that AKS fixes", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  if (bao === undefined) expect.fail("OpenBao does not run");
  const token = await prepare(bao);
  const cluster = await makeCluster(sandbox, "vault", {
    addonProfiles: { openServiceMesh: { enabled: true, config: {} } },
  });
  const { api } = cluster;
  const injector = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/aks-osm-webhook-osm";
  const bundleOf = async () => {
    const found = await api.find<{ webhooks: readonly [{ clientConfig: { caBundle?: string } }] }>(injector);
    return found?.webhooks[0].clientConfig.caBundle;
  };
  const log = join(cluster.directory, "logs", "open-service-mesh.log");
  await until(async () => ((await ifExists(readFile(log, "utf8")))?.includes("is installed") ? true : undefined));
  const own = await bundleOf();
  await runWithVault(cluster, bao, token);
  // The injector's own certificate is of it too.
  await until(async () => ((await bundleOf()) === own ? undefined : true));
  await api.mergePatch(meshConfig, {
    spec: { traffic: { enablePermissiveTrafficPolicyMode: true }, certificate: { serviceCertValidityDuration: "1m" } },
  });
  await until(async () => {
    try {
      await applyBetween(api, bookstoreOn("none", ["bookbuyer", "bookstore"]).map(monitored), []);
      return true;
    } catch {
      return undefined;
    }
  });
  traffic = await openTraffic(cluster, () => undefined, new PassThrough().resume());
  const { look, openProxy } = traffic;
  await until(() => look());
  const proxy = await openProxy();
  const [pod] = await api.list<{ status: { podIP: string } }>("/api/v1/namespaces/bookstore/pods");
  const shown = async (): Promise<X509Certificate> => {
    const { certificate } = await speak(proxy, {
      to: `${pod?.status.podIP}:14001`,
      request: ["GET /books-bought HTTP/1.1", `host: ${service}:14001`],
      tls: { serverName: service, alpn: "osm" },
    });
    return new X509Certificate(certificate ?? expect.fail("no certificate"));
  };
  const first = await shown();
  const roots = Buffer.from((await bundleOf()) ?? "", "base64").toString();
  expect(first.issuer).toBe("CN=Root for OSM");
  expect(first.verify(new X509Certificate(roots).publicKey)).toBe(true);
  // OSM asks for whole hours: of a minute none, and OpenBao gives what it gives to whoever asks for nothing. OSM renews it after its own minute all the same.
  const holds = Date.parse(first.validTo) - Date.parse(first.validFrom);
  expect(holds).toBeGreaterThan(24 * 3600 * 1000);
  await until(async () => ((await shown()).serialNumber === first.serialNumber ? undefined : true));
  const before = (await bookbuyersEnds(traffic))["200"] ?? 0;
  const running = traffic;
  const ends = await until(async () => {
    const now = await bookbuyersEnds(running);
    return (now["200"] ?? 0) > before + 20 ? now : undefined;
  });
  expect(Object.keys(ends)).toEqual(["200"]);
});
