import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Guarantee } from "../../mesh";
import { type KubernetesObject } from "../../mesh/manifests";
import { type Policy } from "../../mesh/policy";
import { type Flagger } from "../flagger";
import { type AccessMatrix, MeshPolicies, type MeshPoliciesArgs, policiesByKind } from "../mesh-policies";
import { ObjectsInPlace } from "../objects-in-place";
import { transformed } from "../transform";
import { addressesOf, isService } from "./addresses";
import { type ApplicationArgs } from "./args";
import { asFlaggerLeaves, asRollout, leftToFlagger, planCanaries } from "./canaries";
import { canaryResources } from "./canary-resources";
import { frontAddress } from "./front";
import { refuseUnusedImages, withImages } from "./images";
import { meshNamespace } from "./mesh-namespaces";
import { inNamespaces, nameInNamespaces, policyInNamespaces, type Renaming } from "./namespaces";
import { orderOf } from "./order";
import { type Parts, partsOf } from "./parts";
import { asItRuns } from "./pods";
import { ObjectResource } from "./resources";
import { headerRoutesOf, refuseUnequalVersions, splitsOf } from "./rollouts";
import { assertApplicationArgs } from "./validate";

/** Options of {@link Application}. */
export interface ApplicationOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
  /** The Flagger that moves the calls of `canaries`. Default: there is none, nor are there canaries. */
  flagger?: Flagger;
}

/** An application, whole: its namespaces in the mesh, its policies, which are proved first, then what runs. */
export class Application extends pulumi.ComponentResource {
  /** Names of the namespaces, known once they are in the mesh and their policies hold. */
  public readonly namespaces: pulumi.Output<string[]>;
  /** The same names at once, whether they are there or not. */
  public readonly namespaceNames: readonly string[];
  /** Who may call whom, as the analysis of policies and workloads tells. */
  public readonly access: pulumi.Output<AccessMatrix>;
  /**
   * Where the Services answer inside the cluster, such as `http://cart.shop.svc.cluster.local:80`, by their names: `cart`, or
   * `shop/cart` where two namespaces have one of this name.
   */
  public readonly addresses: pulumi.Output<Record<string, string>>;
  /** The address of the front; undefined where none is named. */
  public readonly front: pulumi.Output<string | undefined>;

  constructor(name: string, args: ApplicationArgs, { flagger, ...opts }: ApplicationOptions = {}) {
    // Stacks of the time when this component knew the bookstore alone keep what runs.
    const aliases = [...(opts.aliases ?? []), { type: "aks-mesh:index:Bookstore" }];
    super("aks-mesh:index:Application", name, {}, { ...opts, aliases });
    assertApplicationArgs(args);
    const { provider, deletedWith } = opts;
    const { images = {} } = args;
    const parts = partsOf(args);
    refuseUnusedImages(images, parts.objects);
    const renaming = renamingOf(args, parts);
    const namespaces = [...renaming.namespaces].map((plain) => {
      const manifest = parts.namespaces.find(({ metadata }) => metadata.name === plain);
      return meshNamespace(args, plain, manifest);
    });
    const objects = parts.objects.map((object) =>
      transformed(args.transform?.object, inNamespaces(renaming, withImages(images, asItRuns(args, object)))),
    );

    const addresses = addressesOf(parts.objects, objects);
    const front = frontAddress(args, parts.objects, objects);

    const written = [...parts.osm, ...parts.istio, ...parts.objects];
    const splits = splitsOf(args, written);
    const canaries = planCanaries(args, flagger, renaming, objects, written);
    const policiesArgs: MeshPoliciesArgs = {
      namespaces,
      otherNamespaces: [...new Set([...foreignNamespaces(renaming, parts), ...(args.otherNamespaces ?? [])])],
      containerInsightsNamespaces: args.containerInsights === true ? namespaces.map((one) => one.name) : undefined,
      policy: policyOf(args, renaming),
      guarantees: [...parts.guarantees, ...(args.guarantees ?? [])].map((one) => guaranteeIn(renaming, one)),
      ...policiesByKind([...parts.osm, ...splits].map((object) => inNamespaces(renaming, object))),
      ...(args.istio && { istioObjects: parts.istio.map((object) => inNamespaces(renaming, object)) }),
      mesh: args.mesh,
      istio: args.istio,
      headerRoutes: headerRoutesOf(args.rollouts ?? [], renaming),
      migration: args.migration,
      workloads: { objects: asFlaggerLeaves(canaries, objects).filter(({ kind }) => kind !== "Secret") },
      splitsOfOthers: canaries.map(({ made }) => made),
    };
    refuseUnequalVersions(policiesArgs, args.rollouts ?? [], renaming, "rollouts");
    refuseUnequalVersions(policiesArgs, canaries.map(asRollout), renaming, "canaries");
    const policies = new MeshPolicies(`${name}-policies`, policiesArgs, {
      parent: this,
      provider,
      dependsOn: opts.dependsOn,
      deletedWith,
    });

    const order = orderOf(parts.objects);
    const resources: ObjectResource[] = [];
    /** The resource of an object, after those that it waits for. */
    const make = (place: number): ObjectResource[] => {
      const made = resources[place];
      if (made !== undefined) return [made];
      const [object, plain] = [objects[place], parts.objects[place]];
      if (object === undefined || plain === undefined) return [];
      const dependsOn = [policies, ...(order[place] ?? []).flatMap(make)];
      const { object: declared, ignoreChanges } = leftToFlagger(canaries, object);
      const resource = new ObjectResource(resourceName(name, plain), declared, {
        parent: this,
        provider,
        dependsOn,
        deletedWith: policies.createdNamespace(object.metadata.namespace ?? "") ?? deletedWith,
        aliases: formerNames(name, plain, parts.objects),
        ignoreChanges: isScaledElsewhere(args, plain) ? ["spec.replicas"] : ignoreChanges,
      });
      resources[place] = resource;
      return [resource];
    };
    objects.forEach((_, place) => make(place));
    const ofFlagger = canaryResources(name, flagger, canaries, {
      ...{ parent: this, provider, deletedWith },
      dependsOn: [policies, ...resources],
    });

    if (args.kubeconfig !== undefined) {
      const inPlace = [...policies.objects, ...resources, ...ofFlagger];
      new ObjectsInPlace(
        `${name}-objects-in-place`,
        { kubeconfig: args.kubeconfig, resources: inPlace },
        { parent: this, dependsOn: inPlace, deletedWith },
      );
    }

    this.namespaces = policies.namespaces;
    this.namespaceNames = namespaces.map((one) => one.name);
    this.access = policies.access;
    const services = objects.flatMap((object, place) => (isService(object) ? (resources[place]?.id ?? []) : []));
    const served = pulumi.all(services);
    this.addresses = served.apply(() => addresses);
    this.front = served.apply(() => front);
    this.registerOutputs({
      ...{ namespaces: this.namespaces, access: this.access },
      ...{ addresses: this.addresses, front: this.front },
    });
  }
}

