import { type KubernetesObject } from "./api-client";

/** An object and the path of the API where it belongs. */
export interface PlacedObject {
  readonly path: string;
  readonly object: KubernetesObject;
}
