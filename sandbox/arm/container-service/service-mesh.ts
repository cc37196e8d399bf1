import { type ArmContext } from "../context";
import { aksError, type ArmError } from "../errors";
import { isObject, type Json, type JsonObject, objectAt, objectsAt, stringAt, stringsAt, valueAt } from "../json";
import { sameValue } from "./agent-pool";
import {
  defaultRevision,
  inOrder,
  meshRevisions,
  revisionNumber,
  supportedRevisions,
  takesVersion,
  upgradesOf,
} from "./mesh-revisions";
import { minorOf } from "./versions";

/** Namespace of an egress gateway that names none. */
const EGRESS_NAMESPACE = "aks-istio-egress";

/** Whether a profile asks for the Istio add-on. */
export function istioIsOn(profile: JsonObject): boolean {
  return stringAt(profile, "mode")?.toLowerCase() === "istio";
}

/**
 * The service mesh profile of a request put over that of the cluster. What the request leaves out stays, the revisions too, as a
 * request without revisions has been taken since August 2025. A mesh that is switched off forgets its settings.
 */
export function mergeServiceMesh(before: JsonObject, asked: Json | undefined): JsonObject | undefined {
  const profile = isObject(asked) ? asked : before;
  if (Object.keys(profile).length === 0) return undefined;
  if (!istioIsOn(profile)) return { mode: "Disabled" };
  const [had, wanted] = [objectAt(before, "istio"), objectAt(profile, "istio")];
  const revisions = stringsAt(wanted, "revisions");
  const components: JsonObject = { ...objectAt(had, "components"), ...objectAt(wanted, "components") };
  if (components["egressGateways"] !== undefined) {
    components["egressGateways"] = objectsAt(components, "egressGateways").map((gateway) => ({
      ...gateway,
      namespace: gateway["namespace"] ?? EGRESS_NAMESPACE,
    }));
  }
  return {
    mode: "Istio",
    istio: {
      ...had,
      ...wanted,
      revisions: inOrder(revisions.length > 0 ? revisions : stringsAt(had, "revisions")),
      components,
    },
  };
}

/** First API version with `components.proxyRedirectionMechanism`. */
const REDIRECTION_SINCE = "2026-01-01";

/** @throws ArmError 400 where an older API version names the mechanism, as for any property that it does not know. */
export function checkRedirection(asked: Json | undefined, apiVersion: string): void {
  const path = ["istio", "components", "proxyRedirectionMechanism"];
  if (apiVersion >= REDIRECTION_SINCE || valueAt(asked, ...path) === undefined) return;
  const target = `properties.serviceMeshProfile.${path.join(".")}`;
  throw aksError(400, "UnmarshalError", `UnmarshalEntity encountered error: unknown field: ${target}.`, { target });
}

/** The properties of a cluster as an API version knows them. */
export function forApiVersion(properties: JsonObject, apiVersion: string): JsonObject {
  const profile = objectAt(properties, "serviceMeshProfile");
  if (apiVersion >= REDIRECTION_SINCE || !istioIsOn(profile)) return properties;
  const istio = objectAt(profile, "istio");
  const components = Object.entries(objectAt(istio, "components")).filter(
    ([key]) => key !== "proxyRedirectionMechanism",
  );
  return {
    ...properties,
    serviceMeshProfile: { ...profile, istio: { ...istio, components: Object.fromEntries(components) } },
  };
}

/** Istio's CNI plug-in takes the place of init containers in meshes that are installed with this revision or a newer one. */
const FIRST_WITH_CNI = 30;

/** The profile with what is filled in where nothing is said: the revision, and how traffic gets into the sidecars. */
export function completeServiceMesh(
  context: Pick<ArmContext, "store">,
  profile: JsonObject | undefined,
  version: string,
): JsonObject | undefined {
  if (profile === undefined || !istioIsOn(profile)) return profile;
  const istio = objectAt(profile, "istio");
  const revisions = revisionsOrDefault(context, istio, version);
  const cni = (revisionNumber(revisions[0] ?? "") ?? 0) >= FIRST_WITH_CNI;
  const components = {
    proxyRedirectionMechanism: cni ? "CNIChaining" : "InitContainers",
    ...objectAt(istio, "components"),
  };
  return { ...profile, istio: { ...istio, revisions, components } };
}

