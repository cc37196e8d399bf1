import { describe, expect, it } from "vitest";
import { commentMarker, renderComment } from "../../../preview/comment";
import { accessPicture } from "../../../preview/comment/picture";
import { type BrokenGuarantee, type PreviewReport } from "../../../preview/report";
import { rendered } from "./rendered";
import { commit, running } from "./reports";

/** Everything that a comment is made of. */
const known = new Set(
  "h3 h4 p code pre blockquote ul li table thead tbody tr th td a details summary em br".split(" "),
);

/** Texts that want more than to be read. */
const nasty = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "</code></pre></details><h1>All is well</h1>",
  "```\n# Approved by @octocat\n```",
  "````````````",
  "@everyone @org/security please look",
  "closes #1, fixes GH-2, see owner/repo#3",
  "[click](javascript:alert(1))",
  "[https://good.example](https://evil.example)",
  "![](https://evil.example/pixel.png)",
  "https://evil.example www.evil.example mail@evil.example",
  "<https://evil.example>",
  "a | b | c",
  "**bold** _it_ ~~gone~~ `code` $math$ :tada:",
  "\n\n# heading\n- item\n> quote\n---\n",
  "    indented",
  "--> <!-- aks-mesh preview --> <!--",
  "&lt;b&gt; &#64;octocat &commat;octocat",
  "\u202egnp.exe \u2066x\u2069 \u200b\u0000\u0007\u001b[31mred",
  "[x]: https://evil.example",
  "[^1] $(rm -rf /) `id` ${{ github.token }}",
  "\\`\\<b\\>",
];

/** A report in which a text stands wherever there is room for one. */
function everywhere(text: string): PreviewReport {
  const request = {
    from: text,
    to: text,
    protocol: "http",
    method: text,
    path: text,
    host: text,
    headers: { [text]: text },
  } as const;
  return {
    ...running,
    stack: text,
    state: { status: "failed", error: text },
    plan: {
      changes: [
        { op: "create", type: text, name: text, properties: [text], noise: false },
        { op: "delete", type: text, name: text, properties: [text], noise: true },
      ],
      unchanged: 1,
    },
    access: {
      comparedWith: text,
      changes: [
        { kind: "opens", from: text, to: text, request },
        { kind: "shares", from: text, to: text, request, shares: [text] },
      ],
      guarantees: 1,
      broken: [{ object: text, message: text, request, remedy: text }],
      unmetAssumptions: [text],
    },
    addresses: [{ name: text, url: text }],
    health: { ready: 0, total: 1, problems: [text] },
    expires: text,
    cost: { currency: text, total: 1, parts: [{ name: text, what: text, amount: null }] },
    outputs: [{ name: text, secret: false, value: text }],
    refused: text,
    merging: { currency: text, difference: 1, parts: [{ name: text, after: { what: text, amount: 1 } }] },
    differences: [text],
    cluster: { resourceGroupName: "aks-mesh-dev", clusterName: "aks-mesh-dev" },
  };
}

