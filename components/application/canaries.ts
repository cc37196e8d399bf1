import { RunError } from "@pulumi/pulumi";
import {
  type Canary,
  type CanaryMetric,
  flaggerVersion,
  type MetricTemplate,
  selectorLabels,
} from "../../mesh/flagger/kinds";
import { type CanaryTarget, madeByFlagger, type MadeByFlagger, versionsOf } from "../../mesh/flagger/made";
import { isJsonObject, type KubernetesObject } from "../../mesh/manifests";
import { listAt, numberAt, textAt, valueAt } from "../../mesh/manifests/inside";
import { didYouMean } from "../../mesh/manifests/near-names";
import { podTemplateOf } from "../../mesh/manifests/pod-template";
import { type Flagger } from "../flagger";
import { isPlain } from "../mesh-policies/known";
import { schemeOf } from "./addresses";
import { type ApplicationArgs, type ApplicationCanary, type ApplicationRollout } from "./args";
import { renamed, type Renaming } from "./namespaces";
import { splitRoots } from "./rollouts";

/** A Service that Flagger takes over, with what it is told and what becomes of it. */
export interface CanaryPlan {
  readonly namespace: string;
  readonly service: string;
  readonly canary: Canary;
  readonly templates: readonly MetricTemplate[];
  readonly made: MadeByFlagger;
  /** Flagger is to give it back. */
  readonly leaving: boolean;
}

/** The longest name that leaves room for `-primary`. */
const longestName = 63 - "-primary".length;

/** Annotation by which Pulumi does not wait for pods: Flagger does, which has none of them between two versions. */
const skipAwait = { "pulumi.com/skipAwait": "true" };

/**
 * What is planned of Services whose weights Flagger moves.
 *
 * @param objects what runs, where it is deployed.
 * @param written what may have weights besides: TrafficSplits, Istio's objects, Canaries.
 * @throws RunError that names each that cannot be meant, and what to write.
 */
export function planCanaries(
  args: Pick<ApplicationArgs, "canaries" | "rollouts" | "policy" | "migration" | "scaledElsewhere">,
  flagger: Flagger | undefined,
  renaming: Renaming,
  objects: readonly KubernetesObject[],
  written: readonly KubernetesObject[],
): readonly CanaryPlan[] {
  const { canaries = [], migration } = args;
  if (canaries.length === 0) return [];
  if (flagger === undefined) {
    throw new RunError(
      "canaries: there is no Flagger to move their calls; write the option flagger: new Flagger(…) too.",
    );
  }
  if (migration !== undefined) {
    throw new RunError(
      "canaries: Flagger writes the splits of one mesh, and the cluster is on its way to another; let them leave before (leaving: true), and take them out until it has arrived.",
    );
  }
  const taken = weightsOfOthers(args, written);
  const problems: string[] = [];
  const plans = canaries.flatMap((one, index): CanaryPlan[] => {
    const place = `canaries[${String(index)}]`;
    const other = canaries.findIndex(
      ({ namespace, service }) => namespace === one.namespace && service === one.service,
    );
    if (other < index) {
      problems.push(
        `${place}.service: canaries[${String(other)}] is of ${one.namespace}/${one.service}, too; keep one.`,
      );
      return [];
    }
    const owner = taken.get(`${one.namespace}/${one.service}`);
    if (owner !== undefined) {
      problems.push(
        `${place}: ${owner}, and the weights of ${one.namespace}/${one.service} are Flagger's: one of the two has to go.`,
      );
    }
    const deployment = `${one.namespace}/${one.deployment ?? one.service}`;
    if (args.scaledElsewhere?.includes(deployment) === true) {
      problems.push(
        `${place}.deployment: others set how many pods ${deployment} has, and so does Flagger: one of the two has to go.`,
      );
    }
    const found = targetOf({ ...one, namespace: renamed(renaming, one.namespace) }, objects);
    if (!("target" in found)) {
      problems.push(...found.problems.map((problem) => `${place}${problem}`));
      return [];
    }
    return [planOf(one, found.target, flagger, objects)];
  });
  if (problems.length > 0) throw new RunError(problems.join("\n"));
  return plans;
}

