import { isJsonObject } from "./json";
import {
  unknown,
  type CheckFailure,
  type CheckRequest,
  type CheckResult,
  type PropertyMap,
  type PropertyValue,
} from "../protocol";
import { autoname } from "./autonaming";
import { type Translation } from "./body";
import { pathParameters } from "./resource-path";
import { resourceSchema } from "./schema/schema";
import { type Session } from "./session";
import { validateObject } from "./validation";

/** Locations of resource groups, so that each is asked for once. */
export type LocationCache = Map<string, string>;

/** Fills in name and location, and checks the inputs against what the SDK declares. */
export async function checkResource(
  session: Session,
  locations: LocationCache,
  { type, schema }: Translation,
  request: CheckRequest,
  signal: AbortSignal,
): Promise<CheckResult> {
  const given = { ...withoutMissing(request.newInputs), ...autoname(type, request) };
  const location = await defaultLocation(
    session,
    locations,
    schema.inputs.properties,
    given,
    request.oldInputs,
    signal,
  );
  const inputs: PropertyMap = location === undefined ? given : { ...given, location };

  const failures: CheckFailure[] = validateObject(inputs, schema.inputs);
  for (const name of pathParameters(type.path)) {
    if (inputs[name] === undefined && !failures.some((failure) => failure.property === name)) {
      failures.push({ property: name, reason: `missing required property '${name}'` });
    }
  }
  if (type.locationRequired === true && inputs["location"] === undefined) {
    failures.push({
      property: "location",
      reason:
        "missing required property 'location'. Either set it explicitly or configure it with " +
        "'pulumi config set azure-native:location <value>'.",
    });
  }
  return { inputs, failures };
}

function withoutMissing(inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== null));
}

/** The location that a resource gets when its program gives none: as before, as configured, or that of its resource group. */
async function defaultLocation(
  session: Session,
  locations: LocationCache,
  declared: Readonly<Record<string, string>>,
  inputs: PropertyMap,
  oldInputs: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyValue | undefined> {
  if (declared["location"] === undefined || inputs["location"] !== undefined) return undefined;
  if (oldInputs["location"] !== undefined) return oldInputs["location"];
  if (session.configuration.location !== "") return session.configuration.location;
  const group = inputs["resourceGroupName"];
  if (group === unknown) return unknown;
  if (typeof group !== "string") return undefined;
  const known = locations.get(group) ?? (await readGroupLocation(session, group, signal));
  if (known !== undefined) locations.set(group, known);
  return known;
}

async function readGroupLocation(session: Session, group: string, signal: AbortSignal): Promise<string | undefined> {
  const { client } = await session.connect(signal);
  const { apiVersion } = resourceSchema("azure-native:resources:ResourceGroup");
  const url = `/subscriptions/${session.subscriptionId()}/resourceGroups/${encodeURIComponent(group)}?api-version=${apiVersion}`;
  const { body } = await client.send({ method: "GET", url, signal });
  const location = isJsonObject(body) ? body["location"] : undefined;
  return typeof location === "string" ? location : undefined;
}
