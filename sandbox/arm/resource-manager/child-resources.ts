import { type ArmContext } from "../context";
import { ArmError } from "../errors";
import { type JsonObject, objectAt, objectsAt, stringAt } from "../json";
import { type Change } from "../store";
import { findResource, keysOf, newEtag, resourceKey, resourcesBelow } from "./resources";
import { checkSiblings, isCheckedAmongSiblings } from "./siblings";
import { requireUnused } from "./usage";

/** Children of one type that also stand in a property of their parent. */
interface InlineChildren {
  readonly property: string;
  /** Last segment of the children's type. */
  readonly type: string;
  /** A PUT of the parent that does not name the property leaves the children. Default: they go. */
  readonly keptUnlessNamed?: boolean;
}

/** Which children Azure shows within their parent, and takes from there. By the parent's type in lower case. */
const INLINE: Readonly<Record<string, readonly InlineChildren[]>> = {
  "microsoft.network/virtualnetworks": [
    { property: "subnets", type: "subnets", keptUnlessNamed: true },
    { property: "virtualNetworkPeerings", type: "virtualNetworkPeerings", keptUnlessNamed: true },
  ],
  "microsoft.network/networksecuritygroups": [{ property: "securityRules", type: "securityRules" }],
  "microsoft.network/routetables": [{ property: "routes", type: "routes" }],
};

/** Children that come into being with their parent: type and name, and their first properties. */
const FIRST: Readonly<Record<string, readonly { type: string; name: string; properties?: JsonObject }[]>> = {
  "microsoft.storage/storageaccounts": ["blobServices", "fileServices", "queueServices", "tableServices"].map(
    (type) => ({ type, name: "default" }),
  ),
  "microsoft.network/privatednszones": [{ type: "SOA", name: "@", properties: { ttl: 3600 } }],
  "microsoft.network/dnszones": [
    { type: "NS", name: "@", properties: { TTL: 172800 } },
    { type: "SOA", name: "@", properties: { TTL: 3600 } },
  ],
};

/** Properties that show who refers to a resource: the referring property of subnets, by type in lower case. */
const SUBNETS_WITH: Readonly<Record<string, string>> = {
  "microsoft.network/networksecuritygroups": "networkSecurityGroup",
  "microsoft.network/routetables": "routeTable",
  "microsoft.network/natgateways": "natGateway",
};

/** What follows from other resources, by type in lower case. */
const SHOWN: Readonly<Record<string, (context: ArmContext, id: string, resource: JsonObject) => JsonObject>> = {
  "microsoft.network/virtualnetworks/virtualnetworkpeerings": (context, id, peering) => {
    const network = id.split("/").slice(0, -2).join("/");
    const remote = stringAt(peering, "properties", "remoteVirtualNetwork", "id") ?? "";
    const isAnswered = childrenOf(context, remote, "microsoft.network/virtualnetworks/virtualnetworkpeerings").some(
      (other) => sameText(stringAt(other, "properties", "remoteVirtualNetwork", "id"), network),
    );
    return { peeringState: isAnswered ? "Connected" : "Initiated" };
  },
  "microsoft.network/privatednszones": (context, id) => ({
    numberOfRecordSets: recordSetsOf(context, id).length,
    maxNumberOfRecordSets: 25000,
    numberOfVirtualNetworkLinks: childrenOf(context, id, LINKS).length,
  }),
  "microsoft.network/dnszones": (context, id) => ({
    numberOfRecordSets: recordSetsOf(context, id).length,
    maxNumberOfRecordSets: 10000,
  }),
};

const LINKS = "microsoft.network/privatednszones/virtualnetworklinks";

/** The record sets of a zone, of every type. */
export function recordSetsOf(context: ArmContext, zone: string): JsonObject[] {
  return resourcesBelow(context, zone).filter(
    (child) =>
      stringAt(child, "type")?.toLowerCase() !== LINKS &&
      (stringAt(child, "id") ?? "").split("/").length === zone.split("/").length + 2,
  );
}

