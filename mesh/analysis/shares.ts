/** Least and most of something's share, where what is not defined decides between them. */
interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Of each Service that may answer, `namespace/name`, its share of the calls. */
export type Shares = ReadonlyMap<string, Bounds>;

/** Nothing answers. */
export const noShares: Shares = new Map();

/** One Service answers every call. */
export function whole(backend: string | undefined): Shares {
  return backend === undefined ? noShares : new Map([[backend, { least: 1, most: 1 }]]);
}

/** Shares of a choice by weights. */
export function weighted(branches: readonly { readonly weight: number; readonly shares: Shares }[]): Shares {
  const total = branches.reduce((sum, { weight }) => sum + weight, 0);
  const found = new Map<string, Bounds>();
  if (total === 0) return found;
  for (const { weight, shares } of branches) {
    for (const [backend, { least, most }] of shares) {
      const known = found.get(backend) ?? { least: 0, most: 0 };
      found.set(backend, {
        least: known.least + (least * weight) / total,
        most: known.most + (most * weight) / total,
      });
    }
  }
  return found;
}

/** Shares where any of several may be so. */
export function anyOf(possible: readonly Shares[]): Shares {
  const names = new Set(possible.flatMap((shares) => [...shares.keys()]));
  return new Map(
    Array.from(names, (name): [string, Bounds] => {
      const bounds = possible.map((shares) => shares.get(name) ?? { least: 0, most: 0 });
      return [
        name,
        {
          least: Math.min(...bounds.map(({ least }) => least)),
          most: Math.max(...bounds.map(({ most }) => most)),
        },
      ];
    }),
  );
}

/** Shares by name; null for one that what is not defined decides, such as the order of routes. */
export function definedShares(shares: Shares): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    [...shares]
      .filter(([, { most }]) => most > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { least, most }]) => [name, round(most) === round(least) ? round(most) : null]),
  );
}

/** Floating point leaves dust such as 0.30000000000000004. */
function round(share: number): number {
  return Math.round(share * 1e9) / 1e9;
}
