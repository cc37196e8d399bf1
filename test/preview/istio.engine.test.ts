import { type KubernetesObject } from "@kubernetes/client-node";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkGuarantees } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { isolationGuarantees } from "../../preview/isolation";
import { namespaceOf } from "../../preview/objects";
import { type PreviewReach, reachAuthorization } from "../../program/previews/reach";
import { programDirectory } from "../../sandbox/paths";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { stackCluster } from "../../sandbox/traffic/cluster";
import { openTraffic } from "../../sandbox/traffic/traffic";
import { closeTestSandbox, configure, kubectl, openTestSandbox } from "../sandbox/in-sandbox";
import { needsPods } from "../sandbox/needs-pods";
import { signedBy, speak } from "../sandbox/sidecar-tls";
import { until } from "../sandbox/until";
import { own } from "./abuses/in-cluster";
import { istioAbuses, istioUses } from "./abuses/in-istio";
import { allowed, type ClusterUser, clusterUser } from "./as-user";
import { type GitHubServer, startGitHub } from "./github-server";
import { commitOf, essence, liveObjects, programAs, programWith, push, runPreview, upWithReaches } from "./in-preview";

const stack = "dev";
/** Object id of the identity that deploys previews. */
const previews = "11111111-0000-0000-0000-000000000001";
/** What the previews of these tests may call of the shared workloads. */
const restocking = {
  from: "bookbuyer/bookbuyer",
  to: "bookwarehouse/bookwarehouse",
  port: 14001,
  selector: { app: "bookwarehouse" },
  operations: [{ methods: ["POST"], paths: ["/restock-books"] }],
} as const satisfies PreviewReach;
let sandbox: Sandbox;
let github: GitHubServer;

