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

/** A case converted to Istio, and what both meshes are asked. */
interface ConvertedCase {
  readonly converted: readonly KubernetesObject[];
  /** Requests of which the equality is claimed, where it is, with what the analysis of each mesh says. */
  readonly claimed: readonly Claim[];
}

export interface Claim {
  readonly request: JudgeRequest;
  readonly osm: Verdict;
  readonly istio: Verdict;
  /** Whether rules were written for all accounts. */
  readonly allAccounts: boolean;
}

/** Converts a case's objects; or says why nothing is claimed of it. */
export function convertCase({ objects, requests }: JudgeCase): ConvertedCase | { readonly refused: string } {
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const manifests = parseManifests([{ name: "case.yaml", text }]);
  const conversion = convertManifests(manifests);
  const { mesh } = conversion;
  if (mesh.problems.some(({ severity }) => severity === "error")) return { refused: "not read by OSM" };
  const { whole, accounts } = equalityOf(conversion);
  if (whole !== undefined) return { refused: whole.place.replace(/ .*/s, "") };
  const converted = migrated(manifests.objects, mesh, conversion, "asm-1-30");
  const after = istioMesh({ objects: converted });
  const claimed: Claim[] = [];
  const callers = new Set(mesh.access().callers);
  for (const request of requests) {
    if (!isWithin(request) || !callers.has(request.from)) continue;
    // Sidecars for hosts outside select the caller's pods, by a label that pods which nobody shows are asked to have.
    if (mesh.catalog.podsOfAccount(request.from).length === 0 && !request.to.includes(".svc")) continue;
    try {
      claimed.push({
        request,
        osm: decide(mesh, request),
        istio: decide(after, request),
        allAccounts: accounts.size === 0,
      });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }
  return { converted, claimed };
}

/** Converts a case's objects and asks both meshes the same. */
export function roundTrip(asked: JudgeCase): RoundTrip {
  const conversion = convertCase(asked);
  if ("refused" in conversion) return { refused: conversion.refused, asked: 0, passed: 0, partings: [] };
  const { converted, claimed } = conversion;
  const partings = claimed
    .filter((claim) => passing(claim.osm) !== passing(claim.istio) && !mayPart(claim))
    .map(({ request, osm, istio }) => ({
      objects: asked.objects,
      converted,
      request,
      osm: described(osm),
      istio: described(istio),
    }));
  const passed = claimed.filter(({ osm, istio }) => mayPass(osm) && mayPass(istio)).length;
  return { asked: claimed.length, passed, partings };
}

/** What a pod sends to its own address no sidecar sees, nor what one without a sidecar sends; and where nothing listens no policy matters. */
export function isBelowMesh({ because }: Verdict): boolean {
  const words = /own address|nothing listens|no sidecar is injected|the pods of \S+ have no sidecar/;
  return because.some(({ text }) => words.test(text));
}

/** Whether a request of whose kind the equality is claimed may part the meshes after all. */
export function mayPart({ request, osm, istio, allAccounts }: Claim): boolean {
  if (isBelowMesh(osm) || isBelowMesh(istio)) return true;
  // Of accounts for which nothing is written nobody may call any, and of Services of theirs only the other pods.
  if (!allAccounts && passing(istio) !== "passes") return true;
  // By another name than its full one a Service may be unknown to Istio's sidecars.
  return request.host !== undefined && !mayPass(istio);
}

/** Whether the equality is claimed of a request. */
export function isWithin({ from, to, protocol, path = "/", host, headers = {} }: JudgeRequest): boolean {
  if (from.startsWith("outside")) return false;
  if (protocol === "tcp") return true;
  // Istio's sidecars go by the Host header, OSM's by the address: one of another Service leads there, or nowhere.
  if (host !== undefined && serviceNamed(host, from) !== serviceNamed(to, from)) return false;
  const [plain = ""] = path.split("?");
  if (!fullMatch(plainPath, plain) || normalPath(plain, "BASE") !== plain) return false;
  return Object.values(headers).every((value) => typeof value === "string" || value.length < 2);
}

/** The Service, `namespace/name`, that a name means to a caller. */
function serviceNamed(address: string, from: string): string {
  const [name = "", namespace = from.slice(0, from.indexOf("/"))] = address
    .toLowerCase()
    .replace(/:\d+$/, "")
    .split(".");
  return `${namespace}/${name}`;
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
