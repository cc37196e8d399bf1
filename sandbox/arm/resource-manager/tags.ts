import { type ArmContext, type ResourceHandler, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { type ArmResponse, jsonBody } from "../http";
import { type JsonObject, objectAt, stringAt } from "../json";
import { typeKey } from "../resource-id";
import { findResource, requireSubscription, resourceKey, resourcesBelow } from "./resources";

const MAX_TAGS = 50;
const NAMES = "tagname:";

/** Tags: of one resource, group or the subscription (`Microsoft.Resources/tags/default`), and the subscription's tag names. */
export const tagsHandler: ResourceHandler = (context, request) => {
  const part = request.resource.provider;
  if (
    part !== undefined &&
    typeKey(part) === "microsoft.resources/tags" &&
    part.names[0]?.toLowerCase() === "default"
  ) {
    return tagsAt(context, request);
  }
  const match = /^\/subscriptions\/[^/]+\/tagnames(?:\/([^/]+)(?:\/tagvalues\/([^/]+))?)?\/?$/i.exec(request.path);
  if (match === null) return undefined;
  const subscriptionId = requireSubscription(context, request.resource);
  const [name, value] = [match[1], match[2]].map((text) => (text === undefined ? undefined : decodeURIComponent(text)));
  return tagNames(context, request.method, subscriptionId, name, value);
};

function tagsAt(context: ArmContext, request: ResourceRequest): ArmResponse | undefined {
  const { scope } = request.resource;
  requireSubscription(context, request.resource);
  const subscription = /^\/subscriptions\/[^/]+$/i.test(scope);
  const key = subscription ? `tags:${scope.toLowerCase()}` : resourceKey(scope);
  const owner = subscription ? (context.store.get(key) ?? { id: scope }) : findResource(context, scope);
  if (owner === undefined) {
    throw new ArmError(404, "ResourceNotFound", `The Resource '${scope}' was not found: it has no tags.`);
  }
  const current = objectAt(owner, "tags");
  const answer = (tags: JsonObject): ArmResponse => ({
    status: 200,
    body: {
      id: `${stringAt(owner, "id") ?? scope}/providers/Microsoft.Resources/tags/default`,
      name: "default",
      type: "Microsoft.Resources/tags",
      properties: { tags },
    },
  });
  const write = (tags: JsonObject): ArmResponse => {
    if (Object.keys(tags).length > MAX_TAGS) {
      throw new ArmError(
        400,
        "InvalidTagsCount",
        `The number of tags on '${scope}' would be ${Object.keys(tags).length}: at most ${MAX_TAGS} are allowed.`,
      );
    }
    context.store.commit({ put: { [key]: { ...owner, tags } } });
    return answer(tags);
  };
  switch (request.method) {
    case "GET":
      return answer(current);
    case "PUT":
      return write(objectAt(jsonBody(request), "properties", "tags"));
    case "PATCH": {
      const body = jsonBody(request);
      return write(patched(current, objectAt(body, "properties", "tags"), stringAt(body, "operation") ?? ""));
    }
    case "DELETE":
      write({});
      return { status: 200 };
    default:
      return undefined;
  }
}

function patched(current: JsonObject, tags: JsonObject, operation: string): JsonObject {
  switch (operation.toLowerCase()) {
    case "merge":
      return { ...current, ...tags };
    case "replace":
      return tags;
    case "delete":
      return Object.fromEntries(Object.entries(current).filter(([name, value]) => tags[name] !== value));
    default:
      throw new ArmError(
        400,
        "InvalidRequestContent",
        `The operation '${operation}' on tags is none of Merge, Replace and Delete.`,
      );
  }
}

/** Predefined names and values of the subscription, and those that its resources have. */
function tagNames(
  context: ArmContext,
  method: string,
  subscriptionId: string,
  name: string | undefined,
  value: string | undefined,
): ArmResponse | undefined {
  const used = [
    ...resourcesBelow(context, `/subscriptions/${subscriptionId}/resourceGroups`).flatMap((resource) =>
      Object.entries(objectAt(resource, "tags")),
    ),
  ];
  const describeValue = (tag: string, text: string): JsonObject => ({
    id: `/subscriptions/${subscriptionId}/tagNames/${tag}/tagValues/${text}`,
    tagValue: text,
    count: { type: "Total", value: used.filter(([other, has]) => other === tag && has === text).length },
  });
  const describe = (tag: string): JsonObject => {
    const predefined = Object.keys(objectAt(context.store.get(NAMES + tag.toLowerCase()), "values"));
    const carried = used
      .filter(([other]) => other === tag)
      .flatMap(([, has]) => (typeof has === "string" ? [has] : []));
    return {
      id: `/subscriptions/${subscriptionId}/tagNames/${tag}`,
      tagName: tag,
      count: { type: "Total", value: carried.length },
      values: [...new Set([...predefined, ...carried])].map((text) => describeValue(tag, text)),
    };
  };
  if (name === undefined) {
    if (method !== "GET") return undefined;
    const predefined = context.store.list(NAMES).map(({ value: record }) => stringAt(record, "name") ?? "");
    const names = [...new Set([...predefined, ...used.map(([tag]) => tag)])];
    return { status: 200, body: { value: names.map(describe) } };
  }
  const key = NAMES + name.toLowerCase();
  const existing = context.store.get(key);
  const values = objectAt(existing, "values");
  switch (method) {
    case "PUT":
      if (value !== undefined && existing === undefined) {
        throw new ArmError(404, "TagNotFound", `The tag '${name}' could not be found: create it before its values.`);
      }
      context.store.commit({
        put: { [key]: { name, values: value === undefined ? values : { ...values, [value]: true } } },
      });
      return {
        status: existing === undefined || (value !== undefined && values[value] === undefined) ? 201 : 200,
        body: value === undefined ? describe(name) : describeValue(name, value),
      };
    case "DELETE":
      if (existing === undefined || (value !== undefined && values[value] === undefined)) return { status: 204 };
      if (value === undefined && Object.keys(values).length > 0) {
        throw new ArmError(409, "TagHasValues", `The tag '${name}' has values: delete them first.`);
      }
      if (value === undefined) context.store.commit({ delete: [key] });
      else {
        const left = Object.fromEntries(Object.entries(values).filter(([text]) => text !== value));
        context.store.commit({ put: { [key]: { name, values: left } } });
      }
      return { status: 200 };
    default:
      return undefined;
  }
}
