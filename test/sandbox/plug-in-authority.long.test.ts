import { X509Certificate } from "node:crypto";
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
import { closeTestSandbox, configure, openTestSandbox, preview, stateOf, up } from "./in-sandbox";
import { bookstoreOn } from "./istio-bookstore";
import { makeVault } from "./key-vault";
import { applyBetween } from "./mesh-cluster";
import { allowIssuer, allowIssuerByKeys, believeCluster, type OpenBao, openOpenBao } from "./openbao";
import { constraintsOf } from "./sidecar-tls";
import { until } from "./until";

const stack = "dev";
const revision = "asm-1-29";
const vaultPath = "/resourceGroups/mesh/providers/Microsoft.KeyVault/vaults/mesh-issued";
const clusterPath = "/resourceGroups/authority/providers/Microsoft.ContainerService/managedClusters/authority";
const issuers = "/apis/cert-manager.io/v1/namespaces/mesh-authority/issuers";
const path = "mesh/root/sign-intermediate";

let sandbox: Sandbox;
let problem: string | undefined;
let bao: OpenBao;
let intermediate: string;
let cluster: StackCluster;
let certManager: CertManager | undefined;
let traffic: Traffic | undefined;

beforeAll(async () => {
  problem = await podProblem();
  if (problem !== undefined) return;
  sandbox = await openTestSandbox({ program: join(__dirname, "programs", "authority") });
  await ensureIstio(() => undefined);
  bao = await openOpenBao(sandbox.paths.directory);
  intermediate = await bao.newIntermediate("Mesh 1");
  const { subscriptionId } = sandbox.emulator.credentials;
  await makeVault(sandbox, vaultPath);
  await configure(sandbox, stack, {
    vault: `/subscriptions/${subscriptionId}${vaultPath}`,
    openbao: { server: bao.server, caBundle: bao.caBundle, path, role: "authority" },
  });
});
afterAll(async () => {
  if (problem !== undefined) return;
  await traffic?.close();
  await certManager?.close();
  await bao?.close();
  await closeTestSandbox(sandbox);
});

/** What `pulumi up` printed, which has to fail. */
async function failedUp(): Promise<string> {
  const { code, stdout, stderr } = await operate(sandbox, "up", stack);
  expect(code, stdout + stderr).not.toBe(0);
  return (stdout + stderr).replace(/\s+/g, " ");
}

/** Waits until the issuer says this of itself. */
function issuerSays(text: string): Promise<true> {
  return until(async () => {
    const found = await cluster.api.find<{ status?: { conditions?: readonly { message: string }[] } }>(
      `${issuers}/vault`,
    );
    return found?.status?.conditions?.[0]?.message.includes(text) === true ? true : undefined;
  });
}

/** Whether cert-manager's own account may make tokens of another one. */
async function mayMakeTokens(account: string): Promise<boolean> {
  const resourceAttributes = {
    ...{
      namespace: "mesh-authority",
      verb: "create",
      resource: "serviceaccounts",
      subresource: "token",
      name: account,
    },
  };
  const { status } = await cluster.api.request<{ status: { allowed: boolean } }>(
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user: "system:serviceaccount:cert-manager:cert-manager", resourceAttributes },
    },
  );
  return status.allowed;
}

/** What others do while `up` waits: OpenBao is unsealed, and its login made, the role with too few rights. */
async function openLate(): Promise<void> {
  await until(async () =>
    (await arm(sandbox, "GET", `${clusterPath}?api-version=2025-09-01`)).status === 200 ? true : undefined,
  );
  cluster = await clusterNamed(sandbox, "authority", "authority");
  certManager = await openCertManager(cluster);
  await issuerSays("Vault is sealed");
  await bao.unseal();
  await believeCluster(bao, cluster);
  await issuerSays("invalid role name");
  await allowIssuer(bao, "authority", "mesh/sign/leaf");
}

