import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Exit, run } from "../../sandbox/engine";
import { type Sandbox } from "../../sandbox/sandbox";
import { ensureIstio } from "../../sandbox/tools/istio";
import { clusterNamed } from "../../sandbox/traffic/cluster";
import { type Counts } from "../../sandbox/traffic/counts";
import { openTraffic } from "../../sandbox/traffic/traffic";
import { Application } from "../../components/application";
import { type KubernetesObject } from "../../mesh/manifests";
import { allRegistered, recordRegistrations } from "../components/registrations";
import { arm } from "./azure";
import { closeTestSandbox, openTestSandbox } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { bookstoreOn } from "./istio-bookstore";
import { until } from "./until";

const cluster = "/resourceGroups/mesh/providers/Microsoft.ContainerService/managedClusters/mesh";
const version = "?api-version=2025-09-01";
const mesh = "aks-istio-system";

let sandbox: Sandbox;
let kubeconfig: string;

beforeAll(async () => {
  sandbox = await openTestSandbox();
  await ensureIstio(() => undefined);
  kubeconfig = join(sandbox.paths.directory, "kubeconfig");
  await arm(sandbox, "PUT", "/resourceGroups/mesh?api-version=2022-09-01", { location: "westeurope" });
  await setRevisions(["asm-1-29"]);
  const { body } = await arm(sandbox, "POST", `${cluster}/listClusterAdminCredential${version}`);
  const [{ value }] = (body as { kubeconfigs: [{ value: string }] }).kubeconfigs;
  await writeFile(kubeconfig, Buffer.from(value, "base64"), { mode: 0o600 });
  await serves("asm-1-29");
});
afterAll(() => closeTestSandbox(sandbox));

