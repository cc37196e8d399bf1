import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  dataPlaneProblem,
  type DataPlane,
  type LiveRequest,
  type LiveVerdict,
  openDataPlane,
} from "../../judge/data-plane";
import { readCases } from "../../judge/case-file";
import { callerShowing, decide } from "../../mesh";
import { type KubernetesObject } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";

/** What OSM's end-to-end tests expect of the named cases beyond a verdict on one call: seen with real Envoys. */
let dataPlane: DataPlane | undefined;
let problem: string | undefined;

beforeAll(async () => {
  problem = await dataPlaneProblem();
  if (problem === undefined) dataPlane = await openDataPlane((message) => process.stderr.write(`${message}\n`));
});

afterAll(async () => {
  await dataPlane?.close();
});

/** Sends calls in the world of a named case, edited first. */
async function play(
  name: string,
  requests: readonly LiveRequest[],
  edit: (text: string) => string = (text) => text,
): Promise<readonly LiveVerdict[]> {
  const found = readCases().find((one) => one.name === name);
  if (found === undefined || dataPlane === undefined) throw new Error(`no case ${name}`);
  const objects = found.objects.map((object) => JSON.parse(edit(JSON.stringify(object))) as unknown);
  const [answer] = await dataPlane.ask([{ objects, requests }]);
  if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
  return answer.verdicts;
}

const call = (from: string, to: string, path: string): LiveRequest => ({ from, to, protocol: "http", path });

it("a rate limit of one a minute, on a host or on a route, answers every further call with 429", async ({ skip }) => {
  if (problem !== undefined) skip(problem);
  const requests = ["server", "by-route"].map((service) => ({
    ...call("client/client", `${service}.server.svc.cluster.local:80`, `/${service}`),
    times: 5,
  }));
  for (const { statuses, arrived } of await play("e2e-rate-limit", requests)) {
    expect({ statuses, arrived }).toEqual({ statuses: { 200: 1, 429: 4 }, arrived: 1 });
  }
});

it("a Retry of five tries a call six times in all, for its source only and while the feature is on", async ({
  skip,
}) => {
  if (problem !== undefined) skip(problem);
  const failing = ["client", "other"].map((account) =>
    call(`client/${account}`, "server.server.svc.cluster.local:80", `/status/503/${account}`),
  );
  // OSM's test waits five seconds between two tries.
  const quick = (text: string): string =>
    text.replace('"retryBackoffBaseInterval":"5s"', '"retryBackoffBaseInterval":"10ms"');
  const tries = (verdicts: readonly LiveVerdict[]) => verdicts.map(({ status, arrived }) => ({ status, arrived }));
  expect(tries(await play("e2e-retry", failing, quick))).toEqual([
    { status: 503, arrived: 6 },
    { status: 503, arrived: 1 },
  ]);
  const off = (text: string): string => quick(text).replace('"enableRetryPolicy":true', '"enableRetryPolicy":false');
  expect(tries(await play("e2e-retry", failing, off))).toEqual([
    { status: 503, arrived: 1 },
    { status: 503, arrived: 1 },
  ]);
});

it("an HTTPS IngressBackend asks for its principal's certificate, and for its source", async ({ skip }) => {
  if (problem !== undefined) skip(problem);
  const secured = (from: string, principal?: string): LiveRequest => ({
    ...call(from, "secured.server.svc.cluster.local:80", "/status/200"),
    tls: principal === undefined ? {} : { principal },
  });
  const gateway = "ingress-nginx.ingress-ns.example.com";
  const verdicts = await play("e2e-ingress", [
    secured("ingress-ns/ingress-nginx", gateway),
    secured("ingress-ns/ingress-nginx", "another.ingress-ns.example.com"),
    secured("ingress-ns/ingress-nginx"),
    secured("elsewhere/elsewhere", gateway),
  ]);
  expect(verdicts.map(({ outcome }) => outcome)).toEqual(["allowed", "denied", "refused", "refused"]);
});

it("callers that speak TLS themselves end as the analysis says", async ({ skip }) => {
  if (problem !== undefined || dataPlane === undefined) skip(problem);
  const file = join(__dirname, "..", "cli", "cases", "ingress-by-tls.yaml");
  const objects = parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS() as KubernetesObject);
  const ways: readonly LiveRequest["tls"][] = [
    undefined,
    {},
    { principal: "gw.edge.cluster.local" },
    { principal: "another.edge.cluster.local" },
    { principal: "gw.edge.cluster.local", "server-name": "shop.example" },
    { "server-name": "a.wild.example" },
    { "server-name": "wild.example" },
  ];
  const called = ["skip", "named", "free", "sni"].flatMap((name) => {
    const host = `${name}.web.svc.cluster.local`;
    return [...ways, { principal: "gw.edge.cluster.local", "server-name": host }].map((tls) => ({
      host,
      port: 80,
      tls,
    }));
  });
  const two = [80, 81].flatMap((port) => ways.map((tls) => ({ host: "two.web.svc.cluster.local", port, tls })));
  const requests = [...called, ...two].map(({ host, port, tls }): LiveRequest => {
    return { ...call("edge/edge", `${host}:${String(port)}`, "/"), ...(tls && { tls }) };
  });
  const [answer] = (await dataPlane?.ask([{ objects, requests }])) ?? [];
  if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
  const mesh = osmMesh({ objects });
  const ours = requests.map(({ tls, ...request }) => {
    const serverName = tls && { serverName: tls["server-name"] ?? "" };
    const { outcome, outcomes = [outcome] } = decide(mesh, {
      ...request,
      from: callerShowing(request.from, tls?.principal),
      ...serverName,
    });
    return outcomes;
  });
  expect(new Set(ours.flat()).size).toBe(3);
  // Of two Services of one pod it is not defined whose rule comes first; else there is one outcome.
  expect(ours.slice(0, called.length).every(({ length }) => length === 1)).toBe(true);
  expect(
    answer.verdicts.flatMap(({ outcome }, index) => (ours[index]?.some((one) => one === outcome) ? [] : [index])),
  ).toEqual([]);
});

it("an HTTPS Egress lets TLS with its host as server name pass, a TCP Egress any TLS", async ({ skip }) => {
  if (problem !== undefined) skip(problem);
  const secured = (from: string, serverName: string): LiveRequest => ({
    from,
    to: "httpbin.example:443",
    protocol: "tcp",
    tls: { "server-name": serverName },
  });
  const verdicts = await play("e2e-egress-policy", [
    secured("client/https", "httpbin.example"),
    secured("client/https", "another.example"),
    secured("client/tcp", "another.example"),
    secured("client/nobody", "httpbin.example"),
  ]);
  expect(verdicts.map(({ outcome }) => outcome)).toEqual(["allowed", "refused", "allowed", "refused"]);
});
