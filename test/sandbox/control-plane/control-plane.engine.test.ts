import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { openControlPlane, stopControlPlane, type ControlPlane, type NodePool } from "../../../sandbox/control-plane";
import { startedProcesses } from "../../../sandbox/control-plane/managed-process";
import { ensureTools, type Tools } from "../../../sandbox/tools";
import { identify } from "../../../recovery/process-identity";
import { startFakeEntra, tenant, type FakeEntra } from "./fake-entra";
import { runDirectory } from "../../run/leftovers";

const serverApplication = "6dae42f8-4368-4678-94ff-3960e28e3630";
const reader = "aaaaaaaa-0000-0000-0000-000000000001";
const stranger = "aaaaaaaa-0000-0000-0000-000000000002";
// kubelogin may have kept a token of the others.
const nobody = "aaaaaaaa-0000-0000-0000-000000000003";
const allProcesses = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "osm-controller",
  "osm-injector",
  "service-proxy",
];

const systemPool: NodePool = {
  name: "system",
  mode: "System",
  count: 2,
  vmSize: "Standard_D4s_v5",
  zones: ["1", "2"],
  labels: {},
  taints: ["CriticalAddonsOnly=true:NoSchedule"],
  maxPods: 110,
  kubernetesVersion: "1.34.4",
  nodeImageVersion: "AKSUbuntu-2404gen2containerd-202611.03.0",
  osSku: "Ubuntu",
};
const userPool: NodePool = {
  ...systemPool,
  name: "user",
  mode: "User",
  count: 1,
  zones: [],
  labels: { team: "books" },
  taints: [],
};

let scratch: string;
let tools: Tools;
let entra: FakeEntra;
let plane: ControlPlane;

function open(): Promise<ControlPlane> {
  return openControlPlane({
    directory: path.join(scratch, "cluster"),
    tools,
    oidc: { issuerUrl: entra.issuerUrl, clientId: serverApplication, caFile: entra.caFile },
    authorizationWebhookUrl: entra.guardUrl,
    authorizationWebhookCaFile: entra.caFile,
    serviceCidr: "10.0.0.0/16",
    dnsServiceIP: "10.0.0.10",
  });
}

/** Runs kubectl; gives what it prints, and its exit code in place of an exception. */
async function kubectl(args: readonly string[], options: { input?: string; kubeconfig?: string; env?: object } = {}) {
  const kubeconfig = path.join(scratch, "kubeconfig");
  await writeFile(kubeconfig, options.kubeconfig ?? plane.adminKubeconfig, { mode: 0o600 });
  const env = {
    HOME: scratch,
    PATH: `${tools.binaries}:${process.env["PATH"]}`,
    KUBECONFIG: kubeconfig,
    ...options.env,
  };
  return await new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(tools.path("kubectl"), args, { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
    child.stdin?.end(options.input);
  });
}

async function get<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await kubectl(["get", "-o", "json", ...args]);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as T;
}

async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether the webhook configurations are there and their programs answer: a namespace in the mesh takes a pod. */
async function meshServes(): Promise<boolean> {
  const found = await kubectl([
    "get",
    "mutatingwebhookconfiguration/aks-osm-webhook-osm",
    "validatingwebhookconfiguration/aks-osm-validator-mesh-osm",
  ]);
  return found.code === 0;
}

async function pids(): Promise<Record<string, number>> {
  const directory = path.join(scratch, "cluster");
  const read = async (name: string) =>
    (JSON.parse(await readFile(path.join(directory, "pids", `${name}.pid`), "utf8")) as { pid: number }).pid;
  const names = await startedProcesses(directory);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}

function manifest(...objects: object[]): string {
  return objects.map((object) => stringify(object)).join("---\n");
}

const shop = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: "shop",
    labels: { "openservicemesh.io/monitored-by": "osm" },
    annotations: { "openservicemesh.io/sidecar-injection": "enabled" },
  },
};

function deployment(name: string, namespace: string) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: "example/shop:1" }] } },
    },
  };
}

