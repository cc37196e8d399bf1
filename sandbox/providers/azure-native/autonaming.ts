import { createHash, randomBytes } from "node:crypto";
import { type CheckRequest, type PropertyMap, type PropertyValue } from "../protocol";
import { type ResourceType } from "./resource-type";

/** Among the inputs: the name is random, so that a replacement may be created before its predecessor is deleted. */
export const createBeforeDelete = "__createBeforeDelete";

/** The inputs that give a resource its name, where the program gives none; empty where autonaming is off or there is no rule. */
export function autoname(type: ResourceType, request: CheckRequest): PropertyMap {
  const rule = type.autoname;
  if (rule === undefined || isGiven(request.newInputs[rule.input])) return {};

  const oldName = request.oldInputs[rule.input];
  if (isGiven(oldName)) {
    return {
      [rule.input]: oldName,
      ...(request.oldInputs[createBeforeDelete] === true ? { [createBeforeDelete]: true } : {}),
    };
  }

  const { autonaming } = request;
  if (autonaming?.mode === "disable") return {};
  // A proposal is a pattern for names; it cannot make a UUID.
  if (autonaming?.mode === "enforce" || (autonaming?.mode === "propose" && rule.strategy !== "uuid")) {
    return { [rule.input]: autonaming.proposedName, [createBeforeDelete]: true };
  }
  const digits = randomDigits(request.randomSeed);
  switch (rule.strategy) {
    case "copy":
      return { [rule.input]: request.name };
    case "random":
      return { [rule.input]: `${request.name}${digits.slice(0, 8)}`, [createBeforeDelete]: true };
    case "uuid":
      return { [rule.input]: formatUuid(digits), [createBeforeDelete]: true };
  }
}

function isGiven(value: PropertyValue | undefined): value is PropertyValue {
  return value !== undefined && value !== null;
}

/** 32 hexadecimal digits: the same for the same seed, so that a saved plan and its execution agree. */
function randomDigits(seed: Uint8Array): string {
  if (seed.length === 0) return randomBytes(16).toString("hex");
  return createHash("sha256").update(seed).digest("hex").slice(0, 32);
}

function formatUuid(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
