import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, configure, kubectl, openTestSandbox } from "./in-sandbox";

const stack = "dev";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox({ program: join(__dirname, "programs", "istio-gateways") });
});
afterAll(() => closeTestSandbox(sandbox));

async function up(...flags: string[]): Promise<void> {
  const exit = await operate(sandbox, "up", stack, flags);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
}

async function read(...args: string[]): Promise<string> {
  const exit = await kubectl(sandbox, stack, "get", ...args);
  expect(exit.code, exit.stderr).toBe(0);
  return exit.stdout.trim();
}

async function apply(...objects: readonly object[]): Promise<void> {
  const file = join(sandbox.paths.directory, "objects.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  const exit = await kubectl(sandbox, stack, "apply", "--filename", file);
  expect(exit.code, exit.stderr).toBe(0);
}

function pod(name: string): object {
  const containers = [{ name: "shop", image: "registry.example/shop:1" }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop" }, spec: { containers } };
}

describe.sequential("a cluster with Istio's gateways", () => {
  const namespace = "--namespace=aks-istio-egress";

  it("has an egress gateway under AKS's names, with addresses of its own pool", async () => {
    await up();
    expect(
      await read("staticgatewayconfiguration", "addresses", namespace, "--output=jsonpath={.status.egressIpPrefix}"),
    ).toBe("192.0.2.0/31");
    expect(await read("service", "out", namespace, "--output=jsonpath={.spec.type} {.spec.selector.istio}")).toBe(
      "ClusterIP out",
    );
    const annotation = "{.spec.template.metadata.annotations.kubernetes\\.azure\\.com/static-gateway-configuration}";
    expect(await read("deployment", "out-asm-1-29", namespace, `--output=jsonpath=${annotation}`)).toBe("addresses");
    // Its own pods run elsewhere: the pool's nodes take none.
    const gatewayNodes = await read("nodes", "--selector=kubernetes.azure.com/mode=gateway", "--output=name");
    expect(gatewayNodes.split("\n")).toHaveLength(2);
    const nodes = (await read("pods", "--all-namespaces", "--output=jsonpath={.items[*].spec.nodeName}")).split(" ");
    expect(nodes.filter((node) => gatewayNodes.includes(node))).toEqual([]);
    await up("--expect-no-changes");
  });

  it("gives pods sidecars by a tag, which moves to another revision while namespaces stay as they are", async () => {
    const revisionOfPod = async (name: string) => {
      await apply(pod(name));
      return await read(
        "pod",
        name,
        "--namespace=shop",
        "--output=jsonpath={.metadata.labels.service\\.istio\\.io/canonical-revision} {.metadata.annotations.istio\\.io/rev}",
      );
    };
    await apply({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop", labels: { "istio.io/rev": "prod" } },
    });
    expect(await revisionOfPod("before")).toMatch(/ asm-1-29$/);
    await configure(sandbox, stack, { revisions: ["asm-1-30", "asm-1-29"] });
    await up();
    expect(await revisionOfPod("after")).toMatch(/ asm-1-30$/);
    expect(await read("namespace", "shop", "--output=jsonpath={.metadata.labels.istio\\.io/rev}")).toBe("prod");
    await up("--expect-no-changes");
  });

  it("has none any more when nobody asks for one", async () => {
    await configure(sandbox, stack, { egress: false });
    await up();
    expect(await read("services,deployments", namespace, "--output=name")).toBe("");
    expect(await read("staticgatewayconfigurations", "--all-namespaces", "--output=name")).toBe("");
  });
});
