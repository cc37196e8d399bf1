import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { podProblem } from "../../sandbox/data-plane/runner";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { ensureIstio } from "../../sandbox/tools/istio";
import { clusterNamed, type StackCluster, stackCluster } from "../../sandbox/traffic/cluster";
import { openTraffic, type Traffic } from "../../sandbox/traffic/traffic";
import { eachAnew, names, openSidecars, type Sidecars, untilBoth } from "./authority-sidecars";
import { arm } from "./azure";
import { runCarrier } from "./carrier";
import { type CertManager, openCertManager } from "./cert-manager";
import { closeTestSandbox, configure, openTestSandbox, preview } from "./in-sandbox";
import { bookstoreOn } from "./istio-bookstore";
import { makeVault } from "./key-vault";
import { applyBetween } from "./mesh-cluster";
import { type KeyPair, newRoot } from "./sidecar-tls";
import { until } from "./until";

const revision = "asm-1-29";
let sandbox: Sandbox;
let problem: string | undefined;
let cluster: StackCluster;
let traffic: Traffic | undefined;
let sidecars: Sidecars;
let certManager: CertManager | undefined;

/** The issuer's, and one that comes in its place. */
let rootA: KeyPair, rootB: KeyPair;

beforeAll(async () => {
  problem = await podProblem();
  if (problem !== undefined) return;
  [rootA, rootB] = await Promise.all([newRoot("Root A"), newRoot("Root B")]);
  sandbox = await openTestSandbox({ program: join(__dirname, "programs", "authority") });
  await ensureIstio(() => undefined);
});
afterAll(async () => {
  if (problem !== undefined) return;
  await certManager?.close();
  await traffic?.close();
  await closeTestSandbox(sandbox);
});

const stack = "dev";
const issuedVault = "/resourceGroups/mesh/providers/Microsoft.KeyVault/vaults/mesh-issued";
const issuedCluster = "/resourceGroups/authority/providers/Microsoft.ContainerService/managedClusters/authority";

/** What others do while `up` runs: cert-manager and its issuer come, and the job's pod runs. */
async function carryFirst(): Promise<void> {
  await until(async () =>
    (await arm(sandbox, "GET", `${issuedCluster}?api-version=2025-09-01`)).status === 200 ? true : undefined,
  );
  cluster = await clusterNamed(sandbox, "authority", "authority");
  certManager = await openCertManager(cluster, rootB);
  await certManager.authority();
  await until(() => cluster.api.find("/apis/batch/v1/namespaces/mesh-authority/cronjobs/carrier"));
  const carried = await runCarrier(sandbox, cluster.api);
  expect(carried, carried.stderr).toMatchObject({ code: 0 });
}

it("is made by a stack that cert-manager issues for: `up` ends once what is issued is carried into the vault", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  await makeVault(sandbox, issuedVault);
  await configure(sandbox, stack, {
    vault: `/subscriptions/${sandbox.emulator.credentials.subscriptionId}${issuedVault}`,
  });
  const up = operate(sandbox, "up", stack).then(({ code, stdout, stderr }) => expect(code, stdout + stderr).toBe(0));
  // An `up` that fails ends the wait for what it would have made.
  await Promise.race([up, carryFirst()]);
  await up;
  cluster.api.close();
  cluster = await stackCluster(sandbox, stack);
  expect(await preview(sandbox, stack)).toEqual([]);
});

/** Has cert-manager issue anew and the job carry it. */
async function renewAndCarry(before: Readonly<Record<string, string>>) {
  if (certManager === undefined) expect.fail("cert-manager does not run");
  await certManager.renew();
  const issued = await certManager.authority(before);
  return { issued, carried: await runCarrier(sandbox, cluster.api) };
}

it("signs with what the real cert-manager issues, and with what that issues next, without a failed request, and not below another root", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  if (certManager === undefined) expect.fail("cert-manager does not run");
  await applyBetween(cluster.api, bookstoreOn(revision, names), [eachAnew]);
  const running = await openTraffic(cluster, () => undefined, new PassThrough().resume());
  traffic = running;
  await until(() => running.look());
  sidecars = await openSidecars(cluster, running);
  const first = await certManager.authority();
  await untilBoth(running, (name) => sidecars.isSignedBy(name, first["ca-cert"] ?? ""));
  expect((await runCarrier(sandbox, cluster.api)).stdout).toContain("the vault mesh-issued has the newest");

  const second = await renewAndCarry(first);
  expect(second.carried, second.carried.stderr).toMatchObject({ code: 0 });
  expect(second.issued["ca-key"]).not.toBe(first["ca-key"]);
  await untilBoth(running, (name) => sidecars.isSignedBy(name, second.issued["ca-cert"] ?? ""));
  for (const { "ca-key": key = "" } of [first, second.issued]) {
    expect(second.carried.stdout + second.carried.stderr).not.toContain(key.split("\n")[1]);
  }

  await certManager.setRoot(rootA);
  const third = await renewAndCarry(second.issued);
  expect(third.carried.code).toBe(1);
  expect(third.carried.stderr).toContain("secret root-cert of the vault mesh-issued does not hold");
  await untilBoth(running, (name) => sidecars.isSignedBy(name, second.issued["ca-cert"] ?? ""));
});
