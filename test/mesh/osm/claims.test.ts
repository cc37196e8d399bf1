import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  type AccessChange,
  addressOf,
  type CallRequest,
  checkGuarantees,
  decide,
  diff,
  type Guarantee,
  isOutside,
  type Verdict,
} from "../../../mesh";
import { callTree } from "../../../mesh/analysis/decide";
import { fingerprint } from "../../../mesh/analysis/fingerprint";
import { sentTo } from "../../../mesh/analysis/mesh";
import { answersIn } from "../../../mesh/analysis/outcome-sets";
import { osmMesh, type OsmMesh } from "../../../mesh/osm";
import { arbitraryCase } from "../../../judge/generate/case";

/** What findings, differences and guarantees claim with a request must be what `decide` says about that request. */
const seed = 20_261_129;
const cases = fc.sample(arbitraryCase(12), { seed, numRuns: 300 });

const meshOf = (objects: readonly unknown[]): OsmMesh => osmMesh({ objects: objects as readonly KubernetesObject[] });

/** The request to the service's full name, whatever its Host header was. */
function requestOf({ from, to, protocol, method, path, headers }: CallRequest): CallRequest {
  return { from, to, protocol, ...(method && { method }), ...(path && { path }), ...(headers && { headers }) };
}

/** All ends that a call can have. */
function ends(verdict: Verdict | undefined): readonly string[] {
  if (verdict === undefined) return [];
  return verdict.outcomes ?? [verdict.outcome === "varies" ? "" : verdict.outcome];
}

describe("findings on random policies", () => {
  /** What `decide` must say about the request of a rule's finding. */
  const claims: Readonly<Record<string, (verdict: Verdict) => boolean>> = {
    "order-dependent-routes": (verdict) =>
      verdict.outcome === "varies" && ends(verdict).includes("allowed") && ends(verdict).includes("denied"),
    "unauthorised-backend": (verdict) => ends(verdict).some((end) => end === "unavailable" || end === "refused"),
    "http-target-opens-tcp": (verdict) => ends(verdict).includes("allowed"),
    "tcp-target-on-http": (verdict) => ends(verdict).includes("no-route"),
    "own-calls-lost": (verdict) => ends(verdict).includes("no-route"),
    "egress-routes-refused": (verdict) => ends(verdict).includes("no-route"),
    "always-fails": (verdict) => !ends(verdict).includes("allowed"),
  };
  const shown = cases.flatMap(({ objects }) => {
    const mesh = meshOf(objects);
    return mesh
      .findings()
      .flatMap(({ rule, request }) =>
        request === undefined ? [] : [{ rule, request, verdict: decide(mesh, request), objects }],
      );
  });

  it.each(Object.entries(claims))("%s: the request shown ends so", (rule, holds) => {
    const ofRule = shown.filter((one) => one.rule === rule);
    expect(ofRule.length).toBeGreaterThan(0);
    expect(ofRule.filter(({ verdict }) => !holds(verdict)).slice(0, 2)).toEqual([]);
  });

  it("no other rule shows a request", () => {
    expect(shown.map(({ rule }) => rule).filter((rule) => claims[rule] === undefined)).toEqual([]);
  });
});

/** Outcome and shares, as far as `diff` compares them. */
function gist({ outcome, backends, outcomes }: Verdict): unknown {
  return outcome === "varies" ? { outcomes } : { outcome, backends };
}

describe("the relation of random policies", () => {
  it("has of each caller, outside ones too, what an explanation of the same calls says", () => {
    let compared = 0;
    let crossing = 0;
    for (const { objects } of cases) {
      const mesh = meshOf(objects);
      for (const { callers, service, tree } of mesh.access().entries) {
        for (const caller of callers) {
          compared += 1;
          if (isOutside(caller) || service.service === "") crossing += 1;
          const asked = callTree(mesh, caller, addressOf(service), sentTo(service));
          if (fingerprint(asked) === fingerprint(tree)) continue;
          expect({ caller, service, objects }).toEqual("the same in access and in explain");
        }
      }
    }
    expect(compared).toBeGreaterThan(1000);
    expect(crossing).toBeGreaterThan(100);
  });

  it("lacks only what does not pass, but for callers with other ways", () => {
    let missing = 0;
    for (const { objects } of cases) {
      const mesh = meshOf(objects);
      const { entries, callers, outsiders, services } = mesh.access();
      const related = new Set(entries.flatMap((one) => one.callers.map((who) => `${who} ${addressOf(one.service)}`)));
      for (const { caller, service } of mesh.ownCalls()) related.add(`${caller} ${addressOf(service)}`);
      const bound = [...callers.filter((caller) => !mesh.hasOtherWays(caller)), ...outsiders];
      for (const caller of bound) {
        for (const service of services) {
          if (related.has(`${caller} ${addressOf(service)}`)) continue;
          // From outside to another name for somewhere outside is no way into the mesh.
          if (isOutside(caller) && mesh.accountsBehind(service).length === 0) continue;
          missing += 1;
          const tree = callTree(mesh, caller, addressOf(service), sentTo(service));
          if (!answersIn(tree).has("allowed")) continue;
          expect({ caller, service, objects }).toEqual("refused, as the relation has it");
        }
      }
    }
    expect(missing).toBeGreaterThan(1000);
  });
});

