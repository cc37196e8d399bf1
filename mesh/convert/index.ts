import { type Manifests } from "../manifests";
import { type AccountKey } from "../cluster/keys";
import { istioMesh } from "../istio";
import { osmMesh, type OsmMesh } from "../osm";
import { type Conversion, type ConvertOptions, convertToIstio } from "./convert";
import { withEveryBackend } from "./every-backend";
import { migrated } from "./migrated";
import { type Proof, proveBack } from "./proof";
import { type Refusal } from "./routing";

export type { Refusal };

export { approximationText, type Choice, type Conversion, type ConvertOptions } from "./convert";
export { labelled, migrated } from "./migrated";
export { equalExtent, type Proof, proveBack } from "./proof";

/** A conversion, and the mesh that it is of. */
export interface Converted extends Conversion {
  readonly mesh: OsmMesh;
}

/** The revision that namespaces are given for the proof, where nobody names one: which one it is changes nothing in it. */
export const anyRevision = "asm-1-30";

/** Compares the mesh that manifests are of with what the conversion makes of them. */
export function proofOf(manifests: Manifests, converted: Converted, revision = anyRevision): Proof {
  const { mesh } = converted;
  const after = istioMesh({ objects: migrated(manifests.objects, mesh, converted, revision) });
  return proveBack(mesh, after, equalityOf(converted).accounts);
}

/** What a conversion does not claim to be equal: the whole, or some accounts. */
export function equalityOf({ open, chosen, refused }: Conversion): {
  /** The first thing without a counterpart that is of no account. */
  readonly whole: Refusal | undefined;
  readonly accounts: ReadonlySet<AccountKey>;
} {
  return {
    whole: refused.find(({ account }) => account === undefined),
    accounts: new Set(
      [...open, ...chosen.filter(({ choice }) => choice !== "exact"), ...refused].flatMap(
        ({ account }) => account ?? [],
      ),
    ),
  };
}

/** Istio's objects for what OSM makes of manifests. */
export function convertManifests(manifests: Manifests, options: Omit<ConvertOptions, "answering"> = {}): Converted {
  const mesh = osmMesh(manifests);
  const answering = withEveryBackend(mesh, manifests.objects);
  return { mesh, ...convertToIstio(mesh, { ...options, answering }) };
}
