import { ArmError } from "../errors";

/** Before this, Azure Resource Manager had no API. */
const FIRST = "2014-01-01";

/**
 * An api-version is a date, perhaps of a preview. The emulator takes every date on which there may have been one: it has no list of
 * each type's versions.
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
