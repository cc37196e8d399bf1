import { dirname } from "node:path";
import { all, type Output } from "@pulumi/pulumi";
import { Application } from "../components/application";
import { guaranteesOf } from "../mesh/policy";
import { preview } from "../stacks";
import { applicationObjects } from "./application-objects";
import { scaledDeployments } from "./autoscaling";
import { stackCanaries } from "./canaries";
import { applicationOf, type StackDefinition } from "./definition";
import { imagesInPlace } from "./images";
import { lastOutputs } from "./last-outputs";
import { type MeshCluster } from "./mesh-cluster";
import { previewNamespaces } from "./previews/namespaces";
import { type PreviewSettings } from "./previews/settings";
import { decideRollouts, standingAfter } from "./rollouts";
import { type Settings } from "./settings";

/** What a stack's application is deployed with. */
export interface StackApplicationArgs {
  /** Name of the component, and first part of those of its resources. */
  readonly name: string;
  readonly definition: StackDefinition;
  readonly cluster: MeshCluster;
  /** What the stack is a preview of, if it is one. */
  readonly previewed: PreviewSettings | undefined;
  /** Who deploys previews, where the cluster that they share holds that identity to its place. */
  readonly previewIdentity: string | undefined;
  readonly settings: Pick<Settings, "prometheus">;
}

/** Deploys a stack's application: where the stack is a preview, within its bounds. */
export async function stackApplication(args: StackApplicationArgs) {
  const { name, definition, cluster, previewed, previewIdentity, settings } = args;
  const { meshRevision, meshRevisionTag, kubeconfig, migration } = cluster;
  const mesh = meshRevision === undefined ? "osm" : "istio";
  const planned = applicationOf(definition, mesh);
  const { policy = { services: {} }, guarantees = [], front, otherNamespaces } = planned;
  const { workloads, manifests } = applicationObjects(planned, dirname(__dirname));
  const outputs = previewed === undefined ? await lastOutputs() : {};
  const { rollouts, moves } = await decideRollouts({
    ...{ rules: planned.rollouts ?? [], policy: planned.policy, objects: [...workloads, ...manifests], mesh },
    ...{ isPreview: previewed !== undefined, prometheus: settings.prometheus, environment: process.env, outputs },
  });
  // A preview has as many pods as it is written, within its bounds.
  const scaled =
    previewed === undefined
      ? scaledDeployments({
          ...{ rules: planned.autoscaling ?? [], policy: planned.policy },
          objects: [...workloads, ...manifests],
        })
      : [];
  const { canaries, flagger, watched } = stackCanaries({
    ...{ name, rules: planned.canaries ?? [], policy: planned.policy, mesh },
    ...{ definition, cluster, isPreview: previewed !== undefined, outputs },
  });
  const { namespaces, namespaceNames, access, addresses, ...application } = new Application(
    name,
    {
      ...{ workloads, manifests, rollouts, canaries },
      scaledElsewhere: scaled.map(({ namespace, deployment }) => `${namespace}/${deployment}`),
      policy: planned.policy,
      guarantees: guaranteesOf(policy, guarantees),
      front,
      otherNamespaces,
      images: previewed && imagesInPlace(planned, previewed.images),
      mostReplicas: previewed && preview.mostReplicas,
      kubeconfig,
      ...(meshRevision === undefined
        ? { mesh: definition.mesh }
        : { istio: { revision: meshRevision, revisionTag: meshRevisionTag, ...definition.istio } }),
      migration,
      namespaces:
        previewed?.cluster === "shared" ? previewNamespaces(previewed, preview.bounds, previewIdentity) : undefined,
    },
    { ...cluster.options, flagger },
  );
  const frontOutput: Output<string | undefined> | undefined = front === undefined ? undefined : application.front;
  const standing = moves && standingAfter(moves, all([namespaces, addresses]));
  return {
    namespaces,
    namespaceNames,
    access,
    addresses,
    front: frontOutput,
    rollouts: standing,
    canaries: watched,
    scaled,
  };
}