describe("differences of random policies", () => {
  const pairs = cases.map(({ objects, requests }, index) => {
    const changed = [...objects];
    // One object goes, or one of the next case comes: mostly a rule, a route group or a split.
    if (index % 2 === 0) changed.splice(changed.length - 1 - (index % Math.min(4, changed.length)), 1);
    else changed.push(...(cases[index + 1]?.objects.slice(-1) ?? []));
    const before = meshOf(objects);
    const after = meshOf(changed);
    return { before, after, requests, changes: diff(before, after), objects, changed };
  });

  const passes = (verdict: Verdict | undefined): boolean => ends(verdict).includes("allowed");
  const always = (verdict: Verdict | undefined): boolean => ends(verdict).every((end) => end === "allowed");
  const claims: Readonly<Record<AccessChange["kind"], (change: AccessChange) => boolean>> = {
    opens: ({ before, after }) => !passes(before) && passes(after),
    closes: ({ before, after }) => passes(before) && !passes(after),
    unsettles: ({ before, after }) => always(before) && !always(after),
    settles: ({ before, after }) => !always(before) && always(after),
    // Of what nothing defines there are no numbers that could differ.
    shares: ({ before, after }) =>
      JSON.stringify(before?.backends) !== JSON.stringify(after?.backends) ||
      Object.values(after?.backends ?? {}).includes(null),
    answers: ({ before, after }) => JSON.stringify(ends(before)) !== JSON.stringify(ends(after)),
    unknown: ({ request }) => request === undefined,
  };

  it("every witness is decided as the change says", () => {
    const changes = pairs.flatMap((pair) => pair.changes.map((change) => ({ change, ...pair })));
    expect(new Set(changes.map(({ change }) => change.kind)).size).toBeGreaterThan(3);
    expect(
      changes
        .filter(({ change }) => !claims[change.kind](change))
        .slice(0, 2)
        .map(({ change, objects, changed }) => ({ change, objects, changed })),
    ).toEqual([]);
  });

  it("where nothing changes for a caller and a service, no request tells the two apart", () => {
    let compared = 0;
    for (const { before, after, requests, changes, objects, changed } of pairs) {
      const touched = new Set(changes.map(({ from, to }) => `${from} ${to}`));
      const services = [...before.access().services, ...after.access().services];
      const known = new Set([...before.access().callers, ...after.access().callers]);
      for (const asked of requests.map(requestOf)) {
        if (!known.has(asked.from)) continue;
        for (const service of services) {
          const protocol = service.kind === "tcp" ? "tcp" : "http";
          const request: CallRequest = { ...asked, protocol, to: addressOf(service) };
          if (touched.has(`${request.from} ${request.to}`)) continue;
          compared += 1;
          const verdicts = [decide(before, request), decide(after, request)].map(gist);
          if (JSON.stringify(verdicts[0]) === JSON.stringify(verdicts[1])) continue;
          expect({ request, verdicts, objects, changed }).toEqual("the same verdict before and after");
        }
      }
    }
    expect(compared).toBeGreaterThan(2000);
  });
});

describe("guarantees on random policies", () => {
  it("are broken by the request shown, and kept by every other request where they are said to hold", () => {
    let broken = 0;
    let kept = 0;
    for (const { objects, requests } of cases) {
      const mesh = meshOf(objects);
      const { services } = mesh.access();
      for (const request of requests.slice(0, 4)) {
        const [service] = services.filter((one) => request.to === addressOf(one));
        if (service === undefined || request.host !== undefined) continue;
        const protocol = service.kind === "tcp" ? "tcp" : "http";
        const { from } = request;
        for (const kind of ["never", "always"] as const) {
          // Of callers with several ways in, one that always passes is enough, and this request goes another.
          if (kind === "always" && isOutside(from)) continue;
          const to = `${service.namespace}/${service.name}`;
          const guarantee: Guarantee = { name: kind, kind, from: [from], to, port: service.port };
          const [finding] = checkGuarantees(mesh, [guarantee]);
          const breaks = (one: CallRequest): boolean => {
            const possible = ends(decide(mesh, one));
            return kind === "never" ? possible.includes("allowed") : possible.some((end) => end !== "allowed");
          };
          if (finding?.request !== undefined) {
            broken += 1;
            if (!breaks(finding.request)) expect({ objects, finding }).toBe("a request that breaks it");
          } else if (finding === undefined) {
            kept += 1;
            const asked = { from, to: request.to, protocol } as const;
            for (const other of requests) {
              const one: CallRequest = { ...requestOf(other), ...asked };
              if (one.method === "CONNECT") continue;
              if (breaks(one)) expect({ objects, one }).toBe("no request that breaks it");
            }
          }
        }
      }
    }
    expect(Math.min(broken, kept)).toBeGreaterThan(100);
  });
});
