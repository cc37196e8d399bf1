import * as pulumi from "@pulumi/pulumi";
import { connect } from "../open-service-mesh/connect";
import { type ExpectedObject, missingObjects } from "./look";

/** A resource of the Kubernetes provider, as far as it says which object it is. */
interface ObjectResource {
  readonly apiVersion: pulumi.Output<string>;
  readonly kind: pulumi.Output<string>;
  readonly metadata: pulumi.Output<{ readonly name?: string; readonly namespace?: string } | undefined>;
}

/** Arguments of {@link ObjectsInPlace}. */
export interface ObjectsInPlaceArgs {
  /** Kubeconfig of the cluster. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Resources whose objects have to be there. */
  readonly resources: readonly ObjectResource[];
}

/** What the dynamic provider is given, and the state keeps but for the kubeconfig. */
interface Inputs {
  readonly kubeconfig: string;
  /** JSON of the list of {@link ExpectedObject}s. */
  readonly objects: string;
}

/** Names in the message at most. */
const mostNamed = 10;

/** What is wrong, in words; nothing where all objects are there. */
async function complaint({ kubeconfig, objects }: Inputs): Promise<string | undefined> {
  const { request } = await connect(kubeconfig);
  const missing = await missingObjects(request, JSON.parse(objects) as ExpectedObject[]);
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, mostNamed).join(", ");
  const more = missing.length > mostNamed ? ` and ${String(missing.length - mostNamed)} more` : "";
  return `The stack's state has objects that the cluster does not have: ${named}${more}. Somebody deleted them, or the cluster is another one. Run \`pulumi refresh\`, then \`pulumi up\`.`;
}

async function look(inputs: Inputs): Promise<void> {
  const text = await complaint(inputs);
  if (text !== undefined) throw new Error(text);
}

const provider: pulumi.dynamic.ResourceProvider<Inputs, { objects: string }> = {
  async create(inputs) {
    await look(inputs);
    return { id: "objects-in-place", outs: { objects: inputs.objects } };
  },
  async diff(_id, olds, news) {
    try {
      JSON.parse(news.objects);
    } catch {
      // In a preview the outputs of an object that is yet to be made are not known: the update itself looks.
      return { changes: false };
    }
    if (olds.objects !== news.objects) return { changes: true };
    // No error here: `pulumi refresh` compares too, and is what heals it. The update that follows ends with the error.
    const text = await complaint(news).catch((error: unknown) => `The cluster cannot be asked: ${String(error)}`);
    if (text !== undefined) process.stdout.write(`${text}\n`);
    return { changes: text !== undefined };
  },
  async update(_id, _olds, news) {
    await look(news);
    return { outs: { objects: news.objects } };
  },
};

/**
 * A look, in every preview and at the end of every `up`, whether the objects of a stack are really in the cluster: the engine
 * believes its state, and would say "unchanged" over an empty cluster. A preview tells it, `up` fails.
 *
 * @throws Error naming the objects that are not there, and what to run.
 */
export class ObjectsInPlace extends pulumi.dynamic.Resource {
  constructor(name: string, { kubeconfig, resources }: ObjectsInPlaceArgs, opts?: pulumi.CustomResourceOptions) {
    const objects = pulumi
      .all(
        resources.map(({ apiVersion, kind, metadata }) =>
          pulumi.all([apiVersion, kind, metadata]).apply(([version, ofKind, own]): ExpectedObject => ({
            apiVersion: version,
            kind: ofKind,
            ...(own?.namespace !== undefined && { namespace: own.namespace }),
            name: own?.name ?? "",
          })),
        ),
      )
      .apply((all) => JSON.stringify(all));
    super(provider, name, { kubeconfig: pulumi.secret(kubeconfig), objects }, opts, "aks-mesh", "ObjectsInPlace");
  }
}