beforeAll(async () => {
  scratch = await runDirectory("aks-mesh-control-plane");
  tools = await ensureTools((message) => process.stderr.write(`${message}\n`));
  entra = await startFakeEntra(
    path.join(scratch, "entra"),
    ({ user, resourceAttributes }) => user === reader && resourceAttributes?.verb === "list",
  );
  plane = await open();
});

afterAll(async () => {
  await plane?.destroy();
  entra?.close();
  await rm(scratch, { recursive: true, force: true });
});

describe("a control plane", () => {
  it("has the pools' nodes, ready, with AKS's labels", async () => {
    await plane.setNodePools([systemPool, userPool]);
    interface Node {
      metadata: { labels: Record<string, string> };
      spec: { taints?: { key: string }[] };
      status: { nodeInfo: { kubeletVersion: string }; conditions: { type: string; status: string }[] };
    }
    const { items } = await get<{ items: Node[] }>("nodes");
    expect(items).toHaveLength(3);
    const system = items.filter(({ metadata }) => metadata.labels["kubernetes.azure.com/mode"] === "system");
    expect(system.map(({ metadata }) => metadata.labels["topology.kubernetes.io/zone"]).sort()).toEqual([
      "eastus-1",
      "eastus-2",
    ]);
    expect(system.every(({ spec }) => spec.taints?.some(({ key }) => key === "CriticalAddonsOnly"))).toBe(true);
    for (const { status } of items) {
      expect(status.conditions.find(({ type }) => type === "Ready")?.status).toBe("True");
      expect(status.nodeInfo.kubeletVersion).toBe("v1.34.4");
    }
  });

  it("lets Entra ID's users do what the guard allows, and nothing else", async () => {
    const admin = parse(plane.adminKubeconfig) as { users: { user: object }[] };
    const as = (clientId: string, secret: string) => {
      const args = [
        ["get-token", "--login", "spn", "--server-id", serverApplication, "--tenant-id", tenant],
        ["--authority-host", `${entra.origin}/`, "--disable-instance-discovery"],
      ].flat();
      const exec = { apiVersion: "client.authentication.k8s.io/v1beta1", command: "kubelogin", args };
      return {
        kubeconfig: stringify({ ...admin, users: [{ ...admin.users[0], user: { exec } }] }),
        env: { AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: secret, SSL_CERT_FILE: entra.caFile },
      };
    };
    await until(
      "the reader may list",
      30,
      async () => (await kubectl(["get", "pods"], as(reader, "right"))).code === 0,
    );
    expect(entra.questions.at(-1)).toMatchObject({ user: reader, uid: reader, resourceAttributes: { verb: "list" } });
    const written = await kubectl(["create", "configmap", "a"], as(reader, "right"));
    expect(written.err).toContain('cannot create resource "configmaps"');
    expect((await kubectl(["get", "pods"], as(stranger, "right"))).err).toContain(`User "${stranger}" cannot list`);
    expect((await kubectl(["get", "pods"], as(nobody, "wrong"))).err).toContain("invalid_client");
    // The sandbox's own programs never depend on the guard.
    expect(entra.questions.filter(({ user }) => user.startsWith("system:"))).toEqual([]);
  });

  it("has jobs end as their pods are told, and moves pods from a node that leaves", async () => {
    const job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "once" },
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "once", image: "example/once:1" }] } } },
    };
    await kubectl(["apply", "-f", "-"], { input: manifest(job, deployment("plain", "default")) });
    const failing = {
      ...{ ...job, metadata: { name: "failing" } },
      spec: {
        backoffLimit: 6,
        podFailurePolicy: {
          rules: [{ action: "FailJob", onExitCodes: { containerName: "once", operator: "In", values: [3] } }],
        },
        template: { ...job.spec.template, metadata: { annotations: { "sandbox.aks-mesh.dev/exit-code": "3" } } },
      },
    };
    await kubectl(["apply", "-f", "-"], { input: manifest(failing) });
    expect((await kubectl(["wait", "--for=condition=complete", "job/once", "--timeout=300s"])).err).toBe("");
    expect((await kubectl(["wait", "--for=condition=failed", "job/failing", "--timeout=300s"])).err).toBe("");
    const { status } = await get<{ status: { conditions: { type: string; reason: string }[] } }>("job/failing");
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: "Failed", reason: "PodFailurePolicy" }));
    const ended = await get<{ items: { status: { phase: string; containerStatuses: { state: object }[] } }[] }>(
      ...["pods", "-l", "batch.kubernetes.io/job-name in (once, failing)"],
    );
    expect(ended.items.map((pod) => [pod.status.phase, pod.status.containerStatuses[0]?.state])).toEqual([
      ["Failed", { terminated: expect.objectContaining({ exitCode: 3, reason: "Error" }) as unknown }],
      [
        "Succeeded",
        {
          terminated: expect.objectContaining({
            ...{ exitCode: 0, reason: "Completed" },
            message: expect.stringContaining("The sandbox runs no containers") as unknown,
          }) as unknown,
        },
      ],
    ]);
    expect((await kubectl(["rollout", "status", "deployment/plain", "--timeout=300s"])).code).toBe(0);

    await plane.setNodePools([systemPool, { ...userPool, name: "other" }]);
    const { items } = await get<{ items: { metadata: { labels: Record<string, string> } }[] }>("nodes");
    expect(items.map(({ metadata }) => metadata.labels["agentpool"]).sort()).toEqual(["other", "system", "system"]);
    expect((await kubectl(["rollout", "status", "deployment/plain", "--timeout=300s"])).code).toBe(0);
    const pods = await get<{ items: { spec: { nodeName: string } }[] }>("pods", "-l", "app=plain");
    expect(new Set(pods.items.map(({ spec }) => spec.nodeName.includes("-other-")))).toEqual(new Set([true]));
  });

  it("upgrades a pool's nodes, a few at a time, and its pods move", async () => {
    const upgraded = { ...userPool, name: "other", count: 2, kubernetesVersion: "1.34.9" };
    await plane.setNodePools([systemPool, { ...upgraded, kubernetesVersion: "1.34.4" }]);
    await plane.setNodePools([systemPool, upgraded]);
    interface Node {
      metadata: { labels: Record<string, string> };
      spec: { unschedulable?: boolean };
      status: { nodeInfo: { kubeletVersion: string } };
    }
    const { items } = await get<{ items: Node[] }>("nodes", "-l", "agentpool=other");
    expect(items.map(({ status, spec }) => [status.nodeInfo.kubeletVersion, spec.unschedulable])).toEqual([
      ["v1.34.9", undefined],
      ["v1.34.9", undefined],
    ]);
    // A pod that no node took is tried again at the latest when it has waited for five minutes (kube-scheduler, podMaxInUnschedulablePodsDuration).
    expect((await kubectl(["rollout", "status", "deployment/plain", "--timeout=400s"])).code).toBe(0);
  });

  it("gives load balancers addresses, and takes them away", async () => {
    const service = (type: string) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "front", namespace: "default" },
      spec: { type, selector: { app: "plain" }, ports: [{ port: 80 }] },
    });
    const address = async () => (await kubectl(["get", "service", "front", "-o", "jsonpath={.status..ip}"])).out;
    await kubectl(["apply", "-f", "-"], { input: manifest(service("LoadBalancer")) });
    await until("an address", 300, async () => (await address()) === "203.0.113.1");
    await kubectl(["apply", "-f", "-"], { input: manifest(service("ClusterIP")) });
    await until("no address", 300, async () => (await address()) === "");
    expect((await kubectl(["delete", "service", "front", "--timeout=300s"])).code).toBe(0);
  });

  it("gives claims volumes when a pod uses them, protects them meanwhile, and removes them with their claims", async () => {
    const claim = (name: string, storageClassName?: string) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: "default" },
      spec: { storageClassName, accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "writer", namespace: "default" },
      spec: {
        containers: [{ name: "writer", image: "example/writer:1" }],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "disk" } }],
      },
    };
    const phase = async (name: string) => (await kubectl(["get", "pvc", name, "-o", "jsonpath={.status.phase}"])).out;
    await kubectl(["apply", "-f", "-"], { input: manifest(claim("disk"), claim("share", "azurefile-csi")) });
    await until("the file share", 300, async () => (await phase("share")) === "Bound");
    // The default class waits for the first pod.
    expect(await phase("disk")).toBe("Pending");
    await kubectl(["apply", "-f", "-"], { input: manifest(pod) });
    await until("the disk", 300, async () => (await phase("disk")) === "Bound");
    expect((await kubectl(["wait", "--for=condition=Ready", "pod/writer", "--timeout=300s"])).err).toBe("");
    await kubectl(["delete", "pvc", "disk", "share", "--wait=false"]);
    await until("the share is gone", 300, async () => (await phase("share")) === "");
    expect(await phase("disk")).toBe("Bound");
    await kubectl(["delete", "pod", "writer", "--timeout=300s"]);
    await until("no volume is left", 300, async () => (await kubectl(["get", "pv", "-o", "name"])).out === "");
    expect(await phase("disk")).toBe("");
  });

  it("has KEDA's kinds and pods where it is wanted, and keeps the kinds where it is wanted no more", async () => {
    const deployments = ["deployment/keda-operator", "deployment/keda-operator-metrics-apiserver"];
    await plane.setKeda(true);
    for (const name of deployments) {
      const status = await kubectl(["-n", "kube-system", "rollout", "status", name, "--timeout=300s"]);
      expect(status.code, status.err).toBe(0);
    }
    const mayOperator = async (...what: string[]) => {
      const as = "--as=system:serviceaccount:kube-system:keda-operator";
      return (await kubectl(["auth", "can-i", as, "-n", "shop", ...what])).out.trim();
    };
    expect(await mayOperator("create", "horizontalpodautoscalers")).toBe("yes");
    expect(await mayOperator("delete", "deployments")).toBe("no");
    const job = (spec: object) => ({
      ...{ apiVersion: "keda.sh/v1alpha1", kind: "ScaledJob", metadata: { name: "job", namespace: "default" } },
      spec: { jobTargetRef: { template: { spec: {} } }, triggers: [{ type: "cron", metadata: {} }], ...spec },
    });
    const trial = (object: object) =>
      kubectl(["create", "--dry-run=server", "--validate=strict", "-f", "-"], { input: manifest(object) });
    expect((await trial(job({}))).err).toBe("");
    expect((await trial(job({ stray: 1 }))).err).toContain('unknown field "spec.stray"');
    await plane.setKeda(false);
    expect((await kubectl(["-n", "kube-system", "get", ...deployments])).code).not.toBe(0);
    expect((await kubectl(["get", "scaledobjects,triggerauthentications", "-A"])).code).toBe(0);
  });

  it("runs Open Service Mesh, which injects sidecars and refuses what it must", async () => {
    await plane.enableOpenServiceMesh({ crdDelaySeconds: 2 });
    expect((await kubectl(["get", "crd", "meshconfigs.config.openservicemesh.io"])).code).not.toBe(0);
    await until("webhooks", 300, meshServes);
    const config = await get<{ spec: { traffic: Record<string, unknown>; featureFlags: Record<string, unknown> } }>(
      "-n",
      "kube-system",
      "meshconfig",
      "osm-mesh-config",
    );
    expect(config.spec.traffic).toMatchObject({ enablePermissiveTrafficPolicyMode: true, enableEgress: true });
    expect(config.spec.featureFlags).toMatchObject({ enableEgressPolicy: true });
    for (const name of ["osm-bootstrap", "osm-controller", "osm-injector"]) {
      const status = await kubectl(["-n", "kube-system", "rollout", "status", `deployment/${name}`, "--timeout=300s"]);
      expect(status.code, status.err).toBe(0);
    }

    expect((await kubectl(["apply", "-f", "-"], { input: manifest(shop, deployment("web", "shop")) })).err).toBe("");
    expect((await kubectl(["-n", "shop", "rollout", "status", "deployment/web", "--timeout=300s"])).code).toBe(0);
    const pods = await get<{
      items: { spec: { containers: { name: string }[]; initContainers: { name: string }[] } }[];
    }>("-n", "shop", "pods");
    for (const { spec } of pods.items) {
      expect(spec.containers.map(({ name }) => name)).toEqual(["web", "envoy"]);
      expect(spec.initContainers.map(({ name }) => name)).toEqual(["osm-init"]);
    }

    const target = {
      apiVersion: "access.smi-spec.io/v1alpha3",
      kind: "TrafficTarget",
      metadata: { name: "elsewhere", namespace: "shop" },
      spec: {
        destination: { kind: "ServiceAccount", name: "default", namespace: "other" },
        sources: [{ kind: "ServiceAccount", name: "default", namespace: "shop" }],
        rules: [{ kind: "TCPRoute", name: "any" }],
      },
    };
    const refused = await kubectl(["apply", "-f", "-"], { input: manifest(target) });
    expect(refused.err).toContain("The traffic target namespace (shop) must match spec.Destination.Namespace (other)");
  });

  it("adopts what runs, and starts again what was killed", async () => {
    const before = await pids();
    expect(Object.keys(before).sort()).toEqual(allProcesses);
    plane = await open();
    expect(await pids()).toEqual(before);

    for (const name of ["etcd", "osm-injector", "kube-controller-manager"]) {
      const pid = before[name] ?? 0;
      process.kill(pid, "SIGKILL");
      await until(`${name} gone`, 30, async () => (await identify(pid)) === undefined);
    }
    plane = await open();
    const after = await pids();
    expect(allProcesses.filter((name) => after[name] !== before[name]).sort()).toEqual([
      "etcd",
      "kube-controller-manager",
      "osm-injector",
    ]);
    expect((await kubectl(["-n", "shop", "rollout", "restart", "deployment/web"])).code).toBe(0);
    expect((await kubectl(["-n", "shop", "rollout", "status", "deployment/web", "--timeout=300s"])).code).toBe(0);
  });

  it("stops without leaving a process, and has its data when it is opened again", async () => {
    const before = await pids();
    await plane.stop();
    for (const pid of Object.values(before)) expect(await identify(pid)).toBeUndefined();
    plane = await open();
    expect((await kubectl(["-n", "shop", "get", "deployment", "web"])).code).toBe(0);
    // Open resolves when the webhooks serve: a pod is not refused.
    expect((await kubectl(["-n", "shop", "run", "late", "--image=example/late:1"])).err).toBe("");
    await stopControlPlane(path.join(scratch, "cluster"));
    expect(await startedProcesses(path.join(scratch, "cluster"))).toEqual([]);
    plane = await open();
  });

  it("disables the mesh as AKS does: definitions and webhooks stay behind", async () => {
    await plane.disableOpenServiceMesh();
    await until("deployments gone", 300, async () => {
      const found = await kubectl(["-n", "kube-system", "get", "deployments", "-o", "name"]);
      return !found.out.includes("osm-");
    });
    expect(await meshServes()).toBe(true);
    expect((await kubectl(["get", "crd", "meshconfigs.config.openservicemesh.io"])).code).toBe(0);
    const pod = await kubectl(["-n", "shop", "run", "orphan", "--image=example/orphan:1"]);
    expect(pod.err).toContain("failed calling webhook");
    expect(Object.keys(await pids()).filter((name) => name.startsWith("osm-"))).toEqual([]);

    await plane.enableOpenServiceMesh({ crdDelaySeconds: 0 });
    await until("pods are admitted again", 300, async () => {
      const again = await kubectl(["-n", "shop", "run", "again", "--image=example/again:1"]);
      return again.code === 0;
    });
  });

  it("writes no secret where others can read it", async () => {
    const { stdout } = await promisify(execFile)("find", [
      path.join(scratch, "cluster"),
      "-type",
      "f",
      "-perm",
      "/077",
      "(",
      "-name",
      "*key*",
      "-o",
      "-name",
      "*.kubeconfig",
      ")",
    ]);
    expect(stdout).toBe("");
  });
});