it("says while it waits what OpenBao lacks, and ends with what its policy refuses", async ({ skip }) => {
  if (problem !== undefined) skip(problem);
  await bao.seal();
  const [said] = await Promise.all([failedUp(), openLate()]);
  expect(said).toContain("waiting for the Issuer vault in mesh-authority to be ready");
  expect(said).toMatch(/\(Failed to initialize Vault client: .* Vault is sealed\)\. Look at: Vault itself/);
  expect(said).toMatch(/\(.* invalid role name "authority"\)\. Look at: the login in Vault/);
  expect(said).toMatch(/The issuer did not sign the mesh's authority: .*permission denied.* Look at: the policy of/);
});

async function carryFirst(): Promise<void> {
  await certManager?.authority();
  await until(() => cluster.api.find("/apis/batch/v1/namespaces/mesh-authority/cronjobs/carrier"));
  const carried = await runCarrier(sandbox, cluster.api);
  expect(carried, carried.stderr).toMatchObject({ code: 0 });
}

it("has OpenBao sign the authority once its policy lets it: the next `up` asks again by itself", async ({ skip }) => {
  if (problem !== undefined) skip(problem);
  if (certManager === undefined) expect.fail("cert-manager does not run");
  await allowIssuer(bao, "authority", path);
  // Twelve hours are asked for.
  await bao.call("POST", "sys/mounts/mesh/tune", { max_lease_ttl: "6h" });
  const operation = operate(sandbox, "up", stack).then(({ code, stdout, stderr }) => {
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain("not for the 12h that were asked: the issuer gives no more");
  });
  // An `up` that fails ends the wait for what it would have made.
  await Promise.race([operation, carryFirst()]);
  await operation;
  await bao.call("POST", "sys/mounts/mesh/tune", { max_lease_ttl: "43800h" });
  cluster.api.close();
  cluster = await stackCluster(sandbox, stack);
  expect(await preview(sandbox, stack)).toEqual([]);
  expect((await stateOf(sandbox, stack)).text).not.toMatch(/\beyJ[\w-]+\.eyJ|\bs\.[A-Za-z0-9]{24}\b/);
  expect(await mayMakeTokens("vault-issuer")).toBe(true);
  expect(await mayMakeTokens("carrier")).toBe(false);
});

/** The authority as it was last issued: signed by the intermediate, that by OpenBao's root. */
async function issuedBelow(by: string, after?: Readonly<Record<string, string>>) {
  if (certManager === undefined) expect.fail("cert-manager does not run");
  const issued = await certManager.authority(after);
  const certificate = issued["ca-cert"] ?? "";
  const [root, middle] = [new X509Certificate(bao.root), new X509Certificate(by)];
  expect(new X509Certificate(certificate).verify(middle.publicKey)).toBe(true);
  expect(middle.verify(root.publicKey)).toBe(true);
  expect(new X509Certificate(issued["root-cert"] ?? "").fingerprint256).toBe(root.fingerprint256);
  // May sign sidecars' certificates and no further authority.
  expect(constraintsOf(certificate)).toMatchObject({ ca: true, pathLength: 0 });
  return { issued, certificate };
}

/** Has cert-manager issue anew and the job carry that. */
async function renewed(by: string, before: Readonly<Record<string, string>>) {
  await certManager?.renew();
  const next = await issuedBelow(by, before);
  const carried = await runCarrier(sandbox, cluster.api);
  expect(carried, carried.stderr).toMatchObject({ code: 0 });
  return next;
}

it("signs with it, with the next, and with one of another intermediate of OpenBao's, without a failed request; a seal only delays", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  await applyBetween(cluster.api, bookstoreOn(revision, names), [eachAnew]);
  traffic = await openTraffic(cluster, () => undefined, new PassThrough().resume());
  const { look } = traffic;
  await until(() => look());
  const { isSignedBy }: Sidecars = await openSidecars(cluster, traffic);
  const first = await issuedBelow(intermediate);
  await untilBoth(traffic, (name) => isSignedBy(name, first.certificate));

  const second = await renewed(intermediate, first.issued);
  await untilBoth(traffic, (name) => isSignedBy(name, second.certificate));

  intermediate = await bao.newIntermediate("Mesh 2");
  const third = await renewed(intermediate, second.issued);
  await untilBoth(traffic, (name) => isSignedBy(name, third.certificate));

  await bao.seal();
  await certManager?.renew();
  const requests = "/apis/cert-manager.io/v1/namespaces/mesh-authority/certificaterequests";
  await until(async () => {
    const all = await cluster.api.list<{ status?: { conditions?: readonly { message: string }[] } }>(requests);
    return JSON.stringify(all).includes("Vault is sealed") ? true : undefined;
  });
  await untilBoth(traffic, (name) => isSignedBy(name, third.certificate));
  await bao.unseal();
  await issuedBelow(intermediate, third.issued);
});

/** Makes an issuer as a person would, and has the stack take it. */
async function takeIssuer(name: string, path: string, auth: object): Promise<void> {
  const caBundle = Buffer.from(bao.caBundle).toString("base64");
  await cluster.api.apply(`${issuers}/${name}`, {
    apiVersion: "cert-manager.io/v1",
    kind: "Issuer",
    metadata: { name, namespace: "mesh-authority" },
    spec: { vault: { server: bao.server, path, caBundle, auth } },
  });
  await configure(sandbox, stack, { openbao: undefined, issuer: { name, kind: "Issuer" } });
}

it("refuses what is no authority, and a token that is none, where the issuer is made by hand; nothing of it is carried", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  await bao.call("POST", "mesh/roles/leaf", { allow_any_name: true, enforce_hostnames: false });
  await bao.call("PUT", "sys/policies/acl/leaf", { policy: 'path "mesh/sign/leaf" { capabilities = ["update"] }' });
  await bao.call("POST", "auth/kubernetes/role/leaf", {
    bound_service_account_names: ["by-hand"],
    bound_service_account_namespaces: ["mesh-authority"],
    token_policies: ["leaf"],
  });
  await cluster.api.apply("/api/v1/namespaces/mesh-authority/serviceaccounts/by-hand", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "by-hand", namespace: "mesh-authority" },
  });
  const kubernetes = { role: "leaf", mountPath: "/v1/auth/kubernetes", serviceAccountRef: { name: "by-hand" } };
  await takeIssuer("leaf", "mesh/sign/leaf", { kubernetes });
  expect(await failedUp()).toContain("The issuer has signed a certificate that may sign no others");
  const carried = await runCarrier(sandbox, cluster.api);
  expect(carried).toMatchObject({ code: 1 });
  expect(carried.stderr).toContain("what is issued may sign no certificates. Nothing is carried");

  await cluster.api.apply("/api/v1/namespaces/mesh-authority/secrets/token", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "token", namespace: "mesh-authority" },
    stringData: { token: "s.000000000000000000000000" },
  });
  await takeIssuer("token", path, { tokenSecretRef: { name: "token", key: "token" } });
  const said = await failedUp();
  expect(said).toMatch(
    /did not sign the mesh's authority: .*permission denied.* Look at: the policy of .*or the token/,
  );
});

it("is signed by OpenBao again where the login goes by the cluster's keys, which asks no API server", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  await allowIssuerByKeys(bao, "authority", cluster);
  await configure(sandbox, stack, {
    openbao: { server: bao.server, caBundle: bao.caBundle, path, role: "authority", authPath: "jwt" },
    issuer: undefined,
  });
  await up(sandbox, stack);
  const carried = await runCarrier(sandbox, cluster.api);
  expect(carried, carried.stderr).toMatchObject({ code: 0 });
  await issuedBelow(intermediate);
});
