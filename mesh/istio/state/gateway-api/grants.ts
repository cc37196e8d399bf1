import { listAt, textAt } from "../../../manifests/inside";
import { type Reader } from "../../../manifests/reader";
import { type Named, namedOf } from "../named";

/** Lets routes of other namespaces lead to Services of its own. */
export interface ReferenceGrantState extends Named {
  readonly from: readonly { readonly kind: string; readonly namespace: string }[];
  /** Names of Services; undefined for all. */
  readonly to: readonly (string | undefined)[];
}

export function readReferenceGrant(reader: Reader): ReferenceGrantState {
  const spec = Reflect.get(reader.object, "spec");
  return {
    ...namedOf(reader),
    from: listAt(spec, "from").map((one) => ({
      kind: textAt(one, "kind") ?? "",
      namespace: textAt(one, "namespace") ?? "",
    })),
    to: listAt(spec, "to").flatMap((one) => (textAt(one, "kind") === "Service" ? [textAt(one, "name")] : [])),
  };
}
