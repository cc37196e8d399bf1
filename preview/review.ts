import { checkGuarantees, type Guarantee, meshesOf } from "../mesh";
import { guaranteesOfStack } from "../program/stack-guarantees";
import { type PreviewReach } from "../program/previews/reach";
import { accessReport } from "./access";
import { costChange, monthlyCost } from "./cost";
import { differencesOf } from "./differences";
import { stackOf } from "./inputs";
import { proveIsolation } from "./isolation";
import { meshOfStack } from "./mesh";
import { objectsOf } from "./objects";
import { type BaseStack, type Planned, type PlannedStack } from "./planned";
import { type AccessReport, type ClusterPlace, type Plan, type Review } from "./report";

/** What a review goes by, beside the plans. All of it is from the checkout that the command belongs to. */
export interface ReviewTerms {
  /** Name of the Pulumi project. */
  readonly project: string;
  /** What previews may call of the shared workloads. */
  readonly reaches: readonly PreviewReach[];
  /** Where prices come from. Default: Azure's public price list. */
  readonly prices?: string | undefined;
}

/**
 * What a pull request's plans come to: who may call whom and which guarantees break, what merging costs, and what the preview leaves out. It
 * takes data alone, so that it can run where none of the pull request's code does.
 *
 * @param base the stack that the pull request is meant for, as it is; undefined where there is none.
 */
export async function review(planned: Planned, base: BaseStack | undefined, terms: ReviewTerms): Promise<Review> {
  const { pullRequest, kind, merging, preview } = planned;
  const before = objectsOf(base?.resources ?? []);
  const isolation =
    kind === "shared" && preview?.whole === true
      ? proveIsolation(pullRequest, objectsOf(preview.resources), before, terms.reaches)
      : { guarantees: 0, broken: [] };
  const [{ access, ...merged }, cost] = await Promise.all([
    reviewOfStack(planned.base, base, merging, terms),
    preview?.whole === true ? monthlyCost(preview.resources, pricesOf(terms)) : undefined,
  ]);
  const cluster = kind === "shared" ? base?.cluster : ownCluster(terms.project, pullRequest);
  return {
    ...merged,
    access: {
      ...access,
      guarantees: access.guarantees + isolation.guarantees,
      broken: [...isolation.broken, ...access.broken],
    },
    ...(cost && { cost }),
    ...(merging?.whole === true &&
      preview?.whole === true && {
        differences: differencesOf(
          pullRequest,
          planned.base,
          objectsOf(merging.resources),
          objectsOf(preview.resources),
        ),
      }),
    ...(cluster && { cluster }),
  };
}

/**
 * What a plan comes to for the stack that it is made for.
 *
 * @param base the stack as it is; undefined where there is none.
 * @param planned the stack as it would be; undefined where nobody planned it.
 */
export async function reviewOfStack(
  stack: string,
  base: BaseStack | undefined,
  planned: PlannedStack | undefined,
  terms: Pick<ReviewTerms, "prices">,
): Promise<Review & { readonly access: AccessReport }> {
  const whole = planned?.whole === true;
  const change = base && whole ? await costChange(base.resources, planned.resources, pricesOf(terms)) : undefined;
  return {
    ...(planned && { plan: whole ? withDeletions(planned, base) : { ...planned.plan, partial: true } }),
    ...(planned?.refused !== undefined && { refused: planned.refused }),
    access: accessOf(stack, base, planned),
    ...(change && { merging: change }),
  };
}

/** The engine does not come to what it would delete where the program is refused. */
function withDeletions({ plan, refused, resources }: PlannedStack, base: BaseStack | undefined): Plan {
  if (refused === undefined || base === undefined) return plan;
  const kept = new Set(resources.map(({ urn }) => urn));
  const deleted = base.resources
    .filter(({ urn, type }) => !kept.has(urn) && !type.startsWith("pulumi:"))
    .map(({ urn, type, custom }) => ({
      op: "delete" as const,
      type,
      name: urn.split("::").at(-1) ?? urn,
      noise: !custom,
    }));
  return { ...plan, changes: [...plan.changes, ...deleted] };
}

function pricesOf({ prices }: Pick<ReviewTerms, "prices">): { readonly baseUrl?: string } {
  return prices ? { baseUrl: prices } : {};
}

/** A cluster of a preview's own has the name of its stack, as its resource group has. */
function ownCluster(project: string, pullRequest: number): ClusterPlace {
  const name = `${project}-${stackOf(pullRequest)}`;
  return { resourceGroupName: name, clusterName: name };
}

function accessOf(stack: string, base: BaseStack | undefined, merging: PlannedStack | undefined): AccessReport {
  const before = objectsOf(base?.resources ?? []);
  const after = objectsOf(merging?.resources ?? []);
  const [mesh = "osm"] = meshesOf(before).keys();
  // As the checkout has them that this command belongs to: a pull request that drops one with what it guards against is told of it.
  const guarantees = guaranteesOfStack(stack, mesh);
  const comparedWith = `stack ${stack}`;
  const unknown = whyUnknown(stack, base, merging);
  if (unknown === undefined) return accessReport(comparedWith, before, after, guarantees);
  const shown = mesh === "osm" ? brokenSoFar(after, guarantees) : [];
  return { comparedWith, changes: { unknown }, guarantees: guarantees.length, broken: shown };
}

function whyUnknown(stack: string, base: BaseStack | undefined, merging: PlannedStack | undefined): string | undefined {
  if (base === undefined || merging === undefined) {
    return `Stack ${stack} cannot be previewed with this code: There is no stack ${stack}.`;
  }
  if (merging.whole) return undefined;
  return `Stack ${stack} cannot be previewed with this code: ${merging.refused ?? "the program ended early."}`;
}

/**
 * What the objects of a program break that ended early. Open Service Mesh lets through what objects say and nothing else, so that what these open
 * is open whatever else there would be; of Istio, where objects also close, that cannot be said.
 */
function brokenSoFar(after: ReturnType<typeof objectsOf>, guarantees: readonly Guarantee[]): AccessReport["broken"] {
  const mesh = meshOfStack(after);
  const broken = checkGuarantees(
    mesh,
    guarantees.filter(({ kind }) => kind === "never"),
  );
  return broken.filter(({ request }) => request !== undefined);
}
