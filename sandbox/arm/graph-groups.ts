import { randomUUID } from "node:crypto";

import { type ArmContext } from "./context";
import { ArmError } from "./errors";
import { type ArmRequest, type ArmResponse, jsonBody } from "./http";
import { type JsonObject, objectAt, stringAt, stringsAt } from "./json";
import { segmentsOf } from "./resource-id";

const PREFIX = "group:";

/**
 * Groups of the directory, which clusters name as their administrators, and their members.
 *
 * @param principals who may be a member beside other groups.
 */
export function answerGroups(context: ArmContext, request: ArmRequest, principals: readonly JsonObject[]): ArmResponse {
  const [, , id, part, member] = segmentsOf(request.path).map((segment) => segment.toLowerCase());
  if (id === undefined) {
    if (request.method === "POST") return create(context, request);
    return { status: 200, body: { value: list(context, request.query.get("$filter") ?? "").map(present) } };
  }
  const group = context.store.get(PREFIX + id);
  if (group === undefined) throw notFound(id);
  const members = stringsAt(group, "members");
  const withMembers = (changed: readonly string[]): ArmResponse => {
    context.store.commit({ put: { [PREFIX + id]: { ...group, members: [...changed] } } });
    return { status: 204 };
  };
  switch (`${request.method} ${part ?? ""}`) {
    case "GET ":
      return { status: 200, body: present(group) };
    case "DELETE ":
      context.store.commit({ delete: [PREFIX + id] });
      return { status: 204 };
    case "GET members": {
      const all = [...principals, ...list(context, "").map(present)];
      return { status: 200, body: { value: all.filter((one) => members.includes(stringAt(one, "id") ?? "")) } };
    }
    case "POST members": {
      const added = (stringAt(jsonBody(request), "@odata.id") ?? "").split("/").at(-1)?.toLowerCase() ?? "";
      const exists = principals.some((one) => stringAt(one, "id") === added) || context.store.get(PREFIX + added);
      if (!exists) throw notFound(added);
      if (members.includes(added)) {
        throw new ArmError(
          400,
          "Request_BadRequest",
          "One or more added object references already exist for the following modified properties: 'members'.",
        );
      }
      return withMembers([...members, added]);
    }
    case "DELETE members":
      return withMembers(members.filter((one) => one !== member));
    default:
      throw new ArmError(400, "Request_BadRequest", `The sandbox has no answer to ${request.method} ${request.path}.`);
  }
}

/** Ids of the groups that somebody is a member of. */
export function groupsOf(context: ArmContext, member: string): string[] {
  return list(context, "")
    .filter((stored) => stringsAt(stored, "members").includes(member.toLowerCase()))
    .map((stored) => stringAt(stored, "group", "id") ?? "");
}

/** The name that a filter asks for: `startswith(displayName,'x')` or `displayName eq 'x'`, in lower case. */
export function startOfName(filter: string): string | undefined {
  return /displayName(?:,| eq )\s*'([^']*)'/i.exec(filter)?.[1]?.toLowerCase();
}

function create(context: ArmContext, request: ArmRequest): ArmResponse {
  const body = jsonBody(request);
  const displayName = stringAt(body, "displayName") ?? "";
  const mailNickname = stringAt(body, "mailNickname") ?? "";
  if (displayName === "" || mailNickname === "") {
    throw new ArmError(400, "Request_BadRequest", "A group needs displayName and mailNickname.");
  }
  const group: JsonObject = {
    "@odata.type": "#microsoft.graph.group",
    id: randomUUID(),
    displayName,
    mailNickname,
    description: stringAt(body, "description") ?? null,
    mailEnabled: false,
    securityEnabled: true,
    createdDateTime: new Date(context.now()).toISOString(),
  };
  context.store.commit({ put: { [`${PREFIX}${stringAt(group, "id") ?? ""}`]: { group, members: [] } } });
  return { status: 201, body: group };
}

function list(context: ArmContext, filter: string): JsonObject[] {
  const wanted = startOfName(filter);
  return context.store
    .list(PREFIX)
    .map(({ value }) => value)
    .filter((stored) => {
      const name = (stringAt(stored, "group", "displayName") ?? "").toLowerCase();
      return wanted === undefined || (/ eq /i.test(filter) ? name === wanted : name.startsWith(wanted));
    });
}

function present(stored: JsonObject): JsonObject {
  return objectAt(stored, "group");
}

function notFound(id: string): ArmError {
  return new ArmError(
    404,
    "Request_ResourceNotFound",
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}
