import { RunError } from "@pulumi/pulumi";
import { didYouMean } from "../../mesh/manifests/near-names";
import { type Policy } from "../../mesh/policy";
import { mapTexts } from "./map-texts";

/** What an application's namespaces are called where it is deployed. */
export interface Renaming {
  /** The application's own namespaces, as its objects name them. */
  readonly namespaces: ReadonlySet<string>;
  /** Its Services, as `name.namespace`. */
  readonly services: ReadonlySet<string>;
  readonly prefix: string;
}

/** Stands for the name that a namespace gets, in any text. */
const placeholder = /\$\{namespace:([^}]*)\}/g;

/** A Service and its namespace, as the end of a host's name or before `.svc`: `cart.shop` in `http://cart.shop:80/` and in `cart.shop.svc.cluster.local`. */
const host = /(?<![\w-])([a-z0-9][a-z0-9-]*)\.([a-z0-9][a-z0-9-]*)(?![\w-])(?!\.(?!svc(?![\w-])))/g;

/** A principal of Istio, `cluster.local/ns/shop/sa/cart`. */
const principal = /\/ns\/([a-z0-9-]+)\/sa\//g;

/** Properties whose text is the name of a namespace, or of several. */
const namespaceProperties: ReadonlySet<string> = new Set(["namespace", "namespaces", "notNamespaces"]);

/** Properties whose texts may begin with a namespace and a slash. */
const qualifiedProperties: ReadonlySet<string> = new Set(["hosts", "gateways"]);

/** An object as the annotation `config.kubernetes.io/depends-on` names it. */
const reference = /\/namespaces\/([a-z0-9-]+)\//g;

/** The label by which selectors of namespaces mean one by its name. */
const nameLabel = "kubernetes.io/metadata.name";

/** The name that a namespace gets: those that are not the application's keep theirs. */
export function renamed({ namespaces, prefix }: Renaming, namespace: string): string {
  return namespaces.has(namespace) ? prefix + namespace : namespace;
}

/**
 * An object with the namespaces where it is deployed. Outputs stay Outputs.
 *
 * @throws RunError where a placeholder names no namespace of the application.
 */
export function inNamespaces<T extends object>(renaming: Renaming, object: T): T {
  return mapTexts(object, (text, property) => inText(renaming, text, property));
}

function inText(renaming: Renaming, text: string, property: string): string {
  if (namespaceProperties.has(property) || property === nameLabel) {
    const own = /^\$\{namespace:(.*)\}$/.exec(text)?.[1] ?? text;
    return renamed(renaming, own);
  }
  if (qualifiedProperties.has(property) && text.includes("/")) return nameInNamespaces(renaming, text);
  return text
    .replace(placeholder, (_, namespace: string) => placeholderName(renaming, namespace))
    .replace(host, (whole, service: string, namespace: string) =>
      renaming.services.has(`${service}.${namespace}`) ? `${service}.${renamed(renaming, namespace)}` : whole,
    )
    .replace(reference, (_, namespace: string) => `/namespaces/${renamed(renaming, namespace)}/`)
    .replace(principal, (_, namespace: string) => `/ns/${renamed(renaming, namespace)}/sa/`);
}

function placeholderName(renaming: Renaming, namespace: string): string {
  if (renaming.namespaces.has(namespace)) return renaming.prefix + namespace;
  const known = [...renaming.namespaces];
  const remedy = didYouMean(namespace, known) ?? `there are ${known.join(", ")}.`;
  throw new RunError(`\${namespace:${namespace}}: the application has no such namespace; ${remedy}`);
}

/** A name with its namespace in front, `shop/cart`. Any other text stays as it is. */
export function nameInNamespaces(renaming: Renaming, name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? name : renamed(renaming, name.slice(0, slash)) + name.slice(slash);
}

/** A policy of the same services in the namespaces where they are deployed. */
export function policyInNamespaces(renaming: Renaming, policy: Policy): Policy {
  const services = Object.entries(policy.services).map(([name, service]) => [
    name,
    { ...service, namespace: renamed(renaming, service.namespace) },
  ]);
  return { ...policy, services: Object.fromEntries(services) as Policy["services"] };
}
