import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import { type IstioTools } from "../../tools/istio";
import { type KubernetesObject } from "../api-client";
import { writeWhole } from "../files";
import { readyAfterAnnotation } from "../kwok-stages";
import { place, type PlacedObject } from "../placed-object";
import { istiodName, istioNamespace, istioOperator } from "./settings";

const run = promisify(execFile);

/** What the charts install for one revision. */
export interface Charts {
  readonly definitions: readonly PlacedObject[];
  /** Webhook configurations, which istiod completes with its certificate authority once it runs. */
  readonly webhooks: readonly PlacedObject[];
  /** All else, the namespace first. */
  readonly objects: readonly PlacedObject[];
  /** Environment and arguments of istiod, as its Deployment has them. */
  readonly istiod: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };
}

/** What a Deployment is read and changed in. */
interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly [Container] };
    };
  };
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** How many istiod there are: the least of AKS's horizontal pod autoscaler, which does not run here. */
const replicas = 2;

/** A revision of the add-on, as its charts are rendered. */
export interface RevisionCharts {
  readonly revision: string;
  /** The revision that validates custom resources. */
  readonly validating: string;
  /** When the pods that stand for istiod may become ready. */
  readonly readyAfter: Date;
  readonly pluggedInAuthority: boolean;
}

/**
 * Renders Istio's own charts for a revision of the add-on.
 * @param directory where the settings are written.
 */
export async function renderCharts(
  tools: IstioTools,
  directory: string,
  { revision, validating, readyAfter, pluggedInAuthority }: RevisionCharts,
): Promise<Charts> {
  const settings = path.join(directory, `istio-${revision}.yaml`);
  await writeWhole(settings, stringify(istioOperator(revision, validating, pluggedInAuthority)));
  const { stdout } = await run(tools.path("istio-manifests"), [settings], { maxBuffer: 64 << 20 });
  const rendered = parseAllDocuments(stdout).flatMap((document) => (document.toJS() as KubernetesObject | null) ?? []);
  const all = rendered.map((object) =>
    place(object.kind === "Deployment" ? held(object as Deployment, readyAfter) : object),
  );
  const ofKind = (kind: string) => all.filter(({ object }) => object.kind === kind);
  const deployment = ofKind("Deployment").find(({ object }) => object.metadata.name === istiodName(revision));
  if (deployment === undefined) throw new Error(`Istio's charts have no Deployment ${istiodName(revision)}`);
  const [container] = (deployment.object as Deployment).spec.template.spec.containers;
  const definitions = ofKind("CustomResourceDefinition");
  const webhooks = [...ofKind("MutatingWebhookConfiguration"), ...ofKind("ValidatingWebhookConfiguration")];
  return {
    definitions,
    webhooks,
    objects: [namespace, ...all.filter((one) => !definitions.includes(one) && !webhooks.includes(one))],
    istiod: {
      args: container.args,
      env: Object.fromEntries(container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))),
    },
  };
}

const namespace = place({ apiVersion: "v1", kind: "Namespace", metadata: { name: istioNamespace } });

function held(deployment: Deployment, readyAfter: Date): KubernetesObject {
  const { template } = deployment.spec;
  const annotations = { ...template.metadata.annotations, [readyAfterAnnotation]: readyAfter.toISOString() };
  return {
    ...deployment,
    spec: { ...deployment.spec, replicas, template: { ...template, metadata: { ...template.metadata, annotations } } },
  };
}
