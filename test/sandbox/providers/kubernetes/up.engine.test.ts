import { execFile } from "node:child_process";
import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServiceArgs } from "@pulumi/kubernetes/core/v1";
import { openControlPlane, type ControlPlane } from "../../../../sandbox/control-plane";
import { installProviderPlugins } from "../../../../sandbox/providers/install";
import { ensureTools, type Tools } from "../../../../sandbox/tools";
import { startFakeEntra, type FakeEntra } from "../../control-plane/fake-entra";
import { runDirectory } from "../../../run/leftovers";

/** The provider under the real engine, against a real API server with its controllers and KWOK's nodes. */

const root = resolve(__dirname, "../../../..");
const RESOURCES = 12;
let scratch: string;
let tools: Tools;
let entra: FakeEntra;
let cluster: ControlPlane;

interface Exit {
  readonly code: number;
  readonly text: string;
}

function run(command: string, args: readonly string[], environment: Record<string, string>): Promise<Exit> {
  const env = {
    HOME: scratch,
    PATH: `${tools.binaries}:${process.env["PATH"] ?? ""}`,
    KUBECONFIG: join(scratch, "kubeconfig"),
    ...environment,
  };
  return new Promise((done) => {
    execFile(
      command,
      args,
      { cwd: join(scratch, "program"), env, maxBuffer: 2 ** 26, timeout: 180_000 },
      (error, out, err) => done({ code: error === null ? 0 : Number(error.code ?? 1), text: `${out}\n${err}` }),
    );
  });
}

/** A Service as the sample makes them: the number is in the port's name. */
function bookstore(port: number): ServiceArgs {
  const selector = { app: "bookstore" };
  return {
    metadata: { name: "bookstore", namespace: "shop", labels: selector },
    spec: { selector, ports: [{ name: `http-${port}`, port, targetPort: port, appProtocol: "http" }] },
  };
}

