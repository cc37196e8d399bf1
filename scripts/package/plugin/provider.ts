import {
  all,
  type ComponentResource,
  type ComponentResourceOptions,
  type dynamic,
  type Inputs,
  type provider,
  type Resource,
  runtime,
} from "@pulumi/pulumi";
import { DependencyProviderResource, DependencyResource } from "@pulumi/pulumi/resource";
import { isRpcSecret, specialSecretSig, specialSigKey, unwrapRpcSecret } from "@pulumi/pulumi/runtime/rpc";
import { type PackageSchema } from "../schema";

/** A class of components. */
export type Component = new (name: string, args: Inputs, opts: ComponentResourceOptions) => ComponentResource;

/** What the plugin is made of. */
export interface PluginParts {
  readonly schema: PackageSchema;
  /** What the package exports, components among it. */
  readonly components: Readonly<Record<string, unknown>>;
  /** Makes the provider of a dynamic resource, by its module. */
  readonly providers: Readonly<Record<string, () => dynamic.ResourceProvider>>;
}

/** The plugin's side of Pulumi's provider protocol: it constructs the components and runs the providers of their dynamic resources. */
export function pluginProvider({ schema, components, providers }: PluginParts): provider.Provider {
  /** The stack's configuration, which the engine gives where it asks for a component. A `destroy` asks for none. */
  const configuration: Record<string, string> = {};
  const started = new Map<string, Promise<dynamic.ResourceProvider>>();

  async function start(module: string): Promise<dynamic.ResourceProvider> {
    const make = providers[module];
    if (make === undefined) throw new Error(`This version of aks-mesh has no resource of the kind ${module}.`);
    const made = make();
    const config = { get: (key: string) => configuration[key], require: (key: string) => configuration[key] ?? "" };
    await made.configure?.({ config });
    return made;
  }

  function providerOf(urn: string): Promise<dynamic.ResourceProvider> {
    const module = moduleOf(urn);
    const known = started.get(module) ?? start(module);
    started.set(module, known);
    return known;
  }

  return {
    version: schema.version,
    schema: JSON.stringify(schema),
    async construct(name, type, args, opts) {
      const wanted = schema.resources[type];
      const component = components[type.slice(type.lastIndexOf(":") + 1)];
      if (wanted === undefined || component === undefined) throw new Error(`aks-mesh has no component ${type}.`);
      Object.assign(configuration, runtime.allConfig());
      const deletedWith = await wholeReference(opts.deletedWith);
      const made = new (component as Component)(name, args, { ...opts, deletedWith });
      const outputs = Object.entries(made).filter(([key]) => Object.hasOwn(wanted.properties, key));
      return { urn: made.urn, state: Object.fromEntries(outputs) };
    },
    async check(urn, olds, news) {
      const { check } = await providerOf(urn);
      const found = await check?.(open(olds), open(news));
      // None of them changes its inputs: returned as they came, secret ones stay secret.
      return { inputs: news as unknown, failures: found?.failures };
    },
    async diff(id, urn, olds, news) {
      const { diff } = await providerOf(urn);
      return (await diff?.(id, open(olds), open(news))) ?? {};
    },
    async create(urn, inputs) {
      const { create } = await providerOf(urn);
      const { id, outs } = await create(open(inputs));
      return { id, outs: closed(outs, inputs) };
    },
    async update(id, urn, olds, news) {
      const { update } = await providerOf(urn);
      const made = await update?.(id, open(olds), open(news));
      return { outs: closed(made?.outs ?? open(news), news) };
    },
    async read(id, urn, props) {
      const { read } = await providerOf(urn);
      const { id: found = id, props: state } = (await read?.(id, open(props))) ?? { props: open(props) };
      return { id: found, props: closed(state, props) };
    },
    async delete(id, urn, props) {
      const provider = await providerOf(urn);
      await provider.delete?.(id, open(props));
    },
  };
}

/**
 * The resource of the option `deletedWith`. Pulumi's server reads its URN as a reference to a provider, which ends with an id: so it
 * takes the name for an id, and the URN without it for the URN.
 */
async function wholeReference(resource: Resource | undefined): Promise<Resource | undefined> {
  if (!(resource instanceof DependencyProviderResource)) return resource;
  const urn = await new Promise<string>(
    (done) => void all([resource.urn, resource.id]).apply((parts) => done(parts.join("::"))),
  );
  return new DependencyResource(urn);
}

/** The middle of a resource's type, `aks-mesh:MODULE:NAME`. */
function moduleOf(urn: string): string {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  return type.split(":")[1] ?? "";
}

/** Values without the marks of secrets. */
function open(value: unknown): Record<string, unknown> {
  return opened(value) as Record<string, unknown>;
}

function opened(value: unknown): unknown {
  if (isRpcSecret(value)) return opened(unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}

/** What a provider gives back, with those values as secrets that came as such, or with a secret in them. */
function closed(outs: unknown, inputs: unknown): Record<string, unknown> {
  const given = inputs as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(open(outs)).map(([key, value]) => [
      key,
      holdsSecret(given[key]) ? { [specialSigKey]: specialSecretSig, value } : value,
    ]),
  );
}

function holdsSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isRpcSecret(value) || Object.values(value).some(holdsSecret);
}