function revisionsOrDefault(context: Pick<ArmContext, "store">, istio: JsonObject, version: string): string[] {
  const given = stringsAt(istio, "revisions");
  if (given.length > 0) return given;
  const revision = defaultRevision(meshRevisions(context), version);
  if (revision !== undefined) return [revision];
  throw notAllowed(`No revision supported by the service mesh add-on is compatible with cluster version ${version}`);
}

/** Azure's refusal of revisions. Public is the one of a revision that is not supported; the other reasons are the emulator's words. */
function notAllowed(reason: string): ArmError {
  return aksError(400, "BadRequest", `Requested change in revisions is not allowed. Reason: ${reason}.`, {
    target: "properties.serviceMeshProfile.istio.revisions",
  });
}

/** What a mesh and its cluster are before and after a request. */
export interface MeshChange {
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** The control plane's version of Kubernetes; undefined before there is one. */
  readonly versionBefore: string | undefined;
  readonly version: string;
}

/**
 * Which revisions may come after which: one where the mesh is installed; a second, newer one to begin an upgrade; either of the two
 * to end it. Each takes the cluster's version, which is asked when the revisions or the version change.
 *
 * @throws ArmError 400 BadRequest.
 */
export function checkRevisions(
  context: Pick<ArmContext, "store">,
  { before, after, versionBefore, version }: MeshChange,
): void {
  if (!istioIsOn(after)) return;
  const all = meshRevisions(context);
  const wanted = stringsAt(after, "istio", "revisions");
  const had = istioIsOn(before) ? stringsAt(before, "istio", "revisions") : [];
  const added = wanted.filter((revision) => !had.includes(revision));
  for (const revision of added) {
    if (supportedRevisions(all).some((known) => known.revision === revision)) continue;
    throw notAllowed(`Revision ${revision} is not supported by the service mesh add-on`);
  }
  if (new Set(wanted).size < wanted.length || wanted.length > 2) {
    throw notAllowed(`There may be two different revisions, during an upgrade, not ${wanted.join(", ")}`);
  }
  const kept = had.filter((revision) => wanted.includes(revision));
  if (had.length === 0 && wanted.length > 1) {
    throw notAllowed("A mesh is installed with one revision; the second begins an upgrade");
  }
  if (had.length > 0 && kept.length === 0) {
    throw notAllowed(`Revision ${had.join(", ")} cannot be replaced at once: an upgrade begins with both revisions`);
  }
  const [running = ""] = had;
  const [next] = added;
  if (had.length === 1 && next !== undefined) {
    const upgrades = upgradesOf(all, running, version);
    if (!upgrades.includes(next)) {
      throw notAllowed(
        `Revision ${running} cannot be upgraded to ${next} on cluster version ${version}. Available upgrades: [${upgrades.join(" ")}]`,
      );
    }
  }
  if (had.length === 2 && next !== undefined) {
    throw notAllowed(`An upgrade from ${had.join(" to ")} is in progress: complete it or roll it back first`);
  }
  const changes = !sameValue(had, wanted) || minorOf(versionBefore ?? "") !== minorOf(version);
  const unfit = changes ? wanted.find((revision) => !takesVersion(all, revision, version)) : undefined;
  if (unfit === undefined) return;
  if (added.includes(unfit)) throw notAllowed(`Revision ${unfit} is not compatible with cluster version ${version}`);
  throw aksError(
    400,
    "BadRequest",
    `Upgrading Kubernetes to ${version} is not allowed: revision ${unfit} of the service mesh add-on is not compatible with it. Upgrade the mesh first, see https://aka.ms/asm-aks-upgrade-docs`,
    { target: "properties.kubernetesVersion" },
  );
}

/**
 * A mesh that signs with its own certificate does not take one from Key Vault while it runs.
 *
 * @throws ArmError 400 BadRequest.
 */
export function checkCertificateAuthority({ before, after }: MeshChange): void {
  if (!istioIsOn(before) || !istioIsOn(after)) return;
  const plugin = (profile: JsonObject): boolean =>
    stringAt(profile, "istio", "certificateAuthority", "plugin", "keyVaultId") !== undefined;
  if (plugin(before) || !plugin(after)) return;
  throw aksError(
    400,
    "BadRequest",
    "Switching from the self-signed certificate authority to a plug-in certificate authority is not supported while the service mesh is enabled. Disable the mesh first, then enable it with the plug-in certificate authority. See https://aka.ms/asm-plugin-ca",
    { target: "properties.serviceMeshProfile.istio.certificateAuthority.plugin" },
  );
}
