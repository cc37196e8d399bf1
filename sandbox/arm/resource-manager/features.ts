import { type ArmContext, methodAndPath, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse } from "../http";
import { type JsonObject, numberAt, stringAt } from "../json";
import { milliseconds } from "../latency";
import { requireSubscription } from "./resources";

/** Features that the emulator's resource providers offer. */
const KNOWN_FEATURES: Readonly<Record<string, readonly string[]>> = {
  "Microsoft.ContainerService": [
    "AKS-OpenServiceMesh",
    "AKS-KedaPreview",
    "AzureServiceMeshPreview",
    "EnableAPIServerVnetIntegrationPreview",
    "NodeAutoProvisioningPreview",
    "NodeOsUpgradeChannelPreview",
  ],
  "Microsoft.Compute": ["EncryptionAtHost"],
};

/** Store documents: where a feature goes to, and when it arrives. Its state follows from the clock, so a restart loses nothing. */
interface FeatureRecord {
  readonly from: string;
  readonly to: "Registered" | "Unregistered";
  readonly changedAt: number;
  readonly dueAt: number;
  /** Waits for approval for as long as the fault feature-pending is on. */
  readonly pending: boolean;
}

const PREFIX = "feature:";

function recordKey(namespace: string, feature: string): string {
  return `${PREFIX}${namespace}/${feature}`.toLowerCase();
}

function readRecord(context: ArmContext, namespace: string, feature: string): FeatureRecord | undefined {
  const value = context.store.get(recordKey(namespace, feature));
  if (value === undefined) return undefined;
  return {
    from: stringAt(value, "from") ?? "NotRegistered",
    to: stringAt(value, "to") === "Unregistered" ? "Unregistered" : "Registered",
    changedAt: numberAt(value, "changedAt") ?? 0,
    dueAt: numberAt(value, "dueAt") ?? 0,
    pending: value["pending"] === true,
  };
}

/** The state as Azure's control plane knows it, whatever its replicas answer. */
export function featureState(context: ArmContext, namespace: string, feature: string): string {
  const record = readRecord(context, namespace, feature);
  if (record === undefined) return "NotRegistered";
  if (isPending(context, record)) return "Pending";
  if (context.now() >= record.dueAt) return record.to;
  return record.to === "Registered" ? "Registering" : "Unregistering";
}

/** When a feature that is Registered became so; undefined where it is not. */
export function featureRegisteredAt(context: ArmContext, namespace: string, feature: string): number | undefined {
  const record = readRecord(context, namespace, feature);
  if (record === undefined || isPending(context, record)) return undefined;
  return record.to === "Registered" && context.now() >= record.dueAt ? record.dueAt : undefined;
}

function isPending(context: ArmContext, record: FeatureRecord): boolean {
  return record.pending && context.faults.active("feature-pending", "");
}

/** Azure's newer way to the same: what is registered is a resource below its provider, which azure-cli calls a registration. */
const registrationPath = /^featureproviders\/([^/]+)\/subscriptionfeatureregistrations(?:\/([^/]+))?$/i;