/** Who else has the weights of a Service, or sends calls to it as one of two versions: by `namespace/name`, as a sentence. */
function weightsOfOthers(
  { rollouts = [], policy }: Pick<ApplicationArgs, "rollouts" | "policy">,
  written: readonly KubernetesObject[],
): ReadonlyMap<string, string> {
  const taken = new Map(splitRoots(policy, written));
  for (const { namespace, root, stable, canary } of rollouts) {
    for (const service of [root, stable, canary]) {
      taken.set(`${namespace}/${service}`, `the rollout of ${namespace}/${root} has ${service}`);
    }
  }
  for (const { kind, metadata } of written) {
    if (kind !== "VirtualService" && kind !== "DestinationRule") continue;
    const { namespace = "", name } = metadata;
    taken.set(`${namespace}/${name}`, `there is the ${kind} ${namespace}/${name}`);
  }
  return taken;
}

type Found = { readonly target: CanaryTarget } | { readonly problems: readonly string[] };

/** The Service and the Deployment of a canary, or what speaks against it, each with the property's path. */
function targetOf(canary: ApplicationCanary, objects: readonly KubernetesObject[]): Found {
  const { namespace, service: name, deployment: deploymentName = name } = canary;
  const inPlace = objects.filter(({ metadata }) => metadata.namespace === namespace);
  const service = inPlace.find((one) => one.kind === "Service" && one.metadata.name === name);
  const deployment = inPlace.find((one) => one.kind === "Deployment" && one.metadata.name === deploymentName);
  if (service === undefined) return { problems: [missing(".service", "Service", name, inPlace)] };
  if (deployment === undefined) return { problems: [missing(".deployment", "Deployment", deploymentName, inPlace)] };
  const unknown = [service, deployment].find((one) => !isPlain(one));
  if (unknown !== undefined) {
    return {
      problems: [
        `: ${unknown.kind} ${namespace}/${unknown.metadata.name} has parts that are not known before the engine runs; write plain values, as Flagger's objects are made of them.`,
      ],
    };
  }
  const problems: string[] = [];
  const ports = listAt(service, "spec", "ports");
  if (ports.length !== 1) {
    problems.push(
      `.service: ${namespace}/${name} has ${String(ports.length)} ports, and Flagger keeps one; make another Service for the others.`,
    );
  }
  const [port] = ports;
  if (port !== undefined && !["http", "grpc"].includes(schemeOf(port))) {
    problems.push(
      `.service: its port speaks ${schemeOf(port)}, and what is counted of a new version are requests; write appProtocol: "http" where it is HTTP, or leave its canary out.`,
    );
  }
  if (textAt(service, "spec", "clusterIP") === "None") {
    problems.push(`.service: ${namespace}/${name} is headless, and its callers go past a split; give it an address.`);
  }
  for (const long of [name, deploymentName].filter((one) => one.length > longestName)) {
    problems.push(`: ${long} and "-primary" are too long for a name; write at most ${String(longestName)} letters.`);
  }
  const reserved = [
    ...Object.values(versionsOf(name)).map((one) => ["Service", one] as const),
    ["Deployment", versionsOf(deploymentName).primary] as const,
  ];
  for (const [kind, one] of reserved) {
    if (!inPlace.some((object) => object.kind === kind && object.metadata.name === one)) continue;
    problems.push(`: there is a ${kind} ${namespace}/${one}, which Flagger makes; give yours another name.`);
  }
  const selector = valueAt(deployment, "spec", "selector", "matchLabels");
  const label = selectorLabels.find((one) => textAt(selector, one) !== undefined);
  const value = label === undefined ? undefined : textAt(selector, label);
  if (label === undefined || value === undefined) {
    problems.push(
      `.deployment: the selector of Deployment ${namespace}/${deploymentName} has none of the labels by which Flagger tells pods: ${selectorLabels.join(", ")}; give it one.`,
    );
    return { problems };
  }
  const selected = valueAt(service, "spec", "selector");
  if (!isJsonObject(selected) || Object.keys(selected).join() !== label || selected[label] !== value) {
    problems.push(
      `.service: its selector is ${JSON.stringify(selected)}, and Flagger's is by one label; write { ${JSON.stringify(label)}: ${JSON.stringify(value)} }.`,
    );
  }
  for (const object of inPlace) {
    const other = textAt(podTemplateOf(object), "metadata", "labels", label);
    if (object === deployment || (other !== value && other !== `${value}-primary`)) continue;
    problems.push(
      `.deployment: the pods of ${object.kind} ${namespace}/${object.metadata.name} have the label ${label}: ${other}, too, so that Flagger's Services would lead to them; give them another.`,
    );
  }
  return problems.length > 0 ? { problems } : { target: { service, deployment, label, value } };
}

function missing(path: string, kind: string, name: string, inPlace: readonly KubernetesObject[]): string {
  const known = inPlace.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
  const remedy = didYouMean(name, known) ?? (known.length === 0 ? "there is none" : `there are ${known.join(", ")}`);
  return `${path}: the namespace has no ${kind} ${name}; ${remedy}`;
}

