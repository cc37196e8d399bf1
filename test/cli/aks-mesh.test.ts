import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const command = resolve(__dirname, "../../cli/bin.js");
let folder: string;

const bookstore = `
apiVersion: v1
kind: Service
metadata: {name: bookstore, namespace: bookstore}
spec: {selector: {app: bookstore}, ports: [{port: 14001}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bookstore, namespace: bookstore}
spec: {template: {metadata: {labels: {app: bookstore}}, spec: {serviceAccountName: bookstore}}}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: routes, namespace: bookstore}
spec: {matches: [{name: buy, pathRegex: /buy, methods: [GET]}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: buyer, namespace: bookstore}
spec:
  destination: {kind: ServiceAccount, name: bookstore, namespace: bookstore}
  sources: [{kind: ServiceAccount, name: bookbuyer, namespace: bookbuyer}]
  rules: [{kind: HTTPRouteGroup, name: routes, matches: [buy]}]
`;

function run(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    input,
    encoding: "utf8",
    cwd: folder,
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-"));
  writeFileSync(join(folder, "all.yaml"), bookstore);
  writeFileSync(join(folder, "wider.yaml"), bookstore.replace("pathRegex: /buy", "pathRegex: /.*"));
  writeFileSync(join(folder, "bad.yaml"), bookstore.replace("pathRegex: /buy", "pathRegex: /(?=a)"));
  mkdirSync(join(folder, "empty"));
  execFileSync(process.execPath, [command, "help"]);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("aks-mesh", () => {
  const call = { from: "bookbuyer/bookbuyer", to: "bookstore.bookstore.svc.cluster.local:14001", protocol: "http" };

  it("says of a Canary of Flagger's that it is not worked out", () => {
    const canary = `---
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: bookstore, namespace: bookstore}
spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: bookstore}, service: {port: 14001}}
`;
    const said = "note: Canary bookstore/bookstore: A Canary is not worked out";
    expect(run(["access", "-"], bookstore + canary).stderr).toContain(said);
    expect(run(["access", "-"], bookstore).stderr).not.toContain(said);
  });

  it("decides line by line, in the order asked", () => {
    const requests = [
      { ...call, path: "/buy" },
      { ...call, path: "/x" },
      { ...call, from: "a/b" },
    ].map((one) => JSON.stringify(one));
    const { status, stdout, stderr } = run(["decide", "all.yaml"], [...requests, "no json"].join("\n"));
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => [line["outcome"], line["status"]])).toEqual([
      ["allowed", 200],
      ["no-route", 404],
      ["refused", null],
      [undefined, undefined],
    ]);
    expect(lines[0]).toMatchObject({ backends: { "bookstore/bookstore": 1 } });
    expect(lines[0]?.["because"]).toContain("TrafficTarget bookstore/buyer");
    expect(lines[3]).toEqual({ $schema: "urn:aks-mesh:schema:v1:verdict", error: "The line is not JSON." });
    expect(new Set(lines.map((line) => line["$schema"]))).toEqual(new Set(["urn:aks-mesh:schema:v1:verdict"]));
    expect(stderr).toContain("No MeshConfig: strict mode");
    expect(status).toBe(2);
  });

  it("explains a call with the lines that decide it, without colours", () => {
    const { status, stdout } = run([
      "explain",
      "all.yaml",
      "--from",
      "bookbuyer/bookbuyer",
      "--to",
      "bookstore.bookstore:14001",
      "--path",
      "/buy",
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain("allowed (200)");
    expect(stdout).toMatch(/HTTPRouteGroup bookstore\/routes match buy {2}all\.yaml:15:18/);
    expect(stdout).not.toContain("\u001b");
  });

  it("tells the limits of a call where it is asked for them", () => {
    const setting = {
      ...{ apiVersion: "policy.openservicemesh.io/v1alpha1", kind: "UpstreamTrafficSetting" },
      ...{ metadata: { name: "few", namespace: "bookstore" } },
      spec: {
        host: "bookstore.bookstore.svc.cluster.local",
        rateLimit: { local: { http: { requests: 10, unit: "second" } } },
      },
    };
    writeFileSync(join(folder, "few.yaml"), JSON.stringify(setting));
    const asked = JSON.stringify({ ...call, path: "/buy" });
    expect(JSON.parse(run(["decide", "all.yaml", "few.yaml"], asked).stdout)).not.toHaveProperty("limits");
    const { limits } = JSON.parse(run(["decide", "all.yaml", "few.yaml", "--limits"], asked).stdout) as {
      limits: unknown;
    };
    const by = "UpstreamTrafficSetting bookstore/few";
    const bucket = { amount: 10, seconds: 1, burst: 0, status: 429 };
    const value = "10 per second, then 429";
    expect(limits).toEqual([{ limit: "requestRate", value, service: "bookstore/bookstore", bucket, by }]);
    const to = ["--from", call.from, "--to", call.to, "--path", "/buy", "--limits"];
    expect(run(["explain", "all.yaml", "few.yaml", ...to]).stdout).toContain(
      `  limits\n    bookstore/bookstore: requestRate ${value}  ${by}  few.yaml:1:`,
    );
    expect(run(["explain", "all.yaml", ...to]).stdout).toContain("  limits\n    none\n");
  });

  it("says where RE2 refuses a pattern", () => {
    const { status, stderr, stdout } = run(["decide", "bad.yaml"], JSON.stringify(call));
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^bad\.yaml:15:\d+: error: HTTPRouteGroup bookstore\/routes spec\.matches\[0\]\.pathRegex: RE2 refuses .* at character 2\./m,
    );
    expect(stderr).not.toContain("    at ");
  });

  it("shows what a change opens, and proves that nothing changed", () => {
    expect(run(["diff", "all.yaml", "all.yaml"]).stdout).toContain("proved");
    const { stdout, status } = run(["diff", "all.yaml", "wider.yaml", "--exit-code"]);
    expect(stdout).toMatch(
      /\+ opens: bookbuyer\/bookbuyer → bookstore\.bookstore\.svc\.cluster\.local:14001\n.*GET \/\n.*was no-route \(404\), is allowed \(200\)/,
    );
    expect(status).toBe(1);
    const drawn = run(["diff", "all.yaml", "wider.yaml", "--html", "d.html", "--exit-code"]);
    expect([drawn.status, drawn.stdout]).toEqual([1, ""]);
    expect(drawn.stderr).toMatch(/^wrote d\.html: 1 service, 1 change, \d+ kB$/m);
    expect(readFileSync(join(folder, "d.html"), "utf8")).toContain('"kind":"opens"');
  });

  it("draws the access relation, and checks it", () => {
    expect(run(["access", "all.yaml"]).stdout).toContain("pass  GET /buy");
    const { status: drawn, stderr } = run(["access", "all.yaml", "--svg", "a.svg", "--html", "a.html"]);
    expect(drawn).toBe(0);
    expect(stderr).toMatch(/^wrote a\.svg: 1 service, 1 call, \d+ kB\nwrote a\.html: 1 service, 1 call, \d+ kB$/m);
    const page = readFileSync(join(folder, "a.html"), "utf8");
    // The bundled command has the page's own script, which draws.
    expect(page).toContain("What is not shown is refused.");
    expect(page.match(/<script>(.*)<\/script>/s)?.[1]?.length).toBeGreaterThan(50_000);
    const { stdout, status } = run(["check", "all.yaml"]);
    expect([stdout, status]).toEqual(["No findings.\n", 0]);
  });

  it("ends a check with 2 where it could not read everything, and names the place", () => {
    writeFileSync(join(folder, "broken.yaml"), "a: [b\n");
    const { status, stdout } = run(["check", "all.yaml", "broken.yaml"]);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^broken\.yaml:2:1: error: Not valid YAML/m);
  });

  it.each([
    [["nonsense"]],
    [["explain", "all.yaml"]],
    [["access", "gone.yaml"]],
    [["access", "--wat"]],
    [["access", "all.yaml", "--svg", "no/such/folder.svg"]],
    [["access", "empty"]],
  ])("says in one line what is wrong with %j", (args) => {
    const { status, stderr } = run(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^(?:note: .+\n)*aks-mesh: .+\n$/);
  });
});