describe.sequential("a cluster with the Istio add-on", () => {
  it("has sidecars injected by the real istiod", async () => {
    await apply(...bookstoreOn("asm-1-29", ["bookbuyer", "bookthief", "bookstore"]));
    const pods = await until(async () => {
      const found = (await get("pods", "-n", "bookstore")).filter(({ status }) => status.phase === "Running");
      return found.length > 0 ? found : undefined;
    });
    const [init, proxy] = pods[0]?.spec.initContainers ?? [];
    expect([init?.name, proxy?.name, proxy?.restartPolicy]).toEqual(["istio-init", "istio-proxy", "Always"]);
    expect(JSON.stringify(proxy)).toContain(`istiod-asm-1-29.${mesh}.svc:15012`);
  });

  it("refuses what istiod refuses, and what AKS does", async () => {
    const policy = {
      ...allow("bookbuyer", "/books-bought"),
      spec: { rules: [{ to: [{ operation: { paths: ["/{x}"] } }] }] },
    };
    expect((await tryApply(policy)).stderr).toMatch(/admission webhook "validation.istio.io" denied .*path/s);
    const proxyConfig = { apiVersion: "networking.istio.io/v1beta1", kind: "ProxyConfig", spec: { concurrency: 1 } };
    const placed = { ...proxyConfig, metadata: { name: "one-worker", namespace: mesh } };
    expect((await tryApply(placed)).stderr).toContain("the Istio add-on does not allow the kind ProxyConfig");
    expect((await tryApply(meshConfig("configSources: []\n"))).stderr).toContain("does not allow configSources");
    const image = "accessLogFile: /dev/stdout\ndefaultConfig:\n  concurrency: 1\n  image:\n    imageType: debug\n";
    expect((await tryApply(meshConfig(image))).stderr).toContain("does not allow defaultConfig.image");
    await apply(
      meshConfig(
        "# of ours\npathNormalization:\n  normalization: MERGE_SLASHES\n\ntrustDomainAliases:\n- old.local\n" +
          "defaultConfig:\n  concurrency: 1\n  extraStatTags:\n  - path\n",
      ),
    );
  });

  it("decides by the cluster's policies, on live requests", async ({ skip }) => {
    await needsPods({ skip });
    await withTraffic(async (endsOf) => {
      expect(Object.keys(await endsOf("bookthief"))).toEqual(["200"]);
      const strict = {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        spec: { mtls: { mode: "STRICT" } },
      };
      await apply({ ...strict, metadata: { name: "default", namespace: mesh } }, allow("bookbuyer", "/books-bought"));
      // bookbuyer asks for two paths, of which one is allowed.
      expect(Object.keys(await endsOf("bookbuyer")).sort()).toEqual(["200", "403"]);
      expect(Object.keys(await endsOf("bookthief"))).toEqual(["403"]);
    });
  });

  it("lets pass what an application's policies of SMI let pass, on live requests", async ({ skip }) => {
    await needsPods({ skip });
    const registrations = await recordRegistrations();
    const manifests = [...bookstoreOn("asm-1-29", ["bookbuyer", "bookthief", "bookstore"]), ...smi("/books-bought")];
    new Application("bookstore", { manifests, istio: { revision: "asm-1-29" } });
    await allRegistered();
    const converted = registrations.filter(({ type }) => type.includes(".istio.io/")).map(({ inputs }) => inputs);
    expect(converted.map(({ kind }) => kind)).toContain("AuthorizationPolicy");
    await apply(...converted);
    expect((await kubectl("delete", "authorizationpolicy", "callers", "-n", "bookstore")).code).toBe(0);
    await withTraffic(async (endsOf) => {
      const ends = Object.keys(await endsOf("bookbuyer"));
      expect(ends).toContain("200");
      expect(ends.length).toBe(2);
      expect(Object.keys(await endsOf("bookthief"))).not.toContain("200");
    });
  });

  it("has an ingress gateway, whose pods the injector makes, behind an address", async () => {
    await setRevisions(["asm-1-29"], [{ enabled: true, mode: "External" }]);
    const ingress = "aks-istio-ingress";
    const [pod] = await until(async () => {
      const found = await get("pods", "-n", ingress);
      return found.some(({ status }) => status.phase === "Running") ? found : undefined;
    });
    expect(JSON.stringify(pod?.spec)).toContain(`istiod-asm-1-29.${mesh}.svc:15012`);
    const name = "aks-istio-ingressgateway-external";
    await until(async () => {
      const { stdout } = await kubectl("get", "service", name, "-n", ingress, "-o", "jsonpath={.status.loadBalancer}");
      return stdout.includes('"ip":"203.0.113.') ? true : undefined;
    });
    await setRevisions(["asm-1-29"]);
    expect(await names("services", "-n", ingress)).toEqual([]);
  });

  it("has two control planes during an upgrade, and the new one alone after it", async () => {
    await setRevisions(["asm-1-30", "asm-1-29"]);
    await serves("asm-1-30");
    expect(await names("deployments", "-n", mesh)).toEqual(["istiod-asm-1-29", "istiod-asm-1-30"]);
    expect(await validating()).toBe("istiod-asm-1-30");
    await setRevisions(["asm-1-30"]);
    expect(await names("deployments", "-n", mesh)).toEqual(["istiod-asm-1-30"]);
    expect(await names("mutatingwebhookconfigurations")).toEqual([`istio-sidecar-injector-asm-1-30-${mesh}`]);
    expect((await kubectl("get", "configmap", "istio-shared-configmap-asm-1-29", "-n", mesh)).code).toBe(0);
  });

  it("leaves custom resource definitions and the certificate authority behind", async () => {
    await setRevisions([]);
    expect(await names("deployments", "-n", mesh)).toEqual([]);
    expect(await names("mutatingwebhookconfigurations")).toEqual([]);
    expect(await names("validatingwebhookconfigurations")).toEqual([]);
    expect(await names("crds")).toContain("authorizationpolicies.security.istio.io");
    expect(await names("secrets", "-n", mesh)).toContain("istio-ca-secret");
  });
});

/** Has the sample's callers call, each end of whose calls has to be the analysis's. */
async function withTraffic(work: (endsOf: (caller: string) => Promise<Counts>) => Promise<void>): Promise<void> {
  const target = await clusterNamed(sandbox, "mesh", "mesh");
  const traffic = await openTraffic(target, () => undefined, new PassThrough().resume());
  try {
    await work((caller) =>
      until(async () => {
        const report = await traffic.look();
        expect(report?.problems ?? []).toEqual([]);
        const pair = report?.pairs.find((one) => one.caller === `${caller}/${caller}`);
        if (report === undefined || report.seconds < 2) return undefined;
        expect(pair?.agrees, JSON.stringify(pair)).toBe(true);
        return pair?.ends;
      }),
    );
  } finally {
    await traffic.close();
  }
}

