import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const folder = resolve(__dirname, "../../../.github");

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly if?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly env?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: unknown;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const names = readdirSync(join(folder, "workflows")).sort();
const text = (name: string): string => readFileSync(join(folder, "workflows", name), "utf8");
const workflow = (name: string): Workflow => parse(text(name)) as Workflow;
const jobs = names.flatMap((name) =>
  Object.entries(workflow(name).jobs).map(([job, body]) => ({ place: `${name}: ${job}`, name, job, body })),
);
const action = parse(readFileSync(join(folder, "actions", "azure", "action.yml"), "utf8")) as {
  readonly runs: { readonly steps: readonly Step[] };
};
const steps = [
  ...jobs.flatMap(({ place, body }) => body.steps.map((step) => ({ place, step }))),
  ...action.runs.steps.map((step) => ({ place: "actions/azure", step })),
];
const uses = steps.flatMap(({ place, step }) => (step.uses === undefined ? [] : [{ place, uses: step.uses, step }]));
const runs = steps.flatMap(({ place, step }) => (step.run === undefined ? [] : [{ place, run: step.run, step }]));

describe("the workflows", () => {
  it("are these", () => {
    expect(names).toEqual([
      "checks.yml",
      "deploy.yml",
      "preview-down.yml",
      "preview-reap.yml",
      "preview.yml",
      "release.yml",
      "rollout.yml",
      "site.yml",
    ]);
  });

  it("pin every action by a commit, and say which version that is", () => {
    const all = [...names.map(text), readFileSync(join(folder, "actions", "azure", "action.yml"), "utf8")].join("\n");
    const lines = all.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line).toMatch(/uses: (\.\/\.github\/actions\/azure|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+(\.\d+)?)$/);
    }
  });

  it("use one commit of each action", () => {
    const commits = new Map<string, Set<string>>();
    for (const { uses: reference } of uses) {
      const [name = "", commit = ""] = reference.split("@");
      commits.set(name, (commits.get(name) ?? new Set()).add(commit));
    }
    expect([...commits.values()].map(({ size }) => size)).toEqual([...commits].map(() => 1));
  });

  it("have no right by default, and name each one a job has", () => {
    for (const name of names) expect(workflow(name).permissions, name).toEqual({});
    for (const { place, body } of jobs) expect(Object.keys(body.permissions ?? {}), place).toContain("contents");
    const writing = jobs.flatMap(({ place, body }) =>
      Object.entries(body.permissions ?? {}).flatMap(([right, level]) =>
        level === "write" ? [`${place}: ${right}`] : [],
      ),
    );
    expect(writing.sort()).toEqual([
      "deploy.yml: plan: id-token",
      "deploy.yml: up: id-token",
      "preview-down.yml: comment: pull-requests",
      "preview-down.yml: down: id-token",
      "preview-reap.yml: comment: pull-requests",
      "preview-reap.yml: list: id-token",
      "preview-reap.yml: reap: id-token",
      "preview.yml: comment: pull-requests",
      "preview.yml: images: id-token",
      "preview.yml: publish: id-token",
      "preview.yml: up: id-token",
      "release.yml: announce: contents",
      "release.yml: publish: id-token",
      "rollout.yml: step: id-token",
      "site.yml: publish: id-token",
      "site.yml: publish: pages",
    ]);
  });

  it("give an identity to jobs in an environment alone, and GitHub's pen to none of them but for its pages", () => {
    for (const { place, body } of jobs) {
      const { "id-token": identity, pages, ...rest } = body.permissions ?? {};
      expect(body.environment !== undefined, place).toBe(identity === "write");
      expect(pages !== undefined, place).toBe(body.environment === "github-pages");
      if (identity === "write") expect(Object.values(rest), place).not.toContain("write");
    }
  });

  it("read the shared stack's secrets in a job that checks out no pull request", () => {
    const places = jobs.filter(({ body }) => body.environment === "preview-publish").map(({ place }) => place);
    expect(places).toEqual(["preview.yml: publish"]);
    const { steps = [] } = workflow("preview.yml").jobs["publish"] ?? {};
    expect(
      steps.filter(({ uses = "" }) => uses.startsWith("actions/checkout")).map((step) => step.with?.["ref"]),
    ).toEqual([undefined]);
    expect(steps.flatMap(({ run }) => run ?? [])).toEqual([
      "node cli/bin.js preview publish --resources resources.json",
    ]);
  });

  it("publish pages that a job without rights has built", () => {
    expect(workflow("site.yml").jobs["publish"]?.steps.map(({ uses = "", run }) => [uses.split("@")[0], run])).toEqual([
      ["actions/deploy-pages", undefined],
    ]);
  });

  it("publish a release that was built and tested without rights, and run no code of the repository beside any", () => {
    const { jobs: parts } = workflow("release.yml");
    expect(parts["build"]?.permissions).toEqual({ contents: "read" });
    expect(parts["publish"]?.environment).toBe("release");
    for (const name of ["publish", "announce"]) {
      const used = parts[name]?.steps.flatMap(({ uses: action = "" }) => (action === "" ? [] : [action.split("@")[0]]));
      expect(used, name).not.toContain("actions/checkout");
    }
    const publish = parts["publish"]?.steps.find(({ run = "" }) => run.startsWith("npm publish"))?.run;
    expect(publish).toContain("--provenance");
    expect(publish).toContain("--ignore-scripts");
  });

  it("put nothing into a script but by the environment", () => {
    expect(runs.length).toBeGreaterThan(10);
    for (const { place, run } of runs) expect(run, place).not.toContain("${{");
  });

  it("quote every variable in a script", () => {
    for (const { place, run } of runs) expect(run.replace(/"\$[A-Z_]+"/g, ""), place).not.toContain("$");
  });

  it("have no secret, and no token but the job's own in the step that needs it", () => {
    for (const name of names) expect(text(name), name).not.toMatch(/secrets\./);
    for (const { place, body } of jobs) expect(Object.keys(body.env ?? {}), place).not.toContain("GITHUB_TOKEN");
    const withToken = runs.filter(({ step }) => step.env?.["GITHUB_TOKEN"] !== undefined);
    for (const { run } of withToken)
      expect(run).toMatch(/^(node cli\/bin\.js preview (admit|comment|reap)|gh release create)\b/);
  });

  it("leave no token in a checkout", () => {
    const checkouts = uses.filter(({ uses: reference }) => reference.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(6);
    for (const { place, step } of checkouts) expect(step.with?.["persist-credentials"], place).toBe(false);
  });

  it("check out a pull request in two places: pinned, apart, after it was admitted", () => {
    const other = uses.filter(({ step }) => step.with?.["ref"] !== undefined);
    const pinned = {
      ref: "${{ needs.admit.outputs.commit }}",
      path: "pull-request",
      "persist-credentials": false,
    };
    expect(other.map(({ place, step }) => ({ place, ...step.with }))).toEqual([
      { place: "preview.yml: images", ...pinned },
      { place: "preview.yml: up", ...pinned },
    ]);
    const order = workflow("preview.yml").jobs["up"]?.steps.map(({ run = "", with: options = {} }) =>
      run.includes("--expect") ? "admit" : options["ref"] !== undefined ? "checkout" : undefined,
    );
    expect(order?.filter((one) => one !== undefined)).toEqual(["admit", "checkout"]);
    expect(text("preview.yml")).not.toContain("allow-unsafe-pr-checkout");
  });

  it("take from a job that ran a pull request's code what its own steps uploaded, by number and not by name", () => {
    const downloads = uses.filter(({ uses: reference }) => reference.startsWith("actions/download-artifact@"));
    const named = downloads.filter(({ step }) => step.with?.["artifact-ids"] === undefined);
    expect(named.map(({ place }) => place)).toEqual([
      "preview-reap.yml: comment",
      "release.yml: publish",
      "release.yml: announce",
    ]);
    const ids = downloads.flatMap(({ place, step }) => {
      const id = step.with?.["artifact-ids"];
      return id === undefined ? [] : [{ name: place.split(":")[0] ?? "", id: String(id) }];
    });
    expect(ids).toHaveLength(7);
    for (const { name, id } of ids) {
      const [, from = "", output = ""] = /^\$\{\{ needs\.([\w-]+)\.outputs\.([\w-]+) \}\}$/.exec(id) ?? [];
      const job = workflow(name).jobs[from];
      const [, step] = /^\$\{\{ steps\.([\w-]+)\.outputs\.artifact-id \}\}$/.exec(job?.outputs?.[output] ?? "") ?? [];
      const uploaded = job?.steps.find((one) => one.id === step);
      expect(uploaded?.uses, `${name}: ${id}`).toMatch(/^actions\/upload-artifact@/);
    }
    const reaped = workflow("preview-reap.yml").jobs["comment"]?.steps.at(-1);
    expect(reaped?.run).toContain('--only "$PULL_REQUESTS"');
    expect(reaped?.env).toMatchObject({ PULL_REQUESTS: "${{ needs.list.outputs.pull-requests }}" });
  });

  it("review in a job that has no right but to read the main branch's code, and no code of the pull request", () => {
    const review = workflow("preview.yml").jobs["review"];
    expect(review?.permissions).toEqual({ contents: "read" });
    expect(review?.environment).toBeUndefined();
    expect(review?.steps.map(({ with: options = {} }) => options["ref"]).filter((ref) => ref !== undefined)).toEqual(
      [],
    );
    const commands = review?.steps.flatMap(({ run = "" }) =>
      run.startsWith("node") ? [run.split(" ").slice(0, 4).join(" ")] : [],
    );
    expect(commands).toEqual(["node cli/bin.js preview review"]);
  });

  it("run no install scripts with an identity or a token", () => {
    for (const { place, run } of runs.filter((one) => /npm (ci|install)/.test(one.run))) {
      expect(run, place).toContain("--ignore-scripts");
    }
  });

  it("cancel no update, and let updates and removals of one preview wait for each other", () => {
    for (const { place, body, job } of jobs) {
      if (!["up", "down", "reap"].includes(job)) continue;
      expect(body.concurrency?.["cancel-in-progress"], place).toBe(false);
    }
    const breaking = jobs.filter(({ body }) => body.steps.some(({ run = "" }) => run.includes("--take-over")));
    expect(breaking.map(({ place }) => place)).toEqual([
      "preview-down.yml: down",
      "preview-reap.yml: reap",
      "preview.yml: up",
    ]);
    for (const { place, body } of breaking) {
      expect(body.concurrency?.group, place).toMatch(
        /^preview-\$\{\{ [\w.-]*(pull-request|pull_request\.number) \}\}$/,
      );
    }
    // A group of the whole workflow would let any comment on a pull request push a waiting update out.
    for (const name of names.filter((one) => one.startsWith("preview"))) {
      expect(workflow(name), name).not.toHaveProperty("concurrency");
    }
  });

  it("say on the pull request that a run failed before it had a report, but not that a newer one took its place", () => {
    const [up, down] = [workflow("preview.yml").jobs["comment"], workflow("preview-down.yml").jobs["comment"]];
    const commands = (job: Job | undefined) =>
      (job?.steps ?? []).flatMap(({ if: condition, run = "" }) => {
        const [, option] = /preview comment .*(--no-report|--no-review|--review|--report)/.exec(run) ?? [];
        return option === undefined ? [] : [[condition, option]];
      });
    expect(commands(up)).toEqual([
      ["needs.up.outputs.report != '' && needs.review.outputs.review != ''", "--review"],
      ["needs.up.outputs.report != '' && needs.review.outputs.review == ''", "--no-review"],
      ["needs.up.outputs.report == ''", "--no-report"],
    ]);
    expect(commands(down)).toEqual([
      ["needs.down.outputs.report != ''", "--report"],
      ["needs.down.outputs.report == ''", "--no-report"],
    ]);
    expect(up?.if).toContain("needs.up.result == 'failure' && needs.up.outputs.admit != 'failure'");
    expect(workflow("preview.yml").jobs["up"]?.outputs?.["admit"]).toBe("${{ steps.admit.outcome }}");
    expect(down?.if).toContain("needs.down.result == 'failure'");
  });

  it("give a cluster of its own to what the last admission says", () => {
    const up = workflow("preview.yml").jobs["up"]?.steps.find(({ run = "" }) => run.includes("preview up"));
    expect(up?.run).toContain('--cluster "$CLUSTER"');
    expect(up?.env).toMatchObject({ CLUSTER: "${{ steps.admit.outputs.cluster }}" });
  });

  it("build images in a job that was admitted, with an identity of its own and no other's places", () => {
    const places = jobs.filter(({ body }) => body.environment === "preview-images").map(({ place }) => place);
    expect(places).toEqual(["preview.yml: images"]);
    const images = workflow("preview.yml").jobs["images"];
    expect(images?.if).toContain("needs.admit.outputs.admitted == 'true'");
    expect(Object.keys(images?.env ?? {}).sort()).toEqual(["ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_USE_OIDC"]);
    const commands = images?.steps.flatMap(({ run = "" }) => (run.startsWith("node") ? [run] : []));
    expect(commands).toEqual([
      'node cli/bin.js preview images --pr "$PULL_REQUEST" --commit "$COMMIT" --registry "$REGISTRY" --program pull-request --output images.json',
    ]);
    const others = jobs.filter(({ body }) => body.steps.some(({ run = "" }) => run.includes("preview images")));
    expect(others.map(({ place }) => place)).toEqual(places);
  });

  it("deploy the plan that was approved, and no other", () => {
    const { plan, up } = workflow("deploy.yml").jobs;
    const command = (job: Job | undefined) =>
      job?.steps.flatMap(({ run = "", env = {} }) => (run.includes(" deploy ") ? [{ run, env }] : []));
    expect(command(plan)).toEqual([{ run: 'node cli/bin.js deploy --stack "$STACK" --plan plan.json', env: {} }]);
    expect(command(up)).toEqual([
      {
        run: 'node cli/bin.js deploy --stack "$STACK" --plan plan/plan.json --approved "$APPROVED"',
        env: { APPROVED: "${{ needs.plan.outputs.digest }}" },
      },
    ]);
    expect(plan?.outputs?.["digest"]).toBe("${{ steps.plan.outputs.digest }}");
    expect(up?.environment).toBe("production");
  });

  it("take images from that job alone, by the number of what it handed on, before the pull request's code is there", () => {
    const { steps = [], if: condition = "" } = workflow("preview.yml").jobs["up"] ?? {};
    const up = steps.find(({ run = "" }) => run.includes("preview up"));
    expect(up?.run).toContain('--images "$IMAGES"');
    expect(up?.run).not.toContain("--image ");
    expect(up?.env?.["IMAGES"]).toBe("${{ needs.images.result == 'success' && 'images/images.json' || '' }}");
    const taken = steps.findIndex(({ uses = "" }) => uses.startsWith("actions/download-artifact@"));
    expect(steps[taken]).toMatchObject({
      if: "needs.images.result == 'success'",
      with: { "artifact-ids": "${{ needs.images.outputs.artifact }}", path: "images" },
    });
    expect(taken).toBeLessThan(steps.findIndex((step) => step.with?.["ref"] !== undefined));
    expect(workflow("preview.yml").jobs["images"]?.outputs).toEqual({
      artifact: "${{ steps.digests.outputs.artifact-id }}",
    });
    // Where a job before it failed there is nothing to deploy; one that was not needed is no failure.
    for (const part of [
      "!cancelled()",
      "needs.publish.result == 'success'",
      "(needs.images.result == 'success' || needs.images.result == 'skipped')",
    ]) {
      expect(condition.split(" && ")).toContain(part);
    }
    expect(workflow("preview.yml").jobs["comment"]?.if).toContain("needs.images.result == 'failure'");
  });

  it("end", () => {
    for (const { place, body } of jobs) expect(body["timeout-minutes"], place).toBeGreaterThan(0);
  });

  it("do what they do through the command line alone", () => {
    const commands = runs.map(({ run }) => run.split(" ").slice(0, 2).join(" "));
    expect([...new Set(commands)].sort()).toEqual([
      "gh release",
      "node cli/bin.js",
      "npm ci",
      "npm publish",
      "npm run",
      "npm test",
      'test "[]"',
    ]);
  });
});
