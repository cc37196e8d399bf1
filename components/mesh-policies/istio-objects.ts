import { RunError } from "@pulumi/pulumi";
import {
  type AccessChange,
  admit,
  advice,
  changeTitles,
  describeRequest,
  diff,
  DiffTooLarge,
  type Mesh,
} from "../../mesh";
import { type HeaderRoute } from "../../mesh/policy";
import { noCallRules } from "../../mesh/policy/of-istio";
import {
  approximationText,
  type Conversion,
  convertManifests,
  type Converted,
  equalExtent,
  equalityOf,
  migrated,
  type Proof,
  proveBack,
} from "../../mesh/convert";
import { istioMesh } from "../../mesh/istio";
import { type IstioObject, type Sidecar } from "../../mesh/istio/kinds";
import { describeObject, type KubernetesObject, nowhere } from "../../mesh/manifests";
import { type IstioMembership, type MeshPoliciesArgs } from "./args";
import { asOpenServiceMesh } from "./as-osm";
import { asKubernetesObject, clusterObjects, contextOf } from "./cluster";
import { type Diagnostic } from "./review";

type ArgsOfIstio = MeshPoliciesArgs & { readonly istio: IstioMembership };

/** Changes that a refusal names at most. */
const mostChanges = 10;

/** Objects of Istio, and what there is to say of those that they were made of. */
export interface IstioObjects {
  readonly objects: readonly IstioObject[];
  readonly said: readonly Diagnostic[];
}

/**
 * All objects of Istio: those by which it lets pass what Open Service Mesh would let pass of the policy and of its objects, and nothing
 * else, which is proved; and those that were written for it. Each namespace is closed before anything is opened.
 *
 * @throws RunError where Istio cannot say it and nobody has chosen, where it cannot be proved equal, and where what runs is not known yet.
 */
export function istioObjects(args: ArgsOfIstio): IstioObjects {
  const own = new Set(args.namespaces.map(({ name }) => name));
  const { objects, said } = converted(args);
  // Other namespaces are closed by whoever onboards them.
  const made = objects
    .filter(({ metadata }) => own.has(metadata.namespace) || !isDefault(metadata.name))
    .map((object) => (object.kind === "Sidecar" ? toldOfReaches(object, args) : object));
  const written = args.istioObjects ?? [];
  const titles = new Set(made.map(describeObject));
  const twice = written.find((object) => titles.has(describeObject(object)));
  if (twice !== undefined) {
    throw new RunError(
      `istioObjects: ${describeObject(twice)} is what the policies are converted to, too; give yours another name.`,
    );
  }
  return { objects: [...made, ...written], said };
}

/** A Sidecar that is told as well of the namespaces which its own reaches beyond its peers. */
function toldOfReaches(sidecar: Sidecar, { namespaces }: ArgsOfIstio): Sidecar {
  const { isolation } = namespaces.find(({ name }) => name === sidecar.metadata.namespace) ?? {};
  const more = new Set((isolation?.reaches ?? []).map(({ namespace }) => `${namespace}/*`));
  if (more.size === 0) return sidecar;
  const egress = (sidecar.spec.egress ?? []).map((listener) => ({
    ...listener,
    hosts: [...new Set([...listener.hosts.filter((host) => host !== "~/*"), ...more])],
  }));
  return { ...sidecar, spec: { ...sidecar.spec, egress } };
}

/** Whether an object is one of those that close a whole namespace. */
function isDefault(name: string): boolean {
  return name === "default" || name === "default-deny";
}

function converted(args: ArgsOfIstio): IstioObjects {
  const { istio } = args;
  const {
    args: asOsm,
    policies,
    around,
    callRules = noCallRules,
  } = asOpenServiceMesh(args, "istio: policies select pods by their labels");
  const cluster = asKubernetesObjects(around.map(({ value }) => value));
  const said = admitted(asOsm, policies, cluster);
  const given = {
    objects: [...asKubernetesObjects(policies), ...cluster],
    positions: nowhere,
    problems: [],
    notes: [],
  };
  const convertedWith = (headerRoutes: readonly HeaderRoute[]): Converted => {
    const conversion = convertManifests(given, {
      choices: new Map(Object.entries(istio.choices ?? {})),
      noDefaultRetries: (istio.settings?.retryAttempts ?? 0) === 0,
      allowEnvoyFilter: istio.allowEnvoyFilter === true,
      callRules: { ...callRules, headerRoutes },
    });
    const problems = problemsOf(conversion);
    if (problems.length > 0)
      throw new RunError(`Istio cannot do exactly what the policies say:\n${problems.join("\n")}`);
    return { ...conversion, objects: withoutRoutesOfOthers(conversion.objects, args.splitsOfOthers) };
  };
  const byWeight = convertedWith([]);
  refuseUnequal(proofOf(byWeight, args).changes, `On Istio the policies would not be ${equalExtent}:`);
  const headerRoutes = [...callRules.headerRoutes, ...(args.headerRoutes ?? [])];
  if (headerRoutes.length === 0) return { objects: byWeight.objects, said };
  const byHeader = convertedWith(headerRoutes);
  refuseUnequal(
    changesByHeader(byWeight, byHeader, args),
    "A request that goes to a version by its header would not end as it does by weight:",
  );
  return { objects: byHeader.objects, said };
}

