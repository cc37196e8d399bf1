import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { convertCommand } from "../../cli/convert";
import { type Terminal } from "../../cli/terminal";
import { UsageError } from "../../cli/usage-error";

let folder: string;

const manifests = (path: string) => `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {openservicemesh.io/monitored-by: osm}, annotations: {openservicemesh.io/sidecar-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {openservicemesh.io/monitored-by: osm}, annotations: {openservicemesh.io/sidecar-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http-web, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: web}
spec: {template: {metadata: {labels: {app: front}}, spec: {serviceAccountName: front}}}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: routes, namespace: shop}
spec: {matches: [{name: items, pathRegex: "${path}", methods: [GET]}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: front, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: cart, namespace: shop}
  sources: [{kind: ServiceAccount, name: front, namespace: web}]
  rules: [{kind: HTTPRouteGroup, name: routes, matches: [items]}]
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-convert-"));
  writeFileSync(join(folder, "exact.yaml"), manifests("/items/.*"));
  writeFileSync(join(folder, "digits.yaml"), manifests("/items/[0-9]+"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function convert(...args: readonly string[]) {
  let out = "";
  let err = "";
  const plain = (text: string): string => text;
  const terminal: Terminal = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    paint: { good: plain, bad: plain, warn: plain, dim: plain, bold: plain },
  };
  const code = await convertCommand(terminal, args);
  return { code, out, err };
}

describe("aks-mesh convert", () => {
  it("writes Istio's objects and proves that they let the same through", async () => {
    const { code, out, err } = await convert(join(folder, "exact.yaml"), "--to", "istio", "--revision", "asm-1-30");
    expect(code).toBe(0);
    const objects = parseAllDocuments(out).map(
      (document) => document.toJS() as { kind: string; metadata: { name: string; labels?: unknown } },
    );
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toContain("AuthorizationPolicy allow-cart");
    expect(objects[0]).toMatchObject({
      kind: "Namespace",
      metadata: { name: "shop", labels: { "istio.io/rev": "asm-1-30" } },
    });
    expect(err).toContain(
      "Proved: nothing opens, closes or moves; equal for every request whose path is one of RFC 3986",
    );
    expect(err).toContain("Answered otherwise: 404 → 403 for 1 pair");
  });

  it("ends with 1 and writes nothing for an account of which it cannot say all", async () => {
    const out = join(folder, "istio");
    const { code, err } = await convert(join(folder, "digits.yaml"), "--to", "istio", "--out", out);
    expect(code).toBe(1);
    expect(err).toContain("shop/cart: nothing is written for it");
    expect(err).toContain('wider: path /items/[0-9]+ as /items/{*}, also lets in "/items/x"');
    expect(readdirSync(out).sort()).toEqual(["shop.yaml", "web.yaml"]);
    expect(readFileSync(join(out, "shop.yaml"), "utf8")).not.toContain("allow-cart");
  });

  it("writes what was chosen into the policy, and shows what that changes", async () => {
    const { code, out, err } = await convert(
      join(folder, "digits.yaml"),
      "--to",
      "istio",
      "--choose",
      "shop/cart=wider",
    );
    expect(code).toBe(0);
    expect(out).toContain("aks-mesh/approximation:");
    expect(err).toMatch(/opens: web\/front → cart\.shop\.svc\.cluster\.local:80 GET \/items\/x/);
  });

  it("keeps the 404 of requests that no route takes", async () => {
    const { err } = await convert(join(folder, "exact.yaml"), "--to", "istio", "--keep-404");
    expect(err).not.toContain("Answered otherwise");
  });

  it("writes rates as EnvoyFilters where somebody allows these, and says how where nobody does", async () => {
    const rate = {
      ...{ apiVersion: "policy.openservicemesh.io/v1alpha1", kind: "UpstreamTrafficSetting" },
      metadata: { name: "few", namespace: "shop" },
      spec: {
        host: "cart.shop.svc.cluster.local",
        rateLimit: { local: { http: { requests: 10, unit: "second" } } },
      },
    };
    const files = [join(folder, "exact.yaml"), join(folder, "few.json")];
    writeFileSync(files[1] ?? "", JSON.stringify(rate));
    const refused = await convert(...files, "--to", "istio");
    expect(refused.code).toBe(1);
    expect(refused.out).not.toContain("EnvoyFilter");
    expect(refused.err).toMatch(/UpstreamTrafficSetting shop\/few: .*--allow-envoy-filter of aks-mesh convert/);
    const { code, out, err } = await convert(...files, "--to", "istio", "--allow-envoy-filter");
    expect(code, err).toBe(0);
    expect(out).toMatch(/kind: EnvoyFilter\nmetadata:\n {2}name: rate-cart\n/);
    expect(err).toContain("Proved: nothing opens, closes or moves");
  });

  it.each([
    [["--to", "linkerd"], /wants --to istio/],
    [["--to", "istio", "--choose", "cart=wider"], /write NAMESPACE\/ACCOUNT=narrower/],
    [["--to", "istio", "--choose", "shop/cart=wider"], /nothing to choose/],
  ])("refuses %s", async (args, message) => {
    const run = convert(join(folder, "exact.yaml"), ...args);
    await expect(run).rejects.toThrow(UsageError);
    await expect(run).rejects.toThrow(message);
  });
});
