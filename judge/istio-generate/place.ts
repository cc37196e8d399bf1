import { type Draw } from "../generate/draw";
import { type Mood } from "../generate/names";
import { namespaces, rootNamespace, serviceNames } from "./names";

/** A namespace, and in it all workloads or those with some labels. */
export interface Place {
  readonly namespace: string;
  readonly selector: { readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> } };
}

/** Where an object of security.istio.io counts: a namespace, or the mesh. */
export function drawPlace(draw: Draw, mood: Mood): Place {
  const selector: Place["selector"] = draw.oneIn(2)
    ? {
        selector: {
          matchLabels: draw.oneIn(4)
            ? { version: draw.pick(["v1", "v2"]) }
            : { app: draw.pick([...serviceNames, ...(mood === "wild" ? ["nobody"] : [])]) },
        },
      }
    : {};
  const namespace = draw.oneIn(6) ? rootNamespace : draw.pick(namespaces);
  return { namespace, selector };
}
