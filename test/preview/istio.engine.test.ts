import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkGuarantees } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { isolationGuarantees } from "../../preview/isolation";
import { namespaceOf } from "../../preview/objects";
import { programDirectory } from "../../sandbox/paths";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, configure, kubectl, openTestSandbox } from "../sandbox/in-sandbox";
import { own } from "./abuses/in-cluster";
import { istioAbuses, istioUses } from "./abuses/in-istio";
import { allowed, type ClusterUser, clusterUser } from "./as-user";
import { type GitHubServer, startGitHub } from "./github-server";
import { commitOf, essence, liveObjects, programAs, programWith, push, runPreview } from "./in-preview";

const stack = "dev";
/** Object id of the identity that deploys previews. */
const previews = "11111111-0000-0000-0000-000000000001";
let sandbox: Sandbox;
let github: GitHubServer;

beforeAll(async () => {
  [sandbox, github] = await Promise.all([openTestSandbox(), startGitHub()]);
  await configure(sandbox, stack, { mesh: "istio", previewObjectId: previews });
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

  it("comes up in namespaces of the revision, made by the previews' own identity", async () => {
    before = await shared();
    const program = await programAs(previews, settings);
    const { report } = await push(sandbox, github, 7, commitOf(7), ["--program", program.directory]);
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

  it("is apart from the shared workloads: proved over the cluster's own objects, which are as they were", async () => {
    const objects = await liveObjects(sandbox, "istio");
    const guarantees = isolationGuarantees(objects);
    expect(guarantees.map(({ to }) => to)).toEqual(
      expect.arrayContaining(["bookstore/bookstore", "pr-7-bookstore/bookstore"]),
    );
    expect(checkGuarantees(istioMesh({ objects }), guarantees)).toEqual([]);
    expect(await shared()).toEqual(before);
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
    expect(await shared()).toEqual(before);
  });

  it("is gone with all that it had", async () => {
    await runPreview(sandbox, github, ["down", "--pr", "7"]);
    const left = await kubectl(sandbox, stack, "get", "namespaces", "--output=name");
    expect(left.stdout).not.toContain("pr-7-");
    expect(await shared()).toEqual(before);
  });
});