/** Policies of SMI by which bookbuyer may ask for a path of bookstore. */
function smi(path: string): KubernetesObject[] {
  const account = (name: string) => ({ kind: "ServiceAccount", name, namespace: name });
  const metadata = { name: "sales", namespace: "bookstore" };
  const matches = [{ name: "sales", methods: ["GET"], pathRegex: path }];
  const rules = [{ kind: "HTTPRouteGroup", name: "sales", matches: ["sales"] }];
  const target = { destination: account("bookstore"), sources: [account("bookbuyer")], rules };
  return [
    Object.assign(
      { apiVersion: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup", metadata },
      { spec: { matches } },
    ),
    Object.assign({ apiVersion: "access.smi-spec.io/v1alpha3", kind: "TrafficTarget", metadata }, { spec: target }),
  ];
}

/** Puts the cluster with these revisions of the add-on, and waits until Azure is done. */
async function setRevisions(revisions: readonly string[], ingressGateways: readonly object[] = []): Promise<void> {
  const istio = { revisions, components: { ingressGateways } };
  const profile = revisions.length > 0 ? { mode: "Istio", istio } : { mode: "Disabled" };
  const { status, body } = await arm(sandbox, "PUT", `${cluster}${version}`, {
    location: "westeurope",
    identity: { type: "SystemAssigned" },
    properties: {
      dnsPrefix: "mesh",
      agentPoolProfiles: [{ name: "system", mode: "System", count: 2, vmSize: "Standard_D4s_v5" }],
      serviceMeshProfile: profile,
    },
  });
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  await until(async () => {
    const { body } = await arm(sandbox, "GET", `${cluster}${version}`);
    const { provisioningState } = (body as { properties: { provisioningState: string } }).properties;
    expect(provisioningState).not.toBe("Failed");
    return provisioningState === "Succeeded" ? true : undefined;
  });
}

/** Waits until a revision's istiod has completed its webhook. */
async function serves(revision: string): Promise<void> {
  await until(async () => {
    const found = await kubectl("get", "mutatingwebhookconfigurations", "-l", `istio.io/rev=${revision}`, "-o", "json");
    const webhooks = (JSON.parse(found.stdout) as { items: { webhooks: { clientConfig: { caBundle?: string } }[] }[] })
      .items;
    return webhooks[0]?.webhooks.every(({ clientConfig }) => clientConfig.caBundle !== undefined) ? true : undefined;
  });
  await until(async () => ((await validating()) === `istiod-${revision}` ? true : undefined));
}

/** Service of the istiod that validates custom resources, once it does. */
async function validating(): Promise<string | undefined> {
  const name = "istiod-default-validator";
  const found = await kubectl("get", "validatingwebhookconfiguration", name, "--ignore-not-found", "-o", "json");
  if (found.stdout === "") return undefined;
  const { webhooks } = JSON.parse(found.stdout) as {
    webhooks: [{ failurePolicy: string; clientConfig: { service: { name: string } } }];
  };
  return webhooks[0].failurePolicy === "Fail" ? webhooks[0].clientConfig.service.name : undefined;
}

function allow(caller: string, path: string) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "callers", namespace: "bookstore" },
    spec: {
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { principals: [`cluster.local/ns/${caller}/sa/${caller}`] } }],
          to: [{ operation: { methods: ["GET"], paths: [path] } }],
        },
      ],
    },
  };
}

function meshConfig(text: string): object {
  const name = "istio-shared-configmap-asm-1-29";
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: mesh }, data: { mesh: text } };
}

function kubectl(...args: string[]): Promise<Exit> {
  const environment = { ...sandbox.environment, KUBECONFIG: kubeconfig };
  return run(sandbox.tools.path("kubectl"), args, { cwd: sandbox.paths.directory, environment });
}

async function tryApply(...objects: object[]): Promise<Exit> {
  const file = join(sandbox.paths.directory, "objects.yaml");
  await writeFile(file, objects.map((object) => stringify(object)).join("---\n"));
  return kubectl("apply", "-f", file);
}

async function apply(...objects: object[]): Promise<void> {
  const { code, stderr } = await tryApply(...objects);
  expect(code, stderr).toBe(0);
}

interface Listed {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[] };
  readonly status: { readonly phase?: string };
}

async function get(...args: string[]): Promise<Listed[]> {
  const { code, stdout, stderr } = await kubectl("get", ...args, "-o", "json");
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { items: Listed[] }).items;
}

async function names(...args: string[]): Promise<string[]> {
  return (await get(...args)).map(({ metadata }) => metadata.name).sort();
}
