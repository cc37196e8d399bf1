import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { jsonBody } from "../http";
import { stringAt } from "../json";
import { typeKey } from "../resource-id";
import apiVersionsJson from "./api-versions.json";
import { findResource } from "./resources";

/** Before this, Azure Resource Manager had no API. */
const FIRST = "2014-01-01";

/** The API versions of each type, the newest first. */
const apiVersions: Readonly<Record<string, readonly string[]>> = apiVersionsJson;

const byTypeKey = new Map(Object.entries(apiVersions).map(([type, versions]) => [type.toLowerCase(), versions]));

/** The API versions of a type, `Microsoft.X/a/b`, the newest first; undefined where the emulator has no list. */
export function apiVersionsOf(type: string): readonly string[] | undefined {
  return byTypeKey.get(type.toLowerCase());
}

/**
 * An api-version is a date, perhaps of a preview.
 *
 * @throws ArmError 400 InvalidApiVersionParameter.
 */
export function requireApiVersion(apiVersion: string, now: number): void {
  const date = /^(\d{4}-\d{2}-\d{2})(?:-(?:alpha|beta|preview|privatepreview))?$/i.exec(apiVersion)?.[1];
  const today = new Date(now).toISOString().slice(0, 10);
  if (date !== undefined && !Number.isNaN(Date.parse(date)) && date >= FIRST && date <= today) return;
  throw new ArmError(
    400,
    "InvalidApiVersionParameter",
    `The api-version '${apiVersion}' is invalid. The supported versions are dates from '${FIRST}' to '${today}', such as '2025-05-01' or '2025-05-02-preview'.`,
  );
}

/**
 * A type is served in the versions that it has. The list is as old as the SDK that it comes from and leaves out what Azure
 * retires, so that only what lies between its ends is refused: a newer version may have come, an older one may still be there.
 *
 * @throws ArmError 400 NoRegisteredProviderFound where the resource has a location, otherwise 404 InvalidResourceType.
 */
export function requireVersionOfType(context: ArmContext, request: ResourceRequest): void {
  const { provider } = request.resource;
  if (provider === undefined || provider.types.length === 0) return;
  const versions = byTypeKey.get(typeKey(provider));
  const version = request.apiVersion.toLowerCase();
  if (versions === undefined || versions.includes(version)) return;
  const [newest = "", oldest = ""] = [versions.at(0), versions.at(-1)];
  if (version > newest || version < oldest) return;
  const type = provider.types.join("/");
  const supported = `The supported api-versions are '${versions.join(", ")}'.`;
  const asked = request.method === "PUT" ? stringAt(jsonBody(request), "location") : undefined;
  const location = asked ?? stringAt(findResource(context, request.path), "location");
  if (location !== undefined) {
    throw new ArmError(
      400,
      "NoRegisteredProviderFound",
      `No registered resource provider found for location '${location.replaceAll(" ", "").toLowerCase()}' and API version '${request.apiVersion}' for type '${type}'. ${supported}`,
    );
  }
  throw new ArmError(
    404,
    "InvalidResourceType",
    `The resource type '${type}' could not be found in the namespace '${provider.namespace}' for api version '${request.apiVersion}'. ${supported}`,
  );
}
