import { difference, hasText, intersection, type Language, languageOf, pathsBeforeReplacing } from "../regex/language";
import { normalPathPattern, type PathNormalization } from "./path-normalization";
import { type PathChange, type RequestChange } from "./request-change";
import { everyPath, everyRequest, type RequestBox, type RequestSet } from "./request-set";
import { isClaim } from "./token-claims";

/**
 * The requests that are of a set once they are changed.
 *
 * @throws {TooComplexError}
 */
export function requestsBefore(change: RequestChange, after: RequestSet): RequestSet {
  return after.flatMap((box) => boxBefore(change, box) ?? []);
}

function boxBefore(change: RequestChange, box: RequestBox): RequestBox | undefined {
  const { path, headers, withoutToken = false } = change;
  for (const [name, value] of headers) {
    const asked = box.headers.get(name);
    if (asked === undefined) continue;
    if (value === undefined ? !asked.absent : !hasText(asked.values, value)) return undefined;
  }
  if (withoutToken && [...box.headers].some(([name, { absent }]) => isClaim(name) && !absent)) return undefined;
  const isFree = (name: string): boolean => headers.has(name) || (withoutToken && isClaim(name));
  const stays = headers.size === 0 && !withoutToken;
  const rest = stays ? box.headers : new Map([...box.headers].filter(([name]) => !isFree(name)));
  if (path === undefined) return { ...box, headers: rest };
  const before = pathsBefore(path, box.path);
  return before.isEmpty ? undefined : { methods: box.methods, path: before, headers: rest };
}

function pathsBefore({ replaced, by }: PathChange, after: Language): Language {
  if (replaced !== "all") return intersection(everyPath(), pathsBeforeReplacing(after, replaced, by));
  return hasText(after, by === "" ? "/" : by) ? everyPath() : difference(after, after);
}

const anything = "(?s:.*)";

/**
 * The requests whose path a change takes out of the form that sidecars give to paths, so that the next one changes it again: sets of requests
 * behind the change tell nothing of them.
 *
 * @throws {TooComplexError}
 */
export function requestsLeavingForm({ path }: RequestChange, form: PathNormalization): RequestSet {
  if (path === undefined) return [];
  const pattern = normalPathPattern[form];
  const normal = pattern === undefined ? everyPath() : languageOf(pattern);
  const leaving = pathsBefore(path, difference(languageOf(anything), normal));
  return leaving.isEmpty ? [] : everyRequest().map((box) => ({ ...box, path: leaving }));
}