/** Microsoft.Features. */
export function createFeaturesHandler(): ResourceHandler {
  // Which replica answers is nobody's state: it alternates from one read to the next.
  let reads = 0;

  /** The state as one of the replicas tells it. */
  function reportedState(context: ArmContext, request: ResourceRequest, namespace: string, feature: string): string {
    const record = readRecord(context, namespace, feature);
    const state = featureState(context, namespace, feature);
    if (record === undefined) return state;
    const where = methodAndPath(request);
    if (state === "Pending") context.faults.strikes("feature-pending", "");
    if (state === record.to && context.faults.active("feature-flapping", where)) {
      reads += 1;
      if (reads % 2 === 1) {
        context.faults.strikes("feature-flapping", where);
        return record.to === "Registered" ? "Registering" : "Registered";
      }
    }
    return state;
  }

  function describe(context: ArmContext, request: ResourceRequest, namespace: string, feature: string): JsonObject {
    return {
      properties: { state: reportedState(context, request, namespace, feature) },
      id: `/subscriptions/${context.identity.subscriptionId}/providers/Microsoft.Features/providers/${namespace}/features/${feature}`,
      type: "Microsoft.Features/providers/features",
      name: `${namespace}/${feature}`,
    };
  }

  function answerRegistration(
    context: ArmContext,
    request: ResourceRequest,
    given: string,
    name: string | undefined,
  ): ArmResponse | undefined {
    const namespace = canonical(Object.keys(KNOWN_FEATURES), given);
    const present = (feature: string): JsonObject => ({
      properties: {
        state: reportedState(context, request, namespace, feature),
        providerNamespace: namespace,
        featureName: feature,
        subscriptionId: context.identity.subscriptionId,
        tenantId: context.identity.tenantId,
      },
      id: `/subscriptions/${context.identity.subscriptionId}/providers/Microsoft.Features/featureProviders/${namespace}/subscriptionFeatureRegistrations/${feature}`,
      type: "Microsoft.Features/featureProviders/subscriptionFeatureRegistrations",
      name: feature,
    });
    if (name === undefined) {
      if (request.method !== "GET") return undefined;
      const asked = (KNOWN_FEATURES[namespace] ?? []).filter(
        (feature) => readRecord(context, namespace, feature) !== undefined,
      );
      return { status: 200, body: { value: asked.map(present) } };
    }
    const feature = requireFeature(namespace, name);
    if (request.method === "PUT" || request.method === "DELETE") {
      change(context, request, namespace, feature, request.method === "PUT" ? "Registered" : "Unregistered");
      return { status: 200, body: present(feature) };
    }
    return request.method === "GET" ? { status: 200, body: present(feature) } : undefined;
  }

  return (context, request): ArmResponse | undefined => {
    const match = /^\/subscriptions\/[^/]+\/providers\/microsoft\.features\/(.*)$/i.exec(request.path);
    if (match?.[1] === undefined) return undefined;
    requireSubscription(context, { ...request.resource, subscriptionId: request.path.split("/")[2] });
    const segments = match[1].split("/").filter(Boolean).map(decodeURIComponent);
    if (segments.length === 1 && segments[0]?.toLowerCase() === "features" && request.method === "GET") {
      const all = Object.entries(KNOWN_FEATURES).flatMap(([namespace, features]) =>
        features.map((feature) => describe(context, request, namespace, feature)),
      );
      return { status: 200, body: { value: all } };
    }
    const registration = registrationPath.exec(segments.join("/"));
    if (registration !== null) return answerRegistration(context, request, registration[1] ?? "", registration[2]);
    if (segments[0]?.toLowerCase() !== "providers" || segments[2]?.toLowerCase() !== "features") return undefined;
    const namespace = canonical(Object.keys(KNOWN_FEATURES), segments[1] ?? "");
    const known = KNOWN_FEATURES[namespace] ?? [];
    if (segments.length === 3 && request.method === "GET") {
      return { status: 200, body: { value: known.map((feature) => describe(context, request, namespace, feature)) } };
    }
    const feature = requireFeature(namespace, segments[3] ?? "");
    const verb = segments[4]?.toLowerCase();
    if (segments.length === 4 && request.method === "GET") {
      return { status: 200, body: describe(context, request, namespace, feature) };
    }
    if (segments.length === 5 && request.method === "POST" && (verb === "register" || verb === "unregister")) {
      change(context, request, namespace, feature, verb === "register" ? "Registered" : "Unregistered");
      return { status: 200, body: describe(context, request, namespace, feature) };
    }
    return undefined;
  };
}

function change(
  context: ArmContext,
  request: ResourceRequest,
  namespace: string,
  feature: string,
  to: FeatureRecord["to"],
): void {
  const from = featureState(context, namespace, feature);
  if (from === to || from === (to === "Registered" ? "Registering" : "Unregistering")) return;
  if (to === "Unregistered" && from === "NotRegistered") return;
  const record: FeatureRecord = {
    from,
    to,
    changedAt: context.now(),
    dueAt: context.now() + milliseconds(context.latency(), "featureRegister"),
    pending: to === "Registered" && context.faults.active("feature-pending", ""),
  };
  context.store.commit({ put: { [recordKey(namespace, feature)]: { ...record } } });
  context.log(`feature ${namespace}/${feature}: ${from} → ${to} (${request.id})`);
}

/** @throws ArmError 404 FeatureNotFound. */
function requireFeature(namespace: string, name: string): string {
  const known = KNOWN_FEATURES[namespace] ?? [];
  const feature = canonical(known, name);
  if (known.includes(feature)) return feature;
  throw new ArmError(404, "FeatureNotFound", `The feature '${name}' could not be found.`);
}

/** The name as it is listed, found without regard to case; as given where it is not listed. */
function canonical(names: readonly string[], name: string): string {
  return names.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
}
