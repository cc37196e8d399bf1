import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { capture } from "./capture";

const items: Readonly<Record<string, readonly object[]>> = {
  "/api/v1/pods": ["cart", "items"].map((name) => ({
    metadata: { name, namespace: "shop", labels: { app: name } },
    spec: { serviceAccountName: name, containers: [{ name: "c", image: "c" }] },
  })),
  "/api/v1/services": ["cart", "items"].map((name) => ({
    metadata: { name, namespace: "shop" },
    spec: { selector: { app: name }, clusterIP: "", ports: [{ port: 80 }] },
  })),
  "/apis/specs.smi-spec.io/v1alpha4/httproutegroups": [
    { metadata: { name: "all", namespace: "shop" }, spec: { matches: [{ name: "all" }] } },
  ],
  "/apis/cilium.io/v2/ciliumnetworkpolicies": [{ metadata: { name: "c", namespace: "shop" }, spec: {} }],
  "/apis/access.smi-spec.io/v1alpha3/traffictargets": [
    {
      metadata: { name: "t", namespace: "shop" },
      spec: {
        destination: { kind: "ServiceAccount", name: "items", namespace: "shop" },
        sources: [{ kind: "ServiceAccount", name: "cart", namespace: "shop" }],
        rules: [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }],
      },
    },
  ],
};

/** What the server says that it serves, beside what every cluster has. */
const groups = ["cilium.io/v2", "gateway.networking.k8s.io/v1", "example.com/v1"].map((groupVersion) => ({
  name: groupVersion.split("/")[0],
  preferredVersion: { groupVersion },
}));
const served: Readonly<Record<string, readonly object[]>> = {
  "/apis/cilium.io/v2": [
    { kind: "CiliumNetworkPolicy", name: "ciliumnetworkpolicies", namespaced: true },
    { kind: "CiliumNetworkPolicy", name: "ciliumnetworkpolicies/status", namespaced: true },
    { kind: "CiliumNode", name: "ciliumnodes", namespaced: false },
  ],
  "/apis/gateway.networking.k8s.io/v1": [
    { kind: "HTTPRoute", name: "httproutes", namespaced: true },
    { kind: "GatewayClass", name: "gatewayclasses", namespaced: false },
  ],
};

describe("--context", () => {
  let server: Server;
  let folder: string;
  const asked: string[] = [];
  const before = process.env["KUBECONFIG"];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      asked.push(`${request.method ?? ""} ${url.pathname}`);
      const answer = (code: number, body: object): void => {
        response.writeHead(code, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      };
      if (url.pathname === "/apis") return answer(200, { kind: "APIGroupList", groups });
      const resources = served[url.pathname];
      if (resources !== undefined) return answer(200, { kind: "APIResourceList", resources });
      if (url.pathname.endsWith("v1/networkpolicies")) return answer(403, { kind: "Status" });
      if (url.pathname.endsWith("/retries")) return answer(404, { kind: "Status" });
      const all = items[url.pathname] ?? [];
      // One item a page: the rest has to be asked for.
      const at = Number(url.searchParams.get("continue") ?? "0");
      const next = at + 1 < all.length ? { continue: String(at + 1) } : {};
      answer(200, { kind: "List", metadata: next, items: all.slice(at, at + 1) });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    folder = mkdtempSync(join(tmpdir(), "aks-mesh-context-"));
    const { port } = server.address() as AddressInfo;
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: "here", cluster: { server: `http://127.0.0.1:${String(port)}`, "insecure-skip-tls-verify": true } },
      ],
      users: [{ name: "me", user: {} }],
      contexts: [{ name: "here", context: { cluster: "here", user: "me" } }],
      "current-context": "",
    };
    process.env["KUBECONFIG"] = join(folder, "config");
    writeFileSync(process.env["KUBECONFIG"], JSON.stringify(kubeconfig));
  });
  afterAll(() => {
    if (before === undefined) delete process.env["KUBECONFIG"];
    else process.env["KUBECONFIG"] = before;
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("reads page by page, only lists, no Secret, and says what it was not allowed to see", async () => {
    const call = ["--from", "shop/cart", "--to", "items.shop:80", "--json"];
    const { result, output } = await capture(() => main(["explain", "--context", "here", ...call]));
    expect(result, output).toBe(0);
    expect(output).toContain('"outcome": "allowed"');
    expect(output).toContain("Not seen, because context here may not list them: NetworkPolicy.");
    expect(output).toContain("does not serve Retry.");
    expect(asked.filter((one) => !one.startsWith("GET ") || one.includes("secret"))).toEqual([]);
    expect(asked.filter((one) => one === "GET /api/v1/pods")).toHaveLength(2);
  });

  it("lists what the cluster serves and the analysis does not read, and says so of each object", async () => {
    const { output } = await capture(() => main(["check", "--context", "here"]));
    expect(output).toContain("CiliumNetworkPolicy of cilium.io/v2 (Cilium) is not read");
    const listed = asked.filter((one) => /cilium|gateway\.networking|example\.com|mutatingwebhook/.test(one));
    expect([...new Set(listed)]).toEqual([
      "GET /apis/cilium.io/v2",
      "GET /apis/gateway.networking.k8s.io/v1",
      "GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
      "GET /apis/cilium.io/v2/ciliumnetworkpolicies",
      "GET /apis/gateway.networking.k8s.io/v1/httproutes",
      "GET /apis/gateway.networking.k8s.io/v1/gatewayclasses",
    ]);
  });

  it("is the first side of a comparison with files", async () => {
    const file = join(folder, "after.json");
    const objects = Object.entries(items)
      .filter(([path]) => !/traffictargets|cilium/.test(path))
      .flatMap(([path, list]) => {
        const kind = { pods: "Pod", services: "Service", httproutegroups: "HTTPRouteGroup" }[
          path.split("/").at(-1) ?? ""
        ];
        const apiVersion = path.startsWith("/apis") ? "specs.smi-spec.io/v1alpha4" : "v1";
        return list.map((item) => ({ apiVersion, kind, ...item }));
      });
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    const { result, output } = await capture(() => main(["diff", "--context", "here", file, "--exit-code"]));
    expect(output).toContain("shop/cart → items.shop.svc.cluster.local:80");
    expect(result).toBe(1);
  });

  it.each([
    [["check", "--context", "there"], 'The kubeconfig has no context "there". It has here.'],
    [["check", "--context", "here", "x.yaml"], "Name either files or --context"],
  ])("refuses %j", async (args, message) => {
    const { result, output } = await capture(() => main(args));
    expect(output).toContain(message);
    expect(result).toBe(2);
  });
});
