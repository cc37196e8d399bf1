import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { type JsonObject, objectsAt, stringAt, stringsAt } from "../json";
import { kubernetesRoles } from "../role-permissions";
import { findResource, resourceKey } from "./resources";

const TYPE = "Microsoft.Authorization/roleDefinitions";

/** Built-in roles that the emulator knows, by id: those that people who run AKS assign. Azure has some hundreds more. */
export const BUILT_IN_ROLES: Readonly<Record<string, string>> = {
  "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
  "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
  "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
  "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
  "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
  "36243c78-bf99-498c-9df9-86d9f8d28608": "Resource Policy Contributor",
  "4a9ae827-6dc8-4573-8ac7-8239d42aa03f": "Tag Contributor",
  "72fafb9e-0641-4937-9268-a91bfd8191a3": "Cost Management Reader",
  "434105ed-43f6-45c7-a02f-909b2ba83430": "Cost Management Contributor",
  "fb1c8493-542b-48eb-b624-b4c8fea62acd": "Security Admin",
  "39bc4728-0917-49c7-9d2c-d95423bc2eb4": "Security Reader",
  "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
  "befefa01-2a29-4197-83a8-272ff33ce314": "DNS Zone Contributor",
  "b12aa53e-6015-4669-85d0-8515ebb3ae7f": "Private DNS Zone Contributor",
  "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": "Managed Identity Contributor",
  "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
  "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
  "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
  "c2f4ef07-c644-48eb-af81-4b1b4947fb11": "AcrDelete",
  "6cef56e8-d556-48e5-a04f-b8e64114680f": "AcrImageSigner",
  "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
  "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
  "749f88d5-cbae-40b8-bcfc-e573ddc772fa": "Monitoring Contributor",
  "b0d8363b-8ddd-447d-831f-62ca05bff136": "Monitoring Data Reader",
  "73c42c96-874c-492b-b04d-ab87d138a893": "Log Analytics Reader",
  "92aaf0da-9dab-42b6-94a3-d43ce8d16293": "Log Analytics Contributor",
  "22926164-76b3-42b3-bc55-97df8dab3e41": "Grafana Admin",
  "a79a5197-3a5c-4973-a920-486035ffd60f": "Grafana Editor",
  "60921a7e-fef1-4a43-9b16-a26c52ad4769": "Grafana Viewer",
  "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
  "f25e0fa2-a7c8-4377-a976-54943a77a395": "Key Vault Contributor",
  "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
  "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
  "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
  "a4417e6f-fecd-4de8-b567-7b0420556985": "Key Vault Certificates Officer",
  "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba": "Key Vault Certificate User",
  "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
  "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
  "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
  "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
  "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
  "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
  "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
  "0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb": "Storage File Data SMB Share Contributor",
  "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
  "7efff54f-a5b4-42b5-a1c5-5411624893ce": "Disk Snapshot Contributor",
  "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8": "Azure Kubernetes Service Contributor Role",
  "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": "Azure Kubernetes Service Cluster Admin Role",
  "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": "Azure Kubernetes Service Cluster User Role",
  "1afdec4b-e479-420e-99e7-f82237c7c5e6": "Azure Kubernetes Service Cluster Monitoring User",
  [kubernetesRoles.clusterAdmin]: "Azure Kubernetes Service RBAC Cluster Admin",
  [kubernetesRoles.admin]: "Azure Kubernetes Service RBAC Admin",
  [kubernetesRoles.writer]: "Azure Kubernetes Service RBAC Writer",
  [kubernetesRoles.reader]: "Azure Kubernetes Service RBAC Reader",
};

/** Role definitions: the built-in ones, and those of the subscription. */
export function roleDefinitions(context: ArmContext, request: ResourceRequest): ArmResponse | undefined {
  const name = request.resource.provider?.names[0]?.toLowerCase();
  if (name === undefined) return request.method === "GET" ? list(context, request) : undefined;
  const found = definitionOf(context, name);
  switch (request.method) {
    case "GET":
      if (found === undefined) throw roleDefinitionDoesNotExist(name);
      return { status: 200, body: found };
    case "PUT":
      return put(context, request, name, found);
    case "DELETE":
      if (found === undefined) return { status: 204 };
      requireCustom(found);
      requireUnassigned(context, name);
      context.store.commit({ delete: [resourceKey(idOf(context, name))] });
      return { status: 200, body: found };
    default:
      return undefined;
  }
}

/** @throws ArmError 400 where no role has the id at the end of `roleDefinitionId`. */
export function requireRoleDefinition(context: ArmContext, roleDefinitionId: string): void {
  const name = roleDefinitionId.split("/").at(-1) ?? "";
  if (definitionOf(context, name) === undefined) throw roleDefinitionDoesNotExist(name, 400);
}