beforeAll(async () => {
  [sandbox, github] = await Promise.all([openTestSandbox(), startGitHub()]);
  await configure(sandbox, stack, { mesh: "istio", previewObjectId: previews, previewReaches: [restocking] });
  const { code, stdout, stderr } = await operate(sandbox, "up", stack);
  expect(code, stdout + stderr).toBe(0);
  for (const [name, value] of Object.entries(sandbox.environment)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await github.stop();
  await closeTestSandbox(sandbox);
});

/** The settings of the stack dev as a pull request's checkout has them. */
const settings = {
  "Pulumi.dev.yaml": ["config:", "  aks-mesh:location: westeurope", "  aks-mesh:mesh: istio", ""].join("\n"),
};

/** What belongs to everybody and decides about access. */
async function shared(): Promise<string[]> {
  const objects = await liveObjects(sandbox, "istio");
  const others = objects.filter((one) => one.kind !== "Pod" && !(namespaceOf(one) ?? "").startsWith("pr-"));
  return others.map(essence).sort();
}

describe.sequential("a preview on a shared cluster with Istio", () => {
  let before: string[];
  /** The same and what lets the preview reach the bookwarehouse. */
  let reached: string[];

  it("comes up in namespaces of the revision, made by the previews' own identity", async () => {
    before = await shared();
    const program = await programAs(previews, settings);
    const report = await upWithReaches(sandbox, stack, program.directory, restocking);
    await program.remove();
    expect(report.state).toEqual({ status: "running" });
    expect(report.health).toEqual({ ready: 6, total: 6, problems: [] });
    expect(report.access).toMatchObject({ changes: [], broken: [] });
    const exit = await kubectl(sandbox, stack, "get", "namespace", "pr-7-bookstore", "--output=json");
    expect(JSON.parse(exit.stdout)).toMatchObject({
      metadata: { labels: { "aks-mesh/preview": "7", "istio.io/rev": "asm-1-29" } },
    });
    const objects = await liveObjects(sandbox, "istio");
    const pods = objects.filter(({ kind, metadata }) => kind === "Pod" && metadata.namespace?.startsWith("pr-7-"));
    expect(pods).toHaveLength(6);
    for (const pod of pods) expect(JSON.stringify(pod)).toContain('"name":"istio-proxy"');
  });

  it("is apart from the shared workloads but for what it may call: proved over the cluster's own objects, which are as they were", async () => {
    const objects = await liveObjects(sandbox, "istio");
    const guarantees = isolationGuarantees(objects, [restocking]);
    expect(guarantees.map(({ to }) => to)).toEqual(
      expect.arrayContaining(["bookstore/bookstore", "pr-7-bookstore/bookstore"]),
    );
    expect(checkGuarantees(istioMesh({ objects }), guarantees)).toEqual([]);
    const without = checkGuarantees(istioMesh({ objects }), isolationGuarantees(objects));
    expect(without.map(({ request }) => request)).toEqual([
      expect.objectContaining({ from: "pr-7-bookbuyer/bookbuyer", method: "POST", path: "/restock-books" }),
    ]);
    reached = await shared();
    expect(reached.filter((one) => before.includes(one))).toEqual(before);
    const more = reached.filter((one) => !before.includes(one)).map((one): unknown => JSON.parse(one));
    const { kind, metadata } = reachAuthorization(7, restocking) ?? {};
    expect(more).toEqual([expect.objectContaining({ kind, name: metadata?.name, namespace: "bookwarehouse" })]);
    const told = objects.filter((one) => one.kind === "Sidecar" && JSON.stringify(one).includes('"bookwarehouse/*"'));
    expect(told.map(({ metadata: { namespace } }) => namespace).sort()).toEqual(["bookstore", "pr-7-bookbuyer"]);
    // The same proof can fail: without what closes the preview's bookstore, and what keeps others from knowing of it, the shared workloads get in.
    const open = objects.filter(
      ({ kind = "", metadata }) =>
        kind !== "Sidecar" &&
        (metadata.namespace !== "pr-7-bookstore" || !["AuthorizationPolicy", "NetworkPolicy"].includes(kind)),
    );
    expect(checkGuarantees(istioMesh({ objects: open }), guarantees).map(({ object }) => object)).toContain(
      "Guarantee nobody but pull request 7 calls pr-7-bookstore/bookstore",
    );
  });

  describe.sequential("whose identity the cluster holds", () => {
    let preview: ClusterUser;
    beforeAll(async () => {
      preview = await clusterUser(sandbox, stack, previews);
    });

    it.each(istioAbuses)("may not make $what", async ({ object, refused }) => {
      expect(await preview.create(object)).toMatch(refused);
    });

    it.each(istioUses)("may make %s", async (_, object) => {
      expect(await preview.create(object)).toBe(allowed);
      const plural = { VirtualService: "virtualservices", ServiceEntry: "serviceentries" }[object.kind ?? ""];
      const kind = plural ?? "authorizationpolicies";
      expect(await preview.kubectl(`delete ${kind} abuse --namespace=${own}`)).toBe(allowed);
    });

    const policy = (change: (text: string) => string = (text) => text) =>
      JSON.parse(change(JSON.stringify(reachAuthorization(8, restocking)))) as KubernetesObject;

    it.each<[string, KubernetesObject]>([
      ["another caller", policy((text) => text.replaceAll("bookbuyer", "bookthief"))],
      ["the caller of another preview", policy((text) => text.replace("/ns/pr-8-", "/ns/pr-9-"))],
      ["every caller", policy((text) => text.replace(/"from":\[.*?\]\}\}\],/, ""))],
      ["one more caller", policy((text) => text.replace('"principals":[', '"principals":["*",'))],
      ["more paths", policy((text) => text.replace('"/restock-books"', '"/*"'))],
      ["every method", policy((text) => text.replace('"methods":["POST"],', ""))],
      ["another port", policy((text) => text.replace('"14001"', '"3306"'))],
      ["all pods of the namespace", policy((text) => text.replace(/"selector":\{.*?\}\},/, ""))],
      ["one more rule", policy((text) => text.replace('"rules":[', '"rules":[{},'))],
      ["a refusal for everybody", policy((text) => text.replace('"ALLOW"', '"DENY"'))],
      ["nothing at all", policy((text) => text.replace(/"spec":.*/, '"spec":{}}'))],
      ["no label", policy((text) => text.replace(/,"labels":\{.*?\}/, ""))],
    ])("may not let %s reach the shared workloads", async (_, object) => {
      expect(await preview.create(object)).toMatch(
        /Previews write into namespaces whose names begin with pr-NUMBER- alone/,
      );
    });

    it("may let a preview reach what is said, and take nothing of others away", async () => {
      expect(await preview.create(policy())).toBe(allowed);
      const remove = (name: string) => preview.kubectl(`delete authorizationpolicy ${name} --namespace=bookwarehouse`);
      expect(await remove("pr-8-bookbuyer.bookbuyer.bookwarehouse")).toBe(allowed);
      expect(await remove("allow-bookwarehouse")).toMatch(/Previews write into namespaces/);
      // What the other mesh has is not theirs to look for, which `down` and `reap` have to stand.
      expect(await preview.kubectl("get --raw /apis/access.smi-spec.io/v1alpha3/traffictargets")).toMatch(/forbidden/i);
    });
  });

  it("gets through the shared workloads' real sidecar with exactly that, and nobody else does", async ({ skip }) => {
    await needsPods({ skip });
    const cluster = await stackCluster(sandbox, stack);
    const root = "/api/v1/namespaces/aks-istio-system/secrets/istio-ca-secret";
    const { data } = await cluster.api.get<{ data: Record<string, string> }>(root);
    const [cert = "", key = ""] = ["ca-cert.pem", "ca-key.pem"].map((name) =>
      Buffer.from(data[name] ?? "", "base64").toString(),
    );
    const pods = await cluster.api.list<{ status: { podIP: string } }>(
      "/api/v1/namespaces/bookwarehouse/pods?labelSelector=app%3Dbookwarehouse",
    );
    const traffic = await openTraffic(cluster, () => undefined, new PassThrough().resume());
    try {
      const proxy = await traffic.openProxy();
      const ask = async (account: string, method: string, path: string) => {
        const [namespace, name] = account.split("/");
        const uri = `spiffe://cluster.local/ns/${namespace}/sa/${name}`;
        const client = await signedBy({ cert, key }, [{ type: "url", value: uri }]);
        const { end } = await speak(proxy, {
          to: `${pods[0]?.status.podIP}:14001`,
          request: [`${method} ${path} HTTP/1.1`, "host: bookwarehouse.bookwarehouse:14001", "content-length: 0"],
          tls: { serverName: "", alpn: "istio", client },
        });
        return end;
      };
      await until(async () => {
        await traffic.look();
        return (await ask("bookstore/bookstore", "POST", "/restock-books")) === "200" ? true : undefined;
      });
      const [buyer, post] = ["pr-7-bookbuyer/bookbuyer", "/restock-books"];
      expect({
        said: await ask(buyer, "POST", post),
        path: await ask(buyer, "POST", "/restock-books/all"),
        method: await ask(buyer, "GET", post),
        account: await ask("pr-7-bookthief/bookthief", "POST", post),
        preview: await ask("pr-8-bookbuyer/bookbuyer", "POST", post),
        shared: await ask("bookbuyer/bookbuyer", "POST", post),
      }).toEqual({ said: "200", path: "403", method: "403", account: "403", preview: "403", shared: "403" });
    } finally {
      await traffic.close();
    }
  });

  it("is refused by the cluster where it would lead away calls of the shared workloads, already when it is planned", async () => {
    const index = [
      'import { CustomResource } from "@pulumi/kubernetes/apiextensions";',
      (await readFile(join(programDirectory, "index.ts"), "utf8")).replace(
        "  const { namespaceNames } = application;",
        `  if (previewed?.host !== undefined) new CustomResource("away", {
            apiVersion: "networking.istio.io/v1",
            kind: "VirtualService",
            metadata: { name: "away", namespace: "pr-7-bookstore" },
            spec: {
              hosts: ["bookstore.bookstore.svc.cluster.local"],
              http: [{ route: [{ destination: { host: "bookstore.pr-7-bookstore.svc.cluster.local" } }] }],
            },
          }, cluster.options);
          const { namespaceNames } = application;`,
      ),
    ];
    const thief = await programWith(index.join("\n"), settings);
    const { report } = await push(sandbox, github, 7, commitOf("a"), ["--program", thief.directory], 1);
    await thief.remove();
    const error = report.state.status === "failed" ? report.state.error : "";
    expect(error).toContain("VirtualServices of previews are for Services of the same preview");
    expect(await shared()).toEqual(reached);
  });

  it("is gone with all that it had", async () => {
    await runPreview(sandbox, github, ["down", "--pr", "7"]);
    const left = await kubectl(sandbox, stack, "get", "namespaces", "--output=name");
    expect(left.stdout).not.toContain("pr-7-");
    expect(await shared()).toEqual(before);
  });
});
