import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { podProblem } from "../../sandbox/data-plane/runner";
import { type Sandbox } from "../../sandbox/sandbox";
import { ensureIstio } from "../../sandbox/tools/istio";
import { type StackCluster } from "../../sandbox/traffic/cluster";
import { openTraffic, type Traffic } from "../../sandbox/traffic/traffic";
import { eachAnew, type Name, names, openSidecars, type Setting, type Sidecars, untilBoth } from "./authority-sidecars";
import { closeTestSandbox, openTestSandbox } from "./in-sandbox";
import { bookstoreOn } from "./istio-bookstore";
import { azure, makeVault } from "./key-vault";
import { applyBetween, istioInjects, makeCluster } from "./mesh-cluster";
import { intermediateOf, type KeyPair, lifeSeconds, newRoot } from "./sidecar-tls";
import { until } from "./until";

const revision = "asm-1-29";
const vaultPath = "/resourceGroups/mesh/providers/Microsoft.KeyVault/vaults/mesh-authority";
const clusterPath = "/resourceGroups/mesh/providers/Microsoft.ContainerService/managedClusters/plugged";

let sandbox: Sandbox;
let problem: string | undefined;
let cluster: StackCluster;
let traffic: Traffic;
let sidecars: Sidecars;

/** Two roots, two intermediates of the first and one of the second. */
let rootA: KeyPair, rootB: KeyPair, a1: KeyPair, a2: KeyPair, b1: KeyPair;

beforeAll(async () => {
  problem = await podProblem();
  if (problem !== undefined) return;
  [rootA, rootB] = await Promise.all([newRoot("Root A"), newRoot("Root B")]);
  [a1, a2, b1] = await Promise.all([
    intermediateOf(rootA, "Intermediate A1"),
    intermediateOf(rootA, "Intermediate A2"),
    intermediateOf(rootB, "Intermediate B1"),
  ]);
  sandbox = await openTestSandbox({ program: join(__dirname, "programs", "authority") });
  await ensureIstio(() => undefined);
  await makeVault(sandbox, vaultPath);
  cluster = await makeCluster(sandbox, "plugged", {
    addonProfiles: {
      azureKeyvaultSecretsProvider: {
        enabled: true,
        config: { enableSecretRotation: "true", rotationPollInterval: "1s" },
      },
    },
    serviceMeshProfile: {
      mode: "Istio",
      istio: {
        revisions: [revision],
        certificateAuthority: {
          plugin: {
            keyVaultId: `/subscriptions/${sandbox.emulator.credentials.subscriptionId}${vaultPath}`,
            rootCertObjectName: "root-cert",
            certObjectName: "ca-cert",
            keyObjectName: "ca-key",
            certChainObjectName: "cert-chain",
          },
        },
      },
    },
  });
});
afterAll(async () => {
  if (problem !== undefined) return;
  await traffic?.close();
  await closeTestSandbox(sandbox);
});

/** Writes secrets of the vault, by name. */
async function putSecrets(secrets: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(secrets)) {
    await azure(sandbox, "PUT", `${vaultPath}/secrets/${name}?api-version=2024-11-01`, { properties: { value } });
  }
}

/** The four secrets of an authority. */
function authority(roots: readonly KeyPair[], intermediate: KeyPair, root: KeyPair): Record<string, string> {
  return {
    "root-cert": roots.map(({ cert }) => `${cert}\n`).join(""),
    // In the order in which they are written: istiod refuses what lies between.
    "ca-key": intermediate.key,
    "cert-chain": `${intermediate.cert}\n${root.cert}\n`,
    "ca-cert": intermediate.cert,
  };
}

/** What the events of istiod's pods say. */
async function mountProblems(): Promise<string> {
  const events = await cluster.api.list<{ reason: string; message: string }>(
    "/api/v1/namespaces/aks-istio-system/events",
  );
  return events.flatMap(({ reason, message }) => (reason === "FailedMount" ? [message] : [])).join("\n");
}

async function readyIstiods(): Promise<number> {
  const path = `/apis/apps/v1/namespaces/aks-istio-system/deployments/istiod-${revision}`;
  const { status } = await cluster.api.get<{ status: { readyReplicas?: number } }>(path);
  return status.readyReplicas ?? 0;
}

