import { type CallRequest } from "./request";
import { isClaim } from "./token-claims";

/** What a proxy makes of a request before it passes it on. */
export interface RequestChange {
  /** Undefined where it stays. */
  readonly path: PathChange | undefined;
  /** The Host header that it has then; undefined where it stays. */
  readonly authority: string | undefined;
  /** Headers by name in lower case, with the one value that they have then; undefined for one that is taken off. */
  readonly headers: ReadonlyMap<string, string | undefined>;
  /** Whether its token is taken off. Default: it stays. */
  readonly withoutToken?: boolean;
}

/** Another path, with the query that the request had. One of which nothing would be left is `/`. */
export interface PathChange {
  /** How many of the first characters go. */
  readonly replaced: number | "all";
  /** What comes in their place. */
  readonly by: string;
}

/** A request as it is passed on. */
export function changedRequest(request: CallRequest, change: RequestChange): CallRequest {
  const { path, authority, headers, withoutToken = false } = change;
  const stays = (name: string): boolean => (isClaim(name) ? !withoutToken : !headers.has(name.toLowerCase()));
  const kept = Object.entries(request.headers ?? {}).filter(([name]) => stays(name));
  const set = [...headers].flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
  return {
    ...request,
    ...(path !== undefined && { path: changedPath(request.path ?? "/", path) }),
    ...(authority !== undefined && { host: authority }),
    ...((headers.size > 0 || withoutToken) && { headers: Object.fromEntries([...kept, ...set]) }),
  };
}

function changedPath(full: string, { replaced, by }: PathChange): string {
  const cut = full.search(/[?#]/);
  const path = cut < 0 ? full : full.slice(0, cut);
  const changed = replaced === "all" ? by : `${by}${path.slice(replaced)}`;
  return `${changed === "" ? "/" : changed}${full.slice(path.length)}`;
}

/** Whether anything becomes another. */
export function isChange({ path, authority, headers, withoutToken }: RequestChange): boolean {
  return path !== undefined || authority !== undefined || headers.size > 0 || withoutToken === true;
}

/** Equal for changes that make the same of every request. */
export function changeKey({ path, authority, headers, withoutToken = false }: RequestChange): string {
  return JSON.stringify([
    path === undefined ? null : [path.replaced, path.by],
    authority ?? null,
    Array.from(headers, ([name, value]) => [name, value ?? null]).sort(),
    withoutToken,
  ]);
}

/** What is changed, such as `the path and the header x-team`. */
export function describeChange({ path, authority, headers, withoutToken }: RequestChange): string {
  return [
    ...(path === undefined ? [] : ["the path"]),
    ...(authority === undefined ? [] : ["the Host"]),
    ...Array.from(headers.keys(), (name) => `the header ${name}`),
    ...(withoutToken === true ? ["the token"] : []),
  ].join(" and ");
}