describe("the comment", () => {
  it("names beside a proof what it rests on and is not so", () => {
    const { access } = running;
    if (access === undefined) throw new Error("the sample has no report about access");
    const unmetAssumptions = ["Sidecars of shop cannot reach the control plane."];
    for (const changes of [access.changes, []]) {
      const { prose } = rendered(renderComment({ ...running, access: { ...access, changes, unmetAssumptions } }));
      expect(prose).toContain("Assumed, but not so:");
      expect(prose).toContain("proved for every service account");
    }
  });

  it("says what changes, who may call whom, and what to do", () => {
    const body = renderComment(running);
    expect(body.startsWith(`${commentMarker}\n`)).toBe(true);
    const { prose, code, links } = rendered(body);
    expect(prose).toContain("Resources: +1 ~2 ±1 −1, 41 unchanged");
    expect(prose).toMatch(/\d of 2 guarantees kept: proved for every service account of the objects/);
    expect(code).toContain(
      "± kubernetes:core/v1:Service bookstore\n~ kubernetes:apps/v1:Deployment bookbuyer: spec.replicas",
    );
    expect(prose).toContain("Access: 1 opened, 0 closed");
    expect(code).toContain(
      "+ opens: bookthief/bookthief → bookstore.bookstore.svc.cluster.local:14001\n" +
        "    GET /buy-a-book/new client-app: bookthief\n    was denied (403), is allowed (200)",
    );
    expect(links).toEqual([{ to: "https://pr-12.example.org/", text: "https://pr-12.example.org/" }]);
    expect(prose).toContain("4 of 5 ready");
    expect(prose).toContain("0.00");
    expect(prose).toContain("2026-11-24 10:00 UTC");
    expect(code).toContain(`git switch --detach ${commit}`);
    expect(code).toContain("npx aks-mesh preview down --pr 12");
    expect(code).toContain("kubeconfig = [hidden]");
  });

  it("says broken guarantees before everything else that changes", () => {
    const body = renderComment(running);
    const at = (text: string) => body.indexOf(text);
    expect(at("1 of 2 guarantees broken")).toBeGreaterThan(0);
    expect(at("1 of 2 guarantees broken")).toBeLessThan(at("Access: 1 opened"));
    expect(at("Access: 1 opened")).toBeLessThan(at("Resources:"));
  });

  it("tells guarantees that cannot be proved from broken ones", () => {
    const unproved = { rule: "unproved-guarantee", message: "It cannot be proved.", remedy: "r" };
    const broken = { rule: "broken-guarantee", message: "A call is allowed.", remedy: "r" };
    const body = (...all: readonly BrokenGuarantee[]) =>
      renderComment({ ...running, access: { comparedWith: "main", changes: [], guarantees: 3, broken: all } });
    expect(body(unproved)).toContain("1 of 3 guarantees not proved");
    expect(body(unproved)).toContain("guarantees cannot be proved any more");
    expect(body(unproved)).not.toContain("broken");
    expect(body(unproved, broken)).toContain("1 of 3 guarantees broken, 1 of 3 guarantees not proved");
    expect(body(unproved, broken)).toContain("breaks guarantees");
  });

  it("folds what is of little interest", () => {
    const body = renderComment(running);
    const folded = body.slice(body.indexOf("<details><summary>1 change of little interest"));
    expect(folded).toContain("pr-12-bookbuyer");
    expect(body.slice(0, body.indexOf("<details>"))).not.toContain("pr-12-bookbuyer");
  });

  it("calls a cost unknown as soon as one part is", () => {
    const parts = [
      { name: "a", what: "b", amount: 3 },
      { name: "c", what: "d", amount: null },
    ];
    const { prose } = rendered(renderComment({ ...running, cost: { currency: "USD", total: null, parts } }));
    expect(prose).toMatch(/Cost a month\s*unknown: no price of/);
  });

  it("says that a slice of the shared cluster costs nothing by itself", () => {
    const nothing = { currency: "USD", total: 0, parts: [] };
    expect(renderComment({ ...running, cost: nothing })).toContain(
      "| Cost a month | nothing beside the shared cluster |",
    );
    expect(renderComment({ ...running, kind: "own", cost: nothing })).toContain("| Cost a month | unknown |");
  });

  it("is loud about a teardown that failed: what is left, and the command", () => {
    const left = ["namespace pr-12-bookstore", "/subscriptions/1/resourceGroups/aks-mesh-pr-12"];
    const state = { status: "teardown-failed", error: "timed out", left } as const;
    const { code, prose } = rendered(renderComment({ ...running, state }));
    expect(prose).toContain("could not be removed");
    for (const one of left) expect(code).toContain(one);
    expect(code).toContain("npx aks-mesh preview down --pr 12");
  });

  it("is short once the preview is gone", () => {
    const body = renderComment({ ...running, state: { status: "removed" } });
    expect(body).toContain("Nothing of it is left");
    expect(body).not.toContain("pr-12.example.org");
  });

  it.each(nasty)("shows %j as text, wherever it stands", (text) => {
    const { elements, links, prose, attributes } = rendered(renderComment(everywhere(text)));
    expect([...elements].filter((name) => !known.has(name))).toEqual([]);
    expect(links).toEqual([]);
    expect(attributes.filter((one) => !/^code class=language-(diff|text|sh|mermaid)$/.test(one))).toEqual([]);
    expect(prose).not.toMatch(/@|octocat|evil|#\d|GH-\d|owner\/repo|javascript|\$\{\{|tada|Approved|All is well/);
    expect(prose).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u200b\u202a-\u202e\u2066-\u2069]/);
  });

  it.each(nasty)("has one shape, whatever text: %j", (text) => {
    const shape = (one: string) => rendered(renderComment(everywhere(one))).prose.replace(/\s+/g, " ");
    expect(shape(text)).toBe(shape("plain"));
  });

  it.each(nasty)("draws %j as a label, and as nothing else", (text) => {
    const changes = (["opens", "shares"] as const).map((kind) => ({ kind, from: text, to: text, shares: [text] }));
    const lines = (accessPicture(changes) ?? "").split("\n");
    const words = '"[A-Za-z0-9 .:/?-]*(?:#\\d+;[A-Za-z0-9 .:/?-]*)*"';
    expect(lines.slice(0, 2)).toEqual(["```mermaid", "flowchart LR"]);
    expect(lines.at(-1)).toBe("```");
    const arrow = new RegExp(`^  n0(\\(\\[${words}\\]\\))? (==>|-->)\\|${words}\\| n\\d+(\\[${words}\\])?$`);
    for (const line of lines.slice(2, -1))
      expect(line).toMatch(/^ {2}linkStyle/.test(line) ? /^ {2}linkStyle 0 stroke:#bf5700$/ : arrow);
  });

  it("links only to where the text says", () => {
    const url = (address: string) =>
      rendered(renderComment({ ...running, addresses: [{ name: "shop", url: address }] })).links;
    expect(url("https://good.example@evil.example/")).toEqual([]);
    expect(url("javascript:alert(1)")).toEqual([]);
    expect(url("data:text/html,x")).toEqual([]);
    // A Cyrillic а in the name.
    expect(url("https://p\u0430ypal.example/")).toEqual([
      { to: "https://xn--pypal-4ve.example/", text: "https://xn--pypal-4ve.example/" },
    ]);
    expect(url('https://x.example/"><b>')).toEqual([
      { to: "https://x.example/%22%3E%3Cb%3E", text: "https://x.example/%22%3E%3Cb%3E" },
    ]);
  });

  it("refuses to put into a command what is no number or commit", () => {
    expect(() => renderComment({ ...running, pullRequest: Number.NaN })).toThrow(/positive integer/);
    expect(() => renderComment({ ...running, commit: "main; rm -rf /" })).toThrow(/40 hexadecimal/);
  });
});