function pulumi(
  args: readonly string[],
  settings: object = {},
  environment: Record<string, string> = {},
): Promise<Exit> {
  return run(tools.path("pulumi"), [...args, "--non-interactive"], {
    ...environment,
    PULUMI_HOME: join(scratch, "home"),
    PULUMI_BACKEND_URL: `file://${join(scratch, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    TEST_KUBECONFIG: join(scratch, "kubeconfig"),
    SETTINGS: JSON.stringify({ service: bookstore(14001), ...settings }),
  });
}

const up = (settings: object = {}): Promise<Exit> => pulumi(["up", "--yes", "--skip-preview", "--diff"], settings);
const kubectl = async (...args: string[]): Promise<string> => {
  const { code, text } = await run(tools.path("kubectl"), args, {});
  if (code !== 0) throw new Error(text);
  return text.trim();
};

beforeAll(async () => {
  scratch = await runDirectory("kubernetes-provider");
  tools = await ensureTools(() => undefined);
  entra = await startFakeEntra(join(scratch, "entra"), () => false);
  cluster = await openControlPlane({
    directory: join(scratch, "cluster"),
    tools,
    oidc: { issuerUrl: entra.issuerUrl, clientId: "test", caFile: entra.caFile },
    authorizationWebhookUrl: entra.guardUrl,
    authorizationWebhookCaFile: entra.caFile,
    serviceCidr: "10.0.0.0/16",
    dnsServiceIP: "10.0.0.10",
  });
  const pool = { name: "pool", mode: "System", count: 1, vmSize: "Standard_D4s_v5", maxPods: 110 } as const;
  const software = { kubernetesVersion: "1.34.4", nodeImageVersion: "AKSUbuntu-1", osSku: "Ubuntu" };
  await cluster.setNodePools([{ ...pool, ...software, zones: [], labels: {}, taints: [] }]);
  await writeFile(join(scratch, "kubeconfig"), cluster.adminKubeconfig, { mode: 0o600 });

  await cp(join(__dirname, "program"), join(scratch, "program"), { recursive: true });
  await cp(join(root, "tsconfig.json"), join(scratch, "program", "tsconfig.json"));
  await symlink(join(root, "node_modules"), join(scratch, "program", "node_modules"));
  await mkdir(join(scratch, "state"));
  await installProviderPlugins(join(scratch, "home"));
  const init = await pulumi(["stack", "init", "test"]);
  expect(init.text).toContain("Created stack");
});

afterAll(async () => {
  await cluster?.destroy();
  entra?.close();
  await rm(scratch, { recursive: true, force: true });
});

describe("a stack of Kubernetes objects", () => {
  it("comes up, with working pods", async () => {
    const preview = await pulumi(["preview"]);
    expect(preview.text).toContain(`${RESOURCES} to create`);
    const { code, text } = await up();
    expect(text).toContain(`${RESOURCES} created`);
    expect(code).toBe(0);
    expect(await kubectl("get", "deployment", "web", "-n", "shop", "-o", "jsonpath={.status.availableReplicas}")).toBe(
      "2",
    );
    expect(await kubectl("get", "widget", "one", "-n", "shop", "-o", "jsonpath={.spec}")).toBe(
      '{"colour":"grey","extra":{"free":"form"},"size":3}',
    );
    expect(await kubectl("get", "namespace", "default", "-o", "jsonpath={.metadata.labels.patched}")).toBe("yes");
  });

  it("changes nothing the second time, and refresh finds nothing", async () => {
    expect((await up()).text).toContain(`${RESOURCES} unchanged`);
    expect((await pulumi(["refresh", "--yes", "--skip-preview"])).text).toContain(`${RESOURCES} unchanged`);
    expect((await up()).text).toContain(`${RESOURCES} unchanged`);
  });

  it("loses a misspelt field without a word", async () => {
    expect((await up({ misspelt: true })).text).toContain(`${RESOURCES} unchanged`);
  });

  it("cannot preview a changed port of a Service never updated since its creation, unless its name changes too", async () => {
    const failed = await pulumi(["preview"], { port: 8080 });
    expect(failed.text).toContain('spec.ports[1].name: Duplicate value: "http"');
    expect(failed.code).not.toBe(0);
    const named = await pulumi(["preview"], { service: bookstore(14002) });
    expect(named.text).toContain("~ 1 to update");
    expect(named.code).toBe(0);
    expect((await up({ port: 8080 })).text).toContain("~ 1 updated");
    expect(await kubectl("get", "service", "web", "-n", "shop", "-o", "jsonpath={.spec.ports[*].port}")).toBe("8080");
    const later = await pulumi(["preview"], { port: 8081 });
    expect(later.text).toContain("~ 1 to update");
    expect(later.code).toBe(0);
  });

  it("keeps secrets out of the state in plain text", async () => {
    const { text } = await pulumi(["stack", "export"]);
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain(Buffer.from("plain-hunter2").toString("base64"));
    expect(text).not.toContain("client-key-data");
  });

  const now = { team: "b", replicas: 3, size: 4, colour: "blue", port: 8080 };

  it("updates in place and replaces an immutable ConfigMap before its old one goes", async () => {
    const { text } = await up(now);
    expect(text).toContain("+-1 replaced");
    expect(text).toContain("~ 3 updated");
    expect(await kubectl("get", "namespace", "shop", "-o", "jsonpath={.metadata.labels.team}")).toBe("b");
    expect(await kubectl("get", "configmap", "-n", "shop", "-o", "jsonpath={.items[*].data.colour}")).toBe("blue");
  });

  it("finds what was deleted and changed by hand, restores it, and leaves alone what others added", async () => {
    await kubectl("label", "namespace", "shop", "cost-centre=42");
    await kubectl("delete", "widget", "one", "-n", "shop");
    await kubectl("scale", "deployment", "web", "-n", "shop", "--replicas=4");
    const refresh = await pulumi(["refresh", "--yes", "--skip-preview", "--diff"]);
    expect(refresh.text).toContain("- 1 deleted");
    expect(refresh.text).toContain("replicas: 3 => 4");

    const conflict = await pulumi(["preview"], now);
    expect(conflict.code).not.toBe(0);
    expect(conflict.text).toMatch(/spec\.replicas: conflict with "kubectl"/);
    expect(conflict.text).toContain("pulumi.com/patchForce");

    const { text } = await up({ ...now, force: true });
    expect(text).toContain("+ 1 created");
    expect(await kubectl("get", "deployment", "web", "-n", "shop", "-o", "jsonpath={.spec.replicas}")).toBe("3");
    expect(await kubectl("get", "namespace", "shop", "-o", "jsonpath={.metadata.labels.cost-centre}")).toBe("42");
    expect((await up({ ...now, force: true })).text).toContain(`${RESOURCES} unchanged`);
  });

  it("takes back what kubectl changed, in a run and not in a preview", async () => {
    await kubectl("label", "namespace", "shop", "team=somebody", "--overwrite");
    await pulumi(["refresh", "--yes", "--skip-preview"]);
    const preview = await pulumi(["preview"], { ...now, force: true });
    expect(preview.text).toMatch(/metadata\.labels\.team: conflict with "kubectl-label"/);
    expect(preview.code).not.toBe(0);
    expect((await up({ ...now, force: true })).text).toContain("~ 1 updated");
    expect(await kubectl("get", "namespace", "shop", "-o", "jsonpath={.metadata.labels.team}")).toBe("b");
    expect((await pulumi(["preview"], { ...now, force: true })).text).toContain(`${RESOURCES} unchanged`);
  });

  it("refuses at preview what the API server would refuse", async () => {
    const { code, text } = await pulumi(["preview"], { ...now, force: true, size: 0 });
    expect(code).not.toBe(0);
    expect(text).toContain("spec.size in body should be greater than or equal to 1");
  });

  it("says why pods do not come, keeps the object, and continues when that is mended", async () => {
    const stuck = await up({ ...now, force: true, nodeSelector: { disk: "none-such" } });
    expect(stuck.code).not.toBe(0);
    expect(stuck.text).toMatch(/not ready within 8 s/);
    expect(stuck.text).toMatch(/FailedScheduling|Unschedulable/);
    const mended = await up({ ...now, force: true });
    expect(mended.text).toContain("~ 1 updated");
    expect(mended.code).toBe(0);
  });

  it("does not take up an object whose creation was cut off before the state was written, unless told", async () => {
    await kubectl("delete", "widget", "one", "-n", "shop");
    await pulumi(["refresh", "--yes", "--skip-preview"]);
    const before = await pulumi(["stack", "export"]);
    await up({ ...now, force: true });
    await writeFile(join(scratch, "before.json"), before.text.trim());
    expect((await pulumi(["stack", "import", "--file", join(scratch, "before.json")])).code).toBe(0);
    const refused = await up({ ...now, force: true });
    expect(refused.text).toMatch(
      /was not successfully created by the Kubernetes API server: widgets\.example\.com "one" already exists/,
    );
    expect(refused.code).not.toBe(0);
    const { code, text } = await pulumi(
      ["up", "--yes", "--skip-preview"],
      { ...now, force: true },
      { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" },
    );
    expect(text).toContain("+ 1 created");
    expect(code).toBe(0);
  });

  it("destroys everything of its own and nothing else", async () => {
    const { code, text } = await pulumi(["destroy", "--yes", "--skip-preview"], { ...now, force: true });
    expect(text).toContain(`${RESOURCES} deleted`);
    expect(code).toBe(0);
    await expect(kubectl("get", "namespace", "shop")).rejects.toThrow("NotFound");
    await expect(kubectl("get", "crd", "widgets.example.com")).rejects.toThrow("NotFound");
    expect(await kubectl("get", "namespace", "default", "-o", "jsonpath={.metadata.labels.patched}")).toBe("");
  });
});
