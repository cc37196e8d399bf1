import { isAddress } from "../cluster/dns";
import { groupBy } from "../cluster/look-up";
import { literally } from "./authorization/matcher";
import { hostOf } from "./calls/virtual-hosts";
import { withName, withNameWithin } from "./host-conditions";
import { matchesHost } from "./host-patterns";
import { namesOfService } from "./hosts-behind";
import { type IstioPlane } from "./plane";
import { type KnownHost } from "./registry";
import { type VirtualServiceState } from "./state/virtual-services";

/** VirtualServices by the names, and by the patterns of names, that they are for. */
export interface Naming {
  readonly byName: ReadonlyMap<string, readonly VirtualServiceState[]>;
  readonly byPattern: ReadonlyMap<string, readonly VirtualServiceState[]>;
}

const knownNaming = new WeakMap<IstioPlane, Naming>();

/** The VirtualServices by what they are for. */
export function namingOf(plane: IstioPlane): Naming {
  let found = knownNaming.get(plane);
  if (found === undefined) {
    const named = plane.state.virtualServices.flatMap((service) =>
      namesOfService(service).map((name) => ({ name, service })),
    );
    const groups = (isPattern: boolean) => {
      const some = named.filter(({ name }) => name.startsWith("*") === isPattern);
      const grouped = groupBy(some, ({ name }) => name);
      return new Map(Array.from(grouped, ([name, all]) => [name, all.map(({ service }) => service)]));
    };
    knownNaming.set(plane, (found = { byName: groups(false), byPattern: groups(true) }));
  }
  return found;
}

const serviceName = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/;

/** Names beside its own that mean a host, as `namedHost` finds it: to all who are told of it, and to those among them of its namespace. */
function otherNames({ host, addresses }: Pick<KnownHost, "host" | "addresses">): {
  readonly toAll: readonly string[];
  readonly near: readonly string[];
} {
  const [, label, namespace = ""] = serviceName.exec(host) ?? [];
  const shorter = label === undefined ? [] : [`${label}.${namespace}.svc`, `${label}.${namespace}`];
  return { toAll: [...shorter, ...addresses.filter(isAddress)], near: label === undefined ? [] : [label] };
}

/** What has a name, and nothing else. */
type Named = Pick<KnownHost, "host" | "addresses" | "passthrough" | "service">;

function named(host: string): Named {
  return { host, addresses: [], passthrough: false };
}

/**
 * RE2 of the Host headers that mean a host: by its own name, which VirtualServices have for those who are told of no such host, too; to
 * all who are told of it; and to those of its namespace. Of a headless Service they may name its pods.
 */
export function formsOf(plane: IstioPlane, name: string): readonly string[] {
  const host = plane.registry.find(name) ?? (plane.registry.alias(name) && named(name));
  if (host === undefined) return [withName(literally(name))];
  const { toAll, near } = otherNames(host);
  const isHeadless = host.passthrough && host.service !== undefined;
  const any = (names: readonly string[], pod: string): string => `${pod}(?:${names.map(literally).join("|")})`;
  const pod = "[^.:]+\\.";
  return [
    [literally(name)],
    [...(isHeadless ? [any([name, ...toAll], pod)] : []), ...(toAll.length === 0 ? [] : [any(toAll, "")])],
    [...(isHeadless ? [any(near, pod)] : []), ...(near.length === 0 ? [] : [any(near, "")])],
  ]
    .filter((forms) => forms.length > 0)
    .map((forms) => withName(forms.join("|")));
}

/** All that means something to some client. */
interface Meanings {
  readonly names: ReadonlySet<string>;
  /** Names whose pods are named with a word before them. */
  readonly headless: ReadonlySet<string>;
  readonly patterns: readonly string[];
}

const knownMeanings = new WeakMap<IstioPlane, Meanings>();

function meaningsOf(plane: IstioPlane): Meanings {
  let found = knownMeanings.get(plane);
  if (found === undefined) {
    const { byName, byPattern } = namingOf(plane);
    const names = new Set(byName.keys());
    const headless = new Set<string>();
    const patterns = [...byPattern.keys()];
    const aliases = plane.registry.aliases.map(({ name }) => named(name));
    for (const known of [...plane.registry.hosts, ...aliases]) {
      const { host, passthrough, service } = known;
      if (host.startsWith("*")) patterns.push(host);
      const { toAll, near } = otherNames(known);
      for (const one of [host, ...toAll, ...near]) {
        names.add(one);
        if (passthrough && service !== undefined) headless.add(one);
      }
    }
    knownMeanings.set(plane, (found = { names, headless, patterns }));
  }
  return found;
}

/** RE2 of the Host headers that mean the same as one; undefined where it means nothing to anybody. */
export function meaning(plane: IstioPlane, header: string): string | undefined {
  const { names, headless, patterns } = meaningsOf(plane);
  const name = hostOf(header);
  if (names.has(name)) return withName(literally(name));
  const after = name.slice(name.indexOf(".") + 1);
  if (headless.has(after)) return withName(`[^.:]+\\.${literally(after)}`);
  const pattern = patterns.find((one) => matchesHost(one, name));
  return pattern === undefined ? undefined : withNameWithin(pattern);
}