describe("what a reviewer is owed", () => {
  const shares = ["bookstore/bookstore-v1 80 % → 50 %", "bookstore/bookstore-v2 20 % → 50 %"];
  const ends = { from: "bookbuyer/bookbuyer", to: "bookstore.bookstore.svc.cluster.local:14001" };
  const changed = {
    comparedWith: "stack dev",
    changes: [{ kind: "shares" as const, ...ends, shares }],
    guarantees: 3,
    broken: [],
  };
  const { access, ...unreviewed } = running;

  it("reads of a split from where to where it moves, in words and drawn", () => {
    const { code } = rendered(renderComment({ ...running, access: changed }));
    expect(code).toContain("bookstore/bookstore-v1 80 % → 50 %, bookstore/bookstore-v2 20 % → 50 %");
    expect(code).toContain('n0(["bookbuyer/bookbuyer"]) -->|"bookstore-v1 80 #37; #8594; 50 #37;');
  });

  it("comes first where the program refuses, and the error after it", () => {
    const state = { status: "failed", error: "refused by the program" } as const;
    const body = renderComment({ ...running, state });
    const at = (text: string) => body.indexOf(text);
    expect(body).toContain("This pull request breaks guarantees");
    const order = ["guarantees broken", "Access: 1 opened", "Resources: ", "#### Error"].map(at);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(Math.min(...order)).toBeGreaterThan(0);
  });

  it("is the reason where nothing could be compared, before anything else", () => {
    const state = { status: "failed", error: "it threw" } as const;
    const unknown = { ...changed, changes: { unknown: "it threw" } };
    const plan = { changes: [], unchanged: 3, partial: true };
    const body = renderComment({ ...running, state, access: unknown, plan });
    expect(body.indexOf("#### Error")).toBeLessThan(body.indexOf("Access: not compared"));
    expect(body).toContain("3 unchanged, as far as the program got");
  });

  it("says what merging costs beside what the preview does", () => {
    const parts = [
      {
        name: "user",
        before: { what: "1 × Standard_D2ds_v5", amount: 70 },
        after: { what: "3 × Standard_D2ds_v5", amount: 210 },
      },
    ];
    const { prose, code } = rendered(
      renderComment({ ...running, merging: { currency: "USD", difference: 140, parts } }),
    );
    expect(prose).toMatch(/Merging, a month\s*\+140\.00/);
    expect(code).toContain("user: 1 × Standard_D2ds_v5 (70.00) → 3 × Standard_D2ds_v5 (210.00)");
    expect(renderComment({ ...running, merging: { currency: "USD", difference: 0, parts: [] } })).toContain(
      "nothing more or less",
    );
  });

  it("has the lines that open addresses inside the cluster, and none for those that are elsewhere", () => {
    const cluster = { resourceGroupName: "aks-mesh-dev", clusterName: "aks-mesh-dev" };
    const at = (url: string) =>
      rendered(renderComment({ ...running, cluster, addresses: [{ name: "shop", url }] })).code;
    expect(at("http://bookstore.pr-12-bookstore.svc.cluster.local:14001")).toContain(
      "az aks get-credentials --resource-group aks-mesh-dev --name aks-mesh-dev\n" +
        "kubectl port-forward --namespace pr-12-bookstore service/bookstore 8080:14001 # http://localhost:8080",
    );
    for (const elsewhere of [
      "https://pr-12.example.org/",
      "http://bookstore.pr-13-bookstore.svc.cluster.local:14001",
      "http://api.kube-system.svc.cluster.local:443",
      "http://x.pr-12-$(id).svc.cluster.local:80",
      "http://x.pr-12-a.svc.cluster.local:80;id",
    ]) {
      expect(at(elsewhere), elsewhere).not.toContain("port-forward");
    }
  });

  it("names what the preview leaves out", () => {
    const differences = ["Deployment bookbuyer/bookbuyer: 1 of 3 pods."];
    expect(rendered(renderComment({ ...running, differences })).code).toContain(differences[0]);
  });

  it("says which job reviewed, and warns where none did", () => {
    expect(renderComment(running, { apart: true })).toContain(
      "Reviewed by the job `review`, which runs none of the pull request's code",
    );
    expect(renderComment(unreviewed, { apart: true })).toContain("> Not reviewed: the job `review` came to no end");
    expect(renderComment(running)).not.toContain("the job `review`");
    expect(access).toBeDefined();
  });
});

