import {
  formatPropertyPath,
  isPropertyArray,
  isPropertyMap,
  valuesEqual,
  type DiffRequest,
  type DiffResult,
  type PropertyDiff,
  type PropertyDiffKind,
  type PropertyMap,
  type PropertyPath,
  type PropertyValue,
} from "../protocol";
import { createBeforeDelete } from "./autonaming";
import { pathParameters } from "./resource-path";
import { type ResourceType } from "./resource-type";

/** Compares old inputs with new ones, as azure-native does: outputs count only where an input appears that Azure had chosen so already. */
export function diffResource(type: ResourceType, request: DiffRequest): DiffResult {
  const replacing = new Set([...pathParameters(type.path), ...type.replaceOnChanges]);
  const found: [PropertyPath, PropertyDiff][] = [];

  compareMembers(request.oldInputs, request.newInputs, [], false);
  const detailedDiff = Object.fromEntries(found.map(([path, diff]) => [formatPropertyPath(path), diff]));
  const replaces = found.some(([, diff]) => diff.kind.endsWith("-replace"));
  return {
    changes: found.length === 0 ? "none" : "some",
    detailedDiff,
    deleteBeforeReplace: replaces && request.oldInputs[createBeforeDelete] !== true,
  };

  function add(path: PropertyPath, kind: "add" | "delete" | "update", inherited: boolean): void {
    const replace = replacing.has(patternOf(path)) || (kind === "update" && inherited);
    const adopted = kind === "add" && path.length === 1 && isAlreadySo(String(path[0]));
    const full: PropertyDiffKind = replace && !adopted ? `${kind}-replace` : kind;
    found.push([path, { kind: full }]);
  }

  /** Azure filled in what the program now writes down: nothing to replace for. */
  function isAlreadySo(key: string): boolean {
    return request.oldOutputs[key] !== undefined && valuesEqual(request.oldOutputs[key], request.newInputs[key]);
  }

  function compareMembers(before: PropertyMap, after: PropertyMap, path: PropertyPath, inherited: boolean): void {
    const keys = new Set(
      [...Object.keys(before), ...Object.keys(after)].filter((key) => path.length > 0 || isCompared(key)),
    );
    for (const key of keys) compare(presence(before[key]), presence(after[key]), [...path, key], inherited);
  }

  function compare(
    before: PropertyValue | undefined,
    after: PropertyValue | undefined,
    path: PropertyPath,
    inherited: boolean,
  ): void {
    if (before === undefined && after === undefined) return;
    if (before === undefined) return add(path, "add", inherited);
    if (after === undefined) return add(path, "delete", inherited);
    if (valuesEqual(before, after) || isSameLocation(path, before, after)) return;

    const replacesBelow = inherited || replacing.has(patternOf(path));
    if (isPropertyMap(before) && isPropertyMap(after)) return compareMembers(before, after, path, replacesBelow);
    if (isPropertyArray(before) && isPropertyArray(after)) {
      for (let index = 0; index < Math.max(before.length, after.length); index++) {
        compare(before[index], after[index], [...path, index], replacesBelow);
      }
      return;
    }
    add(path, "update", inherited);
  }
}

/** Null stands for nothing. */
function presence(value: PropertyValue | undefined): PropertyValue | undefined {
  return value === null ? undefined : value;
}

/** The provider's own marks among the inputs are no settings. */
function isCompared(key: string): boolean {
  return !key.startsWith("__");
}

/** A path as the table writes it: `agentPoolProfiles[].count`. */
function patternOf(path: PropertyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** "West US 2" and "westus2" are one place. */
function isSameLocation(path: PropertyPath, before: PropertyValue, after: PropertyValue): boolean {
  if (path.length !== 1 || path[0] !== "location" || typeof before !== "string" || typeof after !== "string")
    return false;
  return normaliseLocation(before) === normaliseLocation(after);
}

function normaliseLocation(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}
