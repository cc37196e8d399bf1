import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { capture } from "./capture";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-istio-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const run = (...args: readonly string[]) => capture(() => main(args));

const cluster = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio.io/rev: asm-1-30, openservicemesh.io/monitored-by: osm }, annotations: { openservicemesh.io/sidecar-injection: enabled } }
---
apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop, labels: { app: cart } }
spec: { serviceAccountName: cart }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { serviceAccountName: web }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
`;

const policy = (paths: string) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
      to: [{ operation: { methods: [GET], paths: [${paths}] } }]
`;

const target = `
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: items, namespace: shop }
spec: { matches: [{ name: items, methods: [GET], pathRegex: "/items.*" }] }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: cart, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: cart, namespace: shop }
  sources: [{ kind: ServiceAccount, name: web, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: items, matches: [items] }]
`;

const closed = `---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: shop }
spec: { outboundTrafficPolicy: { mode: REGISTRY_ONLY } }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
`;

describe("manifests of Istio", () => {
  it("are told from their kinds, by every command", async () => {
    const file = write("mesh.yaml", cluster + policy('"/items*"'));
    expect((await run("access", file)).output).toContain("pass  GET /items*");
    const { output } = await run("explain", file, "--from", "shop/web", "--to", "cart.shop:80", "--path", "/other");
    expect(output).toContain("denied (403)");
    expect(output).toContain("AuthorizationPolicy shop/cart");
  });

  it("are compared, and what changes is shown by a request", async () => {
    const before = write("before.yaml", cluster + policy('"/items*"'));
    const after = write("after.yaml", cluster + policy('"/items*", "/carts"'));
    const { output } = await run("diff", before, after);
    expect(output).toContain("opens");
    expect(output).toContain("GET /carts");
    expect((await run("diff", before, before)).output).toContain("No change: proved for every service account");
  });

  it("are compared with those of Open Service Mesh: what changes, and of what that is proved", async () => {
    const osm = write("osm.yaml", cluster + target);
    const same = write("same.yaml", `${cluster}${policy('"/items*"')}${closed}`);
    const kinds = async (after: string) => {
      const { output } = await run("diff", osm, after, "--json");
      const report = JSON.parse(output.slice(output.indexOf("{\n"))) as { changes: { kind: string }[] };
      return report.changes.map(({ kind }) => kind);
    };
    // What is refused is answered with 403 in place of 404.
    expect(await kinds(same)).toEqual(["answers"]);
    // Without a Sidecar the calls of both accounts to unknown hosts are passed on.
    const open = await kinds(write("open.yaml", cluster + policy('"/items*"')));
    expect(open.filter((kind) => kind === "opens")).toHaveLength(4);
    const wider = write("wider.yaml", `${cluster}${policy('"/items*", "/carts"')}${closed}`);
    expect(await kinds(wider)).toEqual(["opens"]);
  });

  it("are expected where namespaces are Istio's and no object is of a mesh", async () => {
    const route =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: r, namespace: shop }\nspec: { parentRefs: [{ name: front }] }\n";
    const namespace = (label: string) =>
      `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { ${label} } }\n---\n${route}`;
    const found = async (label: string) => (await run("check", write("none.yaml", namespace(label)))).output;
    for (const label of ["istio.io/rev: asm-1-30", "istio-injection: enabled"]) {
      expect(await found(label)).toContain("[gateway-api-not-read]");
    }
    expect(await found("openservicemesh.io/monitored-by: osm")).toContain("[no-sidecar-injection]");
    const both = await found("istio.io/rev: asm-1-30, openservicemesh.io/monitored-by: osm");
    expect(both).toContain("say with --mesh which one runs");
  });

  it("are expected where pods or Gateways are Istio's, and nothing else tells the mesh", async () => {
    const found = async (text: string, ...more: readonly string[]) =>
      (await run("check", write("told.yaml", text), ...more)).output;
    const pod = (words: string) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: cart, namespace: shop }\nspec: { selector: { matchLabels: { app: cart } }, template: { metadata: { ${words} }, spec: { containers: [{ name: cart, image: cart }] } } }\n`;
    const gateway = (name: string) =>
      `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: front, namespace: shop }\nspec: { gatewayClassName: ${name}, listeners: [{ name: http, port: 80, protocol: HTTP }] }\n`;
    const ofIstio = "No ConfigMap of the mesh";
    const assumed = "Nothing tells which mesh runs: Open Service Mesh is assumed; --mesh istio says otherwise.";
    for (const text of [
      pod("labels: { app: cart, istio.io/rev: asm-1-30 }"),
      pod('labels: { app: cart }, annotations: { sidecar.istio.io/inject: "true" }'),
      gateway("istio"),
      `${gateway("ours")}---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: ours }\nspec: { controllerName: istio.io/gateway-controller }\n`,
    ]) {
      expect(await found(text)).toContain(ofIstio);
      expect(await found(text)).not.toContain(assumed);
    }
    const plain = pod("labels: { app: cart }");
    for (const text of [plain, gateway("nginx")]) {
      expect(await found(text)).not.toContain(ofIstio);
      expect(await found(text)).toContain(assumed);
    }
    expect(await found(plain, "--mesh", "osm")).not.toContain(assumed);
    const annotated = pod("labels: { app: cart }, annotations: { openservicemesh.io/sidecar-injection: enabled }");
    expect(await found(annotated)).not.toContain(assumed);
    expect(await found(annotated)).not.toContain(ofIstio);
  });

  it("that lead requests to different pods are told with who answers which", async () => {
    const route = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
    - match: [{ headers: { x-user: { exact: jason } } }]
      route: [{ destination: { host: cart, subset: v2 } }]
    - route: [{ destination: { host: cart, subset: v1 }, weight: 90 }, { destination: { host: cart, subset: v2 }, weight: 10 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: shop }
spec: { host: cart, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }] }
---
`;
    const version = (name: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: cart-${name}, namespace: shop, labels: { app: cart, version: ${name} } }\nspec: { serviceAccountName: cart }\n---\n`;
    const file = write("routes.yaml", cluster + version("v1") + version("v2") + route);
    const { output } = await run("access", file, "--mesh", "istio");
    expect(output).toContain("shop/web   ●");
    expect(output).toContain(`shop/web → cart.shop:80
    everything passes
    {x-user: jason} → shop/cart v2
    the rest → 90 % shop/cart v1, 10 % shop/cart v2
