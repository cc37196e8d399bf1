import { type dynamic } from "@pulumi/pulumi";
import { connect } from "../open-service-mesh/connect";
import { type ExpectedObject, missingObjects } from "./look";

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

/** The provider of the resource that looks. */
export function handler(): dynamic.ResourceProvider<Inputs, { objects: string }> {
  return {
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
}
