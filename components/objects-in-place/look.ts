import { type ApiRequest } from "../open-service-mesh/wait-for-mesh";

/** An object that should be in the cluster. */
export interface ExpectedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for kinds without a namespace. */
  readonly namespace?: string;
  readonly name: string;
}

/** The last part of a kind's path in the API. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/(?:[^aeiou]y)$/.test(lower)) return `${lower.slice(0, -1)}ies`;
  return /(?:s|x|ch|sh)$/.test(lower) ? `${lower}es` : `${lower}s`;
}

/** Path of the list that an object is in. */
function listPath({ apiVersion, kind, namespace }: ExpectedObject): string {
  const root = apiVersion.includes("/") ? "/apis" : "/api";
  return `${root}/${apiVersion}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${pluralOf(kind)}`;
}

/** Names are all that is looked at: what a Secret holds stays in the cluster. */
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/**
 * The objects that the cluster does not have, as `Kind namespace/name`. One request for each kind and namespace, the first of
 * them alone: it logs in, and requests that begin together would each run the login command.
 *
 * @throws Error where the API server does not answer a list.
 */
export async function missingObjects(
  request: ApiRequest,
  expected: readonly ExpectedObject[],
): Promise<readonly string[]> {
  const wanted = new Map<string, ExpectedObject[]>();
  for (const object of expected) {
    const path = listPath(object);
    wanted.set(path, [...(wanted.get(path) ?? []), object]);
  }
  const missingIn = async ([path, objects]: [string, ExpectedObject[]]): Promise<readonly string[]> => {
    const { status, body } = await request("GET", path, undefined, metadataOnly);
    // A namespace or a kind that is gone has no objects.
    if (status !== 200 && status !== 404) {
      throw new Error(`The API server answered ${String(status)} to GET ${path}.`);
    }
    // An empty list of names is null: the API server writes a Go slice that was never filled.
    const items = status === 404 ? null : (body as { items: { metadata: { name: string } }[] | null }).items;
    const there = new Set(items?.map(({ metadata }) => metadata.name));
    return objects
      .filter(({ name }) => !there.has(name))
      .map(({ kind, namespace, name }) => `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`);
  };
  const [first, ...rest] = wanted;
  if (first === undefined) return [];
  const missing = [await missingIn(first), ...(await Promise.all(rest.map(missingIn)))];
  return missing.flat().sort();
}
