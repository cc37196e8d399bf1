import { revisionLabel } from "../injection";
import { textAt } from "../../manifests/inside";
import { type Reader } from "../../manifests/reader";

/** The label of what `istioctl tag set` makes: the tag that stands for the revision in {@link revisionLabel}. */
export const tagLabel = "istio.io/tag";

/** A webhook that gives pods a sidecar: of a revision, or of a tag that stands for one. */
export interface InjectorState {
  readonly revision: string;
  /** Undefined for the revision's own. */
  readonly tag: string | undefined;
}

/** An injector of Istio as its labels name it, which istiod itself goes by (pkg/revisions/tag_watcher.go); undefined for another webhook. */
export function readInjector({ object }: Reader): InjectorState | undefined {
  const label = (key: string): string | undefined => textAt(object, "metadata", "labels", key);
  const revision = label(revisionLabel);
  if (object.apiVersion !== "admissionregistration.k8s.io/v1" || revision === undefined) return undefined;
  return { revision, tag: label(tagLabel) };
}