/** The resource as Azure returns it: with its inline children, and with what refers to it. */
export function presentResource(context: ArmContext, resource: JsonObject): JsonObject {
  const type = (stringAt(resource, "type") ?? "").toLowerCase();
  const id = stringAt(resource, "id") ?? "";
  const shown: JsonObject = {};
  for (const { property, type: childType } of INLINE[type] ?? []) {
    shown[property] = childrenOf(context, id, `${type}/${childType.toLowerCase()}`).map((child) =>
      presentResource(context, child),
    );
  }
  const reference = SUBNETS_WITH[type];
  if (reference !== undefined) {
    const subnets = resourcesBelow(context, `/subscriptions/${context.identity.subscriptionId}/resourceGroups`)
      .filter((other) => stringAt(other, "type")?.toLowerCase() === "microsoft.network/virtualnetworks/subnets")
      .filter((subnet) => stringAt(subnet, "properties", reference, "id")?.toLowerCase() === id.toLowerCase())
      .map((subnet) => ({ id: subnet["id"] }));
    if (subnets.length > 0) shown["subnets"] = subnets;
  }
  Object.assign(shown, SHOWN[type]?.(context, id, resource));
  if (Object.keys(shown).length === 0) return resource;
  return { ...resource, properties: { ...objectAt(resource, "properties"), ...shown } };
}

/**
 * Takes the inline children out of a PUT or PATCH of their parent.
 *
 * @returns the parent's own properties, and the change that writes and removes children.
 * @throws ArmError 400 where a child that would go is in use, or one does not fit among the others.
 */
export function takeChildren(
  context: ArmContext,
  parent: { readonly id: string; readonly type: string; readonly isNew: boolean },
  properties: JsonObject,
): { readonly properties: JsonObject; readonly change: Change } {
  const own = { ...properties };
  const put: Record<string, JsonObject> = {};
  const removed: string[] = [];
  const add = (type: string, name: string, entry: JsonObject): void => {
    const id = `${parent.id}/${type}/${name}`;
    put[resourceKey(id)] = completeChild(context, entry, { id, name, type: `${parent.type}/${type}` });
  };
  for (const { property, type, keptUnlessNamed } of INLINE[parent.type.toLowerCase()] ?? []) {
    const isNamed = properties[property] !== undefined;
    delete own[property];
    if (!isNamed && keptUnlessNamed === true) continue;
    const wanted = objectsAt(properties, property);
    checkSiblings(`${parent.type}/${type}`, { id: parent.id, properties }, wanted);
    for (const child of childrenOf(context, parent.id, `${parent.type}/${type}`.toLowerCase())) {
      const isWanted = wanted.some((entry) => sameText(stringAt(entry, "name"), stringAt(child, "name")));
      if (isWanted) continue;
      const id = stringAt(child, "id") ?? "";
      requireUnused(context, id, `${parent.type}/${type}`);
      removed.push(...keysOf(context, id));
    }
    for (const entry of wanted) {
      const name = stringAt(entry, "name") ?? "";
      if (name === "") {
        throw new ArmError(400, "InvalidRequestFormat", `An entry of properties.${property} has no name.`, {
          target: `properties.${property}`,
        });
      }
      add(type, name, entry);
    }
  }
  if (parent.isNew) {
    for (const { type, name, properties: first } of FIRST[parent.type.toLowerCase()] ?? []) {
      add(type, name, { properties: first ?? {} });
    }
  }
  return { properties: own, change: { put, delete: removed } };
}

/** Checks a child that is written by itself against its siblings. @throws ArmError 400 or 409. */
export function checkAmongSiblings(context: ArmContext, id: string, type: string, body: JsonObject): void {
  if (!isCheckedAmongSiblings(type)) return;
  const parentId = id.split("/").slice(0, -2).join("/");
  const name = id.split("/").at(-1);
  const others = childrenOf(context, parentId, type.toLowerCase()).filter(
    (sibling) => !sameText(stringAt(sibling, "name"), name),
  );
  const properties = objectAt(findResource(context, parentId), "properties");
  checkSiblings(type, { id: parentId, properties }, [...others, { ...body, name }]);
}

function childrenOf(context: ArmContext, id: string, type: string): JsonObject[] {
  return resourcesBelow(context, id).filter((child) => stringAt(child, "type")?.toLowerCase() === type);
}

function completeChild(
  context: ArmContext,
  entry: JsonObject,
  place: { readonly id: string; readonly name: string; readonly type: string },
): JsonObject {
  const existing = findResource(context, place.id);
  return {
    ...entry,
    id: stringAt(existing, "id") ?? place.id,
    name: stringAt(existing, "name") ?? place.name,
    type: stringAt(existing, "type") ?? place.type,
    etag: `W/"${newEtag(context, place.id)}"`,
    properties: { ...objectAt(entry, "properties"), provisioningState: "Succeeded" },
  };
}

function sameText(a: string | undefined, b: string | undefined): boolean {
  return a?.toLowerCase() === b?.toLowerCase();
}
