import { type JudgeCase, type JudgeRequest } from ".";
import { decide, RequestError, type Verdict } from "../mesh";
import { convertManifests, equalityOf, migrated } from "../mesh/convert";
import { istioMesh } from "../mesh/istio";
import { type KubernetesObject } from "../mesh/manifests";
import { parseManifests } from "../mesh/manifests";
import { fullMatch } from "../mesh/regex/pattern";
import { plainPath } from "../mesh/istio/path-cover";
import { normalPath } from "../mesh/request/path-normalization";

/** A request that passes in one of two meshes that should let the same through. */
export interface Parting {
  readonly objects: readonly unknown[];
  readonly converted: readonly unknown[];
  readonly request: JudgeRequest;
  readonly osm: string;
  readonly istio: string;
}

/** What came of converting a case and asking both sides. */
export interface RoundTrip {
  /** Why nothing is claimed of the case. */
  readonly refused?: string;
  readonly asked: number;
  /** Requests that pass on both sides. */
  readonly passed: number;
  readonly partings: readonly Parting[];
}

/** Converts a case's objects and asks both meshes the same. */
export function roundTrip({ objects, requests }: JudgeCase): RoundTrip {
  const none = { asked: 0, passed: 0, partings: [] };
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const manifests = parseManifests([{ name: "case.yaml", text }]);
  const conversion = convertManifests(manifests);
  const { mesh } = conversion;
  if (mesh.problems.some(({ severity }) => severity === "error")) return { ...none, refused: "not read by OSM" };
  const { whole, accounts } = equalityOf(conversion);
  if (whole !== undefined) return { ...none, refused: whole.place.replace(/ .*/s, "") };
  const converted = migrated(manifests.objects, mesh, conversion, "asm-1-30");
  const after = istioMesh({ objects: converted });
  const partings: Parting[] = [];
  let asked = 0;
  let passed = 0;
  const callers = new Set(mesh.access().callers);
  for (const request of requests) {
    if (!isWithin(request) || !callers.has(request.from)) continue;
    // Sidecars for hosts outside select the caller's pods, by a label that pods which nobody shows are asked to have.
    if (mesh.catalog.podsOfAccount(request.from).length === 0 && !request.to.includes(".svc")) continue;
    let osm: Verdict;
    let istio: Verdict;
    try {
      osm = decide(mesh, request);
      istio = decide(after, request);
    } catch (error) {
      if (error instanceof RequestError) continue;
      throw error;
    }
    asked += 1;
    if (mayPass(osm) && mayPass(istio)) passed += 1;
    if (passing(osm) === passing(istio) || isBelowMesh(osm) || isBelowMesh(istio)) continue;
    // Of accounts for which nothing is written nobody may call any, and of Services of theirs only the other pods.
    if (accounts.size > 0 && passing(istio) !== "passes") continue;
    // By another name than its full one a Service may be unknown to Istio's sidecars.
    if (request.host !== undefined && !mayPass(istio)) continue;
    partings.push({ objects, converted, request, osm: described(osm), istio: described(istio) });
  }
  return { asked, passed, partings };
}

/** What a pod sends to its own address no sidecar sees, nor what one without a sidecar sends; and where nothing listens no policy matters. */
function isBelowMesh({ because }: Verdict): boolean {
  const words = /own address|nothing listens|no sidecar is injected|the pods of \S+ have no sidecar/;
  return because.some(({ text }) => words.test(text));
}

/** Whether the equality is claimed of a request. */
function isWithin({ from, protocol, path = "/", headers = {} }: JudgeRequest): boolean {
  if (from.startsWith("outside")) return false;
  if (protocol === "tcp") return true;
  const [plain = ""] = path.split("?");
  if (!fullMatch(plainPath, plain) || normalPath(plain, "BASE") !== plain) return false;
  return Object.values(headers).every((value) => typeof value === "string" || value.length < 2);
}

function mayPass({ outcome, outcomes = [] }: Verdict): boolean {
  return outcome === "allowed" || outcomes.includes("allowed");
}

/** What passes, and how surely. */
function passing(verdict: Verdict): string {
  return verdict.outcome === "allowed" ? "passes" : mayPass(verdict) ? "may pass" : "fails";
}

function described({ outcome, outcomes, because }: Verdict): string {
  return `${outcome === "varies" ? (outcomes ?? []).join(" or ") : outcome}: ${because.map(({ text }) => text).join("; ")}`;
}

/** Objects as text, for a person. */
export function shown({ objects, converted, request, osm, istio }: Parting): string {
  const kinds = new Set(["AuthorizationPolicy", "VirtualService"]);
  const istioObjects = (converted as readonly KubernetesObject[]).filter(({ kind }) => kinds.has(kind));
  return [
    ...[...objects, ...istioObjects].map((object) => `  ${JSON.stringify(object)}`),
    `  request ${JSON.stringify(request)}`,
    `  OSM:   ${osm}`,
    `  Istio: ${istio}`,
  ].join("\n");
}