function roleDefinitionDoesNotExist(name: string, status = 404): ArmError {
  return new ArmError(
    status,
    "RoleDefinitionDoesNotExist",
    `The specified role definition with ID '${name.replaceAll("-", "")}' does not exist. (The sandbox knows ${Object.keys(BUILT_IN_ROLES).length} of Azure's built-in roles.)`,
  );
}

function idOf(context: ArmContext, name: string): string {
  return `/subscriptions/${context.identity.subscriptionId}/providers/${TYPE}/${name.toLowerCase()}`;
}

function definitionOf(context: ArmContext, name: string): JsonObject | undefined {
  const roleName = BUILT_IN_ROLES[name.toLowerCase()];
  return roleName === undefined
    ? findResource(context, idOf(context, name))
    : builtIn(context, name.toLowerCase(), roleName);
}

function builtIn(context: ArmContext, id: string, roleName: string): JsonObject {
  return {
    id: idOf(context, id),
    name: id,
    type: TYPE,
    properties: { roleName, type: "BuiltInRole", description: roleName, assignableScopes: ["/"], permissions: [] },
  };
}

function customRoles(context: ArmContext): JsonObject[] {
  return context.store.list(resourceKey(idOf(context, ""))).map(({ value }) => value);
}

/** `$filter`: roleName eq '…', type eq 'CustomRole' or 'BuiltInRole', atScopeAndBelow(). */
function list(context: ArmContext, request: ResourceRequest): ArmResponse {
  const filter = request.query.get("$filter") ?? "";
  const roleName = /roleName\s+eq\s+'([^']+)'/i.exec(filter)?.[1]?.toLowerCase();
  const kind = /type\s+eq\s+'([^']+)'/i.exec(filter)?.[1]?.toLowerCase();
  const all = [
    ...Object.entries(BUILT_IN_ROLES).map(([id, name]) => builtIn(context, id, name)),
    ...customRoles(context),
  ];
  const value = all.filter(
    (role) =>
      (roleName === undefined || stringAt(role, "properties", "roleName")?.toLowerCase() === roleName) &&
      (kind === undefined || stringAt(role, "properties", "type")?.toLowerCase() === kind),
  );
  return { status: 200, body: { value } };
}

function put(
  context: ArmContext,
  request: ResourceRequest,
  name: string,
  existing: JsonObject | undefined,
): ArmResponse {
  if (existing !== undefined) requireCustom(existing);
  const body = jsonBody(request);
  const roleName = stringAt(body, "properties", "roleName") ?? "";
  const invalid = (message: string): ArmError => new ArmError(400, "InvalidRoleDefinition", message);
  if (roleName === "") throw invalid("properties.roleName is required.");
  if (stringsAt(body, "properties", "assignableScopes").length === 0) {
    throw invalid("properties.assignableScopes needs one scope at least.");
  }
  const other = customRoles(context).find(
    (role) => stringAt(role, "properties", "roleName") === roleName && stringAt(role, "name") !== name,
  );
  if (other !== undefined || Object.values(BUILT_IN_ROLES).includes(roleName)) {
    throw new ArmError(
      409,
      "RoleDefinitionWithSameNameExists",
      `A custom role with the same name already exists in this directory. Use a different name than '${roleName}'.`,
    );
  }
  const stored: JsonObject = {
    id: idOf(context, name),
    name,
    type: TYPE,
    properties: {
      roleName,
      type: "CustomRole",
      description: stringAt(body, "properties", "description") ?? "",
      assignableScopes: stringsAt(body, "properties", "assignableScopes"),
      permissions: objectsAt(body, "properties", "permissions"),
    },
  };
  context.store.commit({ put: { [resourceKey(idOf(context, name))]: stored } });
  return { status: 201, body: stored };
}

function requireCustom(role: JsonObject): void {
  if (stringAt(role, "properties", "type") === "CustomRole") return;
  throw new ArmError(
    400,
    "RoleDefinitionCannotBeModified",
    `The built-in role '${stringAt(role, "properties", "roleName") ?? ""}' can be neither changed nor deleted.`,
  );
}

function requireUnassigned(context: ArmContext, name: string): void {
  const assigned = context.store
    .list("resource:")
    .some(({ value }) => stringAt(value, "properties", "roleDefinitionId")?.toLowerCase().endsWith(`/${name}`));
  if (!assigned) return;
  throw new ArmError(
    409,
    "RoleDefinitionHasAssignments",
    `There are existing role assignments referencing role '${name}'. Delete them first.`,
  );
}