it("waits with istiod until the add-on may read the secrets and they are there, and says at its pods what it lacks", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  const said = (text: string): Promise<true> =>
    until(async () => ((await mountProblems()).includes(text) ? true : undefined));
  await said("does not have secrets get permission on key vault 'mesh-authority;location=westeurope'");
  const { properties } = (await azure(sandbox, "GET", `${clusterPath}?api-version=2025-09-01`)) as {
    properties: { addonProfiles: Record<string, { identity: { objectId: string } }> };
  };
  await azure(
    sandbox,
    "PUT",
    `${vaultPath}/providers/Microsoft.Authorization/roleAssignments/0d6a1e8e-7d0c-4a3e-9a3f-000000000001?api-version=2022-04-01`,
    {
      properties: {
        roleDefinitionId: "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6",
        principalId: properties.addonProfiles["azureKeyvaultSecretsProvider"]?.identity.objectId,
        principalType: "ServicePrincipal",
      },
    },
  );
  await said("A secret with (name/id) root-cert was not found in this key vault");
  expect(await readyIstiods()).toBe(0);
  await putSecrets(authority([rootA], a1, rootA));
  await istioInjects(cluster.api, revision);
  await until(async () => ((await readyIstiods()) === 2 ? true : undefined));
  const own = "/api/v1/namespaces/aks-istio-system/secrets/istio-ca-secret";
  expect(await cluster.api.find(own), "a certificate authority of istiod's own").toBeUndefined();
});

const settings: readonly Setting[] = [
  [
    `/api/v1/namespaces/aks-istio-system/configmaps/istio-shared-configmap-${revision}`,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `istio-shared-configmap-${revision}`, namespace: "aks-istio-system" },
      // Renewed after a tenth of its life, so that nothing here ends while the machine is busy.
      data: { mesh: 'defaultConfig:\n  proxyMetadata:\n    SECRET_TTL: 100s\n    SECRET_GRACE_PERIOD_RATIO: "0.9"\n' },
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
  eachAnew,
];

/** How long istiod says that its authority's certificates hold, in seconds by name of the metric. */
async function authorityEnds(): Promise<Readonly<Record<string, number>>> {
  const [istiod] = cluster.metrics;
  const text = await (await fetch(`http://127.0.0.1:${istiod?.loopback}/metrics`)).text();
  const lines = [...text.matchAll(/^citadel_server_(\w+)_expiry_seconds (\S+)$/gm)];
  return Object.fromEntries(lines.map(([, name, seconds]) => [name, Number(seconds)]));
}

/** Has other pods take the place of a workload's. */
async function restart(name: Name): Promise<void> {
  const path = `/api/v1/namespaces/${name}/pods`;
  const before = (await cluster.api.list(path)).map(({ metadata }) => metadata.name);
  for (const pod of before) await cluster.api.remove(`${path}/${pod}`);
  await until(async () => {
    const now = (await cluster.api.list(path)).map(({ metadata }) => metadata.name);
    return now.some((pod) => !before.includes(pod)) && !now.some((pod) => before.includes(pod)) ? true : undefined;
  });
  await until(() => traffic.look());
}

it("signs with the authority, and changes to another of the same root and of a new one without a failed request", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  await applyBetween(cluster.api, bookstoreOn(revision, names), settings);
  traffic = await openTraffic(cluster, () => undefined, new PassThrough().resume());
  await until(() => traffic.look());
  sidecars = await openSidecars(cluster, traffic);
  const { isSignedBy, trusts } = sidecars;
  expect(await isSignedBy("bookstore", a1.cert)).toBe(true);
  expect(await trusts("bookstore", a2), "another authority of the root").toBe(true);
  expect(await trusts("bookstore", b1), "another root").toBe(false);

  await putSecrets(authority([rootA], a2, rootA));
  await untilBoth(traffic, (name) => isSignedBy(name, a2.cert));

  // A root that was not announced is left alone: istiod goes on with what it has, and would fall over it at its next start.
  await putSecrets(authority([rootB], b1, rootB));
  const log = join(cluster.directory, "logs", `istiod-${revision}.log`);
  await until(async () =>
    (await readFile(log, "utf8")).includes("Updating new ROOT-CA not supported") ? true : undefined,
  );
  await untilBoth(traffic, (name) => isSignedBy(name, a2.cert));

  await putSecrets(authority([rootA, rootB], a2, rootA));
  await untilBoth(traffic, (name) => trusts(name, b1));
  await putSecrets(authority([rootA, rootB], b1, rootB));
  await untilBoth(traffic, (name) => isSignedBy(name, b1.cert));
  await putSecrets(authority([rootB], b1, rootB));
  // Whoever had a certificate of the old root still, as without the step before this one, would be refused from here on.
  await untilBoth(traffic, async (name) => !(await trusts(name, a2)));
  expect(await trusts("bookstore", b1)).toBe(true);
  // A new pod finds its control plane by the new root.
  await restart("bookbuyer");
  await until(async () => ((await isSignedBy("bookbuyer", b1.cert)) ? true : undefined));
  // What the alert on the authority's end reads.
  const left = await authorityEnds();
  expect(Object.keys(left).sort()).toEqual(["cert_chain", "root_cert"]);
  for (const seconds of Object.values(left)) {
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(lifeSeconds);
  }
});
