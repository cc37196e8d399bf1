import { type KubernetesObject } from "../../../../mesh/manifests";

/** What it is, and an object that Kubernetes and istiod take. */
export type Taken = readonly [title: string, object: KubernetesObject];

/** What it is, an object that either refuses, and the only place in it at which we do. */
export type Refused = readonly [title: string, object: KubernetesObject, path: string];
