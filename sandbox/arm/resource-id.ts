/** One `/providers/{namespace}/{type}/{name}/{type}/{name}…` part of a resource id. */
export interface ProviderPart {
  readonly namespace: string;
  readonly types: readonly string[];
  /** As many as types, or one fewer where the path names a collection. */
  readonly names: readonly string[];
}

/** An Azure Resource Manager path, taken apart. Casing is kept as given. */
export interface ResourcePath {
  readonly subscriptionId: string | undefined;
  readonly resourceGroup: string | undefined;
  /** What the last provider part belongs to: "", a subscription, a resource group or another resource. */
  readonly scope: string;
  readonly provider: ProviderPart | undefined;
  /** Segments that follow neither rule, for instance `locations` after a subscription. */
  readonly rest: readonly string[];
}

/** Splits a path into its decoded segments. */
export function segmentsOf(path: string): string[] {
  return path.split("/").filter(Boolean).map(decodeURIComponent);
}

/** Takes an Azure Resource Manager path apart. */
export function parseResourcePath(path: string): ResourcePath {
  const segments = segmentsOf(path);
  const lower = segments.map((segment) => segment.toLowerCase());
  const subscriptionId = lower[0] === "subscriptions" ? segments[1] : undefined;
  const resourceGroup = subscriptionId !== undefined && lower[2] === "resourcegroups" ? segments[3] : undefined;
  const last = lower.lastIndexOf("providers");
  const head = last === -1 ? segments.length : last;
  const consumed = resourceGroup !== undefined ? 4 : subscriptionId !== undefined ? 2 : 0;
  // `/subscriptions/{s}/providers/{ns}` describes the provider itself; types follow only from the third segment on.
  const namespace = last === -1 ? undefined : segments[last + 1];
  if (namespace === undefined) {
    return { subscriptionId, resourceGroup, scope: "", provider: undefined, rest: segments.slice(consumed) };
  }
  const tail = segments.slice(last + 2);
  return {
    subscriptionId,
    resourceGroup,
    scope: segments
      .slice(0, head)
      .map((segment) => `/${segment}`)
      .join(""),
    provider: {
      namespace,
      types: tail.filter((_, index) => index % 2 === 0),
      names: tail.filter((_, index) => index % 2 === 1),
    },
    rest: [],
  };
}

/** `Microsoft.X/a/b` in lower case: how types are compared. */
export function typeKey(part: ProviderPart): string {
  return [part.namespace, ...part.types].join("/").toLowerCase();
}

/** `/providers/{namespace}/{type}/{name}…` of a provider part that names one resource. */
export function providerPath(part: ProviderPart): string {
  return [
    `/providers/${part.namespace}`,
    ...part.types.map((type, index) => {
      const name = part.names[index];
      return name === undefined ? type : `${type}/${name}`;
    }),
  ].join("/");
}