function planOf(
  { service, analysis, metrics, leaving = false }: ApplicationCanary,
  target: CanaryTarget,
  { mesh, prometheus }: Flagger,
  objects: readonly KubernetesObject[],
): CanaryPlan {
  const { namespace = "" } = target.service.metadata;
  const deployment = target.deployment.metadata.name;
  const [port] = listAt(target.service, "spec", "ports");
  const targetPort = numberAt(port, "targetPort") ?? textAt(port, "targetPort");
  const portName = textAt(port, "name");
  const appProtocol = textAt(port, "appProtocol");
  const autoscaler = objects.find(
    (object) =>
      object.kind === "HorizontalPodAutoscaler" &&
      object.metadata.namespace === namespace &&
      textAt(object, "spec", "scaleTargetRef", "kind") === "Deployment" &&
      textAt(object, "spec", "scaleTargetRef", "name") === deployment,
  );
  const templates = metrics.map((metric, index) =>
    templateOf(metric, { name: templateName(service, index), namespace }, prometheus),
  );
  return {
    namespace,
    service,
    templates,
    leaving,
    made: madeByFlagger(target),
    canary: {
      apiVersion: flaggerVersion,
      kind: "Canary",
      metadata: { name: service, namespace },
      spec: {
        provider: mesh,
        targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment },
        ...(autoscaler && {
          autoscalerRef: {
            apiVersion: "autoscaling/v2",
            kind: "HorizontalPodAutoscaler",
            name: autoscaler.metadata.name,
          },
        }),
        revertOnDeletion: true,
        service: {
          name: service,
          port: numberAt(port, "port") ?? 0,
          ...(targetPort !== undefined && { targetPort }),
          ...(portName !== undefined && { portName }),
          ...(appProtocol !== undefined && { appProtocol }),
        },
        analysis: {
          ...analysis,
          metrics: metrics.map(({ name, min, max }, index) => ({
            name,
            // Named with its namespace, without which Flagger takes it for another's.
            templateRef: { name: templateName(service, index), namespace },
            thresholdRange: { ...(min !== undefined && { min }), ...(max !== undefined && { max }) },
            interval: analysis.interval,
          })),
        },
      },
    },
  };
}

function templateName(service: string, index: number): string {
  return `${service}-${String(index)}`;
}

function templateOf({ query }: CanaryMetric, metadata: MetricTemplate["metadata"], address: string): MetricTemplate {
  return {
    apiVersion: flaggerVersion,
    kind: "MetricTemplate",
    metadata,
    spec: { provider: { type: "prometheus", address }, query },
  };
}

/** The objects as the analysis sees them: as Flagger leaves them. */
export function asFlaggerLeaves(
  plans: readonly CanaryPlan[],
  objects: readonly KubernetesObject[],
): readonly KubernetesObject[] {
  const services = new Map(plans.map(({ namespace, service, made }) => [`${namespace}/${service}`, made.service]));
  const left = objects.map((object) =>
    object.kind === "Service"
      ? (services.get(`${object.metadata.namespace ?? ""}/${object.metadata.name}`) ?? object)
      : object,
  );
  return [...left, ...plans.flatMap(({ made }) => made.others)];
}

/** What of an object is Flagger's: what Pulumi leaves as it is, and the object as it is declared for that. */
export function leftToFlagger(
  plans: readonly CanaryPlan[],
  object: KubernetesObject,
): { readonly object: KubernetesObject; readonly ignoreChanges: string[] } {
  const { namespace, name } = object.metadata;
  const own = plans.filter((plan) => plan.namespace === namespace);
  if (object.kind === "Service" && own.some(({ service }) => service === name)) {
    return { object, ignoreChanges: ["spec.selector"] };
  }
  if (object.kind !== "Deployment" || !own.some(({ canary }) => canary.spec.targetRef.name === name)) {
    return { object, ignoreChanges: [] };
  }
  const { annotations } = object.metadata;
  const metadata = {
    ...object.metadata,
    annotations: { ...(isJsonObject(annotations) ? annotations : {}), ...skipAwait },
  };
  return { object: { ...object, metadata }, ignoreChanges: ["spec.replicas"] };
}

/** A canary as the proof of rollouts takes it: any share of the calls may be the new version's. */
export function asRollout({ namespace, service, made }: CanaryPlan): ApplicationRollout {
  const { primary, canary } = versionsOf(service);
  return { namespace, root: service, name: made.split.metadata.name, stable: primary, canary, weight: 100 };
}