/** The application's own namespaces and Services, and what becomes of their names. */
function renamingOf({ policy, namespaces: { prefix = "" } = {} }: ApplicationArgs, parts: Parts): Renaming {
  const own = Object.entries(policy?.services ?? {}).map(([key, one]) => ({ ...one, service: one.service ?? key }));
  const placed = parts.objects.flatMap(({ metadata: { namespace } }) => namespace ?? []);
  const services = parts.objects
    .filter(isService)
    .map(({ metadata }) => `${metadata.name}.${metadata.namespace ?? ""}`);
  return {
    prefix,
    namespaces: new Set([
      ...own.map(({ namespace }) => namespace),
      ...placed,
      ...parts.namespaces.map(({ metadata }) => metadata.name),
    ]),
    services: new Set([...own.map(({ service, namespace }) => `${service}.${namespace}`), ...services]),
  };
}

/** Namespaces of policies in which nothing of the application runs: somebody else's. */
function foreignNamespaces({ namespaces }: Renaming, { osm, istio }: Parts): string[] {
  const named = [...osm, ...istio].map(({ metadata }) => metadata.namespace);
  return [...new Set(named)].filter((namespace) => !namespaces.has(namespace));
}

/** The policy where it is deployed. What it does not say of the mesh as a whole is as the mesh is set. */
function policyOf({ policy, mesh, istio }: ApplicationArgs, renaming: Renaming): Policy | undefined {
  if (policy === undefined) return undefined;
  return {
    ...policyInNamespaces(renaming, policy),
    mode: policy.mode ?? (mesh?.permissiveMode === true ? "permissive" : "strict"),
    openEgress: policy.openEgress ?? (istio === undefined ? mesh?.egress : istio.settings?.egress),
  };
}

function guaranteeIn(renaming: Renaming, guarantee: Guarantee): Guarantee {
  const { from, to } = guarantee;
  return {
    ...guarantee,
    from: from.map((one) => nameInNamespaces(renaming, one)),
    to: nameInNamespaces(renaming, to),
  };
}

function isScaledElsewhere({ scaledElsewhere = [] }: ApplicationArgs, { kind, metadata }: KubernetesObject): boolean {
  return kind === "Deployment" && scaledElsewhere.includes(`${metadata.namespace ?? ""}/${metadata.name}`);
}

/** The name of an object's resource, the same whatever its namespace is called where it is deployed. */
function resourceName(application: string, { metadata: { name, namespace } }: KubernetesObject): string {
  return [application, ...(namespace === undefined ? [] : [namespace]), name].join("-");
}

/** How the resource was named before namespaces were part of names. */
function formerNames(application: string, { kind, metadata }: KubernetesObject, all: readonly KubernetesObject[]) {
  const alike = all.filter((other) => other.kind === kind && other.metadata.name === metadata.name);
  return alike.length > 1 ? [] : [{ name: `${application}-${metadata.name}` }];
}