describe("a comment that would be too long", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => index);
  const change = (name: string, noise: boolean) =>
    ({ op: "update", type: "kubernetes:core/v1:ConfigMap", name, properties: ["data"], noise }) as const;
  const line = (index: number) => ({
    kind: "opens" as const,
    from: `a/a${String(index)}`,
    to: "b.b:80",
    request: { from: `a/a${String(index)}`, to: "b.b:80", protocol: "http" as const, path: "/x" },
  });

  it("loses what matters least first, and says so", () => {
    const report: PreviewReport = {
      ...running,
      plan: {
        changes: [
          ...many(900).map((i) => change(`kept-${String(i)}`, false)),
          ...many(900).map((i) => change(`noise-${String(i)}`, true)),
        ],
        unchanged: 0,
      },
    };
    const body = renderComment(report);
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body.length).toBeGreaterThan(55_000);
    expect(body).toMatch(/_\d+ of 900 left out: too long for one comment\._/);
    expect(body).toContain("kept-899");
    expect(body).not.toContain("noise-899");
    expect(body).toContain("opens: bookthief/bookthief");
  });

  it("keeps broken guarantees longest", () => {
    const broken = many(200).map((index) => ({ message: `broken ${String(index)}`, remedy: "repair" }));
    const report: PreviewReport = {
      ...running,
      state: { status: "failed", error: "e\n".repeat(50_000) },
      access: { comparedWith: "main", changes: many(20_000).map(line), guarantees: 200, broken },
    };
    const body = renderComment(report);
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body).toContain("broken 199");
    expect(body).toMatch(/of 20000 left out/);
    expect(body).toMatch(/of 50001 left out/);
  });

  it("keeps its length and shape whatever fills it", () => {
    const text = "`<&|*_[]()\u202e@#".repeat(1000);
    const report = everywhere(text);
    const huge: PreviewReport = {
      ...report,
      state: { status: "teardown-failed", error: text.repeat(10), left: many(500).map(() => text) },
      addresses: many(500).map(() => ({ name: text, url: `https://x.example/${"_".repeat(170)}` })),
      health: { ready: 0, total: 500, problems: many(500).map(() => text) },
    };
    for (const state of [huge.state, { status: "failed", error: text.repeat(70) }] as const) {
      const body = renderComment({ ...huge, state });
      expect(body.length).toBeLessThanOrEqual(60_000);
      expect([...rendered(body).elements].filter((name) => !known.has(name))).toEqual([]);
    }
  });
});