/** What header routes change but for who answers: without any, what each caller may do at either version is the same. */
function changesByHeader(byWeight: Converted, byHeader: Converted, args: ArgsOfIstio): readonly AccessChange[] {
  const [before, after] = [byWeight, byHeader].map((conversion) => deployed(conversion, args));
  if (before === undefined || after === undefined) return [];
  return provable(() => diff(before, after).filter(({ kind }) => kind !== "shares"));
}

/**
 * The objects but for the routes that others write.
 *
 * @throws RunError where a route says more than how calls are split, which nobody would write.
 */
function withoutRoutesOfOthers(
  objects: readonly IstioObject[],
  splits: MeshPoliciesArgs["splitsOfOthers"] = [],
): readonly IstioObject[] {
  const titles = new Set(splits.map(({ route }) => describeObject(route)));
  return objects.filter((object) => {
    if (object.kind !== "VirtualService" || !titles.has(describeObject(object))) return true;
    const [only, ...more] = object.spec.http ?? [];
    if (more.length === 0 && only?.timeout === undefined && (only?.retries?.attempts ?? 0) === 0) return false;
    throw new RunError(
      `${describeObject(object)}: the policy says retries, timeouts or headers of calls to it, and Flagger writes this object anew without them; ` +
        "take these out, or the canary.",
    );
  });
}

function asKubernetesObjects(values: readonly unknown[]): readonly KubernetesObject[] {
  return values.map(asKubernetesObject).filter((object) => object !== undefined);
}

/**
 * What Open Service Mesh's webhook and analysis would say of its objects before they are applied, warnings only.
 *
 * @throws RunError with the errors.
 */
function admitted(
  args: MeshPoliciesArgs,
  policies: readonly unknown[],
  cluster: readonly KubernetesObject[],
): readonly Diagnostic[] {
  const services = cluster
    .filter(({ kind }) => kind === "Service")
    .map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`);
  const known = args.workloads !== undefined || args.policy !== undefined;
  const context = { ...contextOf(args), complete: true, ...(known && { services }) };
  const said = admit(policies, "osm", context).findings.map((finding): Diagnostic => ({
    severity: finding.severity,
    object: finding.object,
    text: `${finding.path}: ${advice(finding)}`,
  }));
  const errors = said.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return said;
  const lines = errors.map(({ object = "", text }) => `- ${object}: ${text}`);
  throw new RunError(
    ["The policies cannot be converted for Istio, as Open Service Mesh would refuse them:", ...lines].join("\n"),
  );
}

/** What stands in the way, each with what to do about it. */
function problemsOf({ open, refused }: Conversion): string[] {
  const choice = (account: string, gaps: Conversion["open"][number]["gaps"]): string => {
    const sides = (["narrower", "wider"] as const).map(
      (side) => `    ${gaps.map((gap) => approximationText(gap, side)).join("; ")}`,
    );
    return [
      `- ${account}: Istio has no patterns of this kind. Write what it has, or choose, as istio.choices["${account}"]:`,
      ...sides,
    ].join("\n");
  };
  return [
    ...open.map(({ account, gaps }) => choice(account, gaps)),
    ...refused.map(({ place, text }) => `- ${place}: ${text}`),
  ];
}

/** What Istio does with what is deployed here. */
function deployed(conversion: Converted, args: ArgsOfIstio): Mesh {
  const cluster = asKubernetesObjects(clusterObjects(args).map(({ value }) => value));
  return istioMesh({ objects: migrated(cluster, conversion.mesh, conversion, args.istio.revision) });
}

/** Compares it with what Open Service Mesh would do. */
function proofOf(conversion: Converted, args: ArgsOfIstio): Proof {
  const after = deployed(conversion, args);
  return provable(() => proveBack(conversion.mesh, after, equalityOf(conversion).accounts));
}

/** @throws RunError where it is too much to compare. */
function provable<T>(prove: () => T): T {
  try {
    return prove();
  } catch (error) {
    if (error instanceof DiffTooLarge) {
      throw new RunError(`It cannot be proved that Istio does what the policies say: ${error.message}`);
    }
    throw error;
  }
}

/** @throws RunError where anything changes. */
function refuseUnequal(changes: readonly AccessChange[], what: string): void {
  if (changes.length === 0) return;
  const lines = changes
    .slice(0, mostChanges)
    .map(
      ({ kind, from, to, request }) =>
        `- ${changeTitles[kind]}: ${request === undefined ? `${from} → ${to}` : describeRequest(request)}`,
    );
  const more = changes.length > mostChanges ? [`- and ${String(changes.length - mostChanges)} more`] : [];
  throw new RunError(
    [what, ...[...lines, ...more], "Write what both do alike, or Istio's objects in place of these."].join("\n"),
  );
}
