import { type JSONWebKeySet } from "jose";
import { type ControlPlanes } from "./container-service/control-planes";
import { type ArmContext } from "./context";
import { type FederatedCredential } from "./identity";
import { type JsonObject, objectAt, stringAt, stringsAt } from "./json";
import { resourcesBelow } from "./resource-manager/resources";

/** A user-assigned identity as Entra ID knows it. */
export interface ManagedIdentity {
  readonly clientId: string;
  readonly objectId: string;
  /** Service accounts of the emulator's own clusters that may take it. */
  readonly federatedCredentials: readonly FederatedCredential[];
}

const isOf = (type: string) => (resource: JsonObject) => stringAt(resource, "type")?.toLowerCase() === type;

function all(context: ArmContext, type: string): JsonObject[] {
  const { subscriptionId } = context.identity;
  return resourcesBelow(context, `/subscriptions/${subscriptionId}/resourceGroups`).filter(isOf(type));
}

/** Keys of a cluster's issuer; undefined where no cluster has it: the emulator asks nobody else. */
async function keysOf(context: ArmContext, planes: ControlPlanes, issuer: string): Promise<JSONWebKeySet | undefined> {
  const cluster = all(context, "microsoft.containerservice/managedclusters").find(
    (one) => stringAt(one, "properties", "oidcIssuerProfile", "issuerURL") === issuer,
  );
  if (cluster === undefined) return undefined;
  return (await planes.open(context, stringAt(cluster, "id") ?? "")).serviceAccountKeys();
}

/** The user-assigned identity with a client id; undefined where there is none. */
export async function managedIdentity(
  context: ArmContext,
  planes: ControlPlanes,
  clientId: string,
): Promise<ManagedIdentity | undefined> {
  const identity = all(context, "microsoft.managedidentity/userassignedidentities").find(
    (one) => stringAt(one, "properties", "clientId")?.toLowerCase() === clientId.toLowerCase(),
  );
  if (identity === undefined) return undefined;
  const credentials = resourcesBelow(context, stringAt(identity, "id") ?? "").filter(
    isOf("microsoft.managedidentity/userassignedidentities/federatedidentitycredentials"),
  );
  const known = await Promise.all(
    credentials.map(async (credential): Promise<FederatedCredential[]> => {
      const properties = objectAt(credential, "properties");
      const issuer = stringAt(properties, "issuer") ?? "";
      const [audience = ""] = stringsAt(properties, "audiences");
      const jwks = await keysOf(context, planes, issuer);
      return jwks === undefined ? [] : [{ issuer, subject: stringAt(properties, "subject") ?? "", audience, jwks }];
    }),
  );
  return {
    clientId,
    objectId: stringAt(identity, "properties", "principalId") ?? "",
    federatedCredentials: known.flat(),
  };
}