`);
  });

  it("beside those of another mesh want a word which one runs", async () => {
    const both = write("both.yaml", `${cluster}${target}---${policy('"/items*"')}`);
    const { output, result } = await run("access", both);
    expect(output).toContain("objects of two meshes, 2 of osm and 1 of istio: say with --mesh which one runs");
    expect(result).toBe(2);
    expect((await run("access", both, "--mesh", "istio")).output).toContain("pass  GET /items*");
    expect((await run("access", both, "--mesh", "osm")).output).toContain("pass  GET /items.*");
    expect((await run("access", both, "--mesh", "linkerd")).output).toContain(
      '--mesh is "linkerd": write one of osm, istio.',
    );
  });
});

describe("policies alone", () => {
  const alone = (name: string, spec: string) =>
    `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`;

  it("are of workloads that they select, which are assumed, and said", async () => {
    const file = write("policy.yaml", policy('"/items*"'));
    const { output } = await run("access", file);
    expect(output).toContain("No workload and no Service in shop");
    expect(output).toContain("pass  GET /items*");
  });

  it("of a whole namespace are of any service that is asked for", async () => {
    const file = write("none.yaml", alone("none", "{}"));
    expect((await run("explain", file, "--from", "shop/web", "--to", "cart.shop:80")).output).toContain("denied (403)");
  });

  it("do not make a misspelt name pass", async () => {
    const file = write("policy.yaml", policy('"/items*"'));
    const { output } = await run("explain", file, "--from", "shop/web", "--to", "crat.shop:80");
    expect(output).toContain("refused");
    expect(output).toContain("did you mean cart.shop?");
  });
});

describe("a port of which nothing says the protocol", () => {
  const found = (policy: string): string =>
    `${cluster.replace("name: http, port: 80", "name: pg, port: 5432")}---\n${policy}`;
  const denied = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin, namespace: shop }
spec: { selector: { matchLabels: { app: cart } }, action: DENY, rules: [{ to: [{ operation: { paths: [/admin] } }] }] }
`;

  it("is told of once where all passes, and of HTTP apart from other bytes where it does not", async () => {
    const open = await run("access", "--mesh", "istio", write("open.yaml", found("")));
    expect(open.output.match(/→ cart\.shop:5432$/gm)).toHaveLength(2);
    expect(open.output).not.toContain("what is HTTP");
    const closed = await run("access", "--mesh", "istio", write("closed.yaml", found(denied)));
    expect(closed.output).toContain("→ cart.shop:5432, what is HTTP");
    expect(closed.output).not.toMatch(/→ cart\.shop:5432$/m);
  });
});
