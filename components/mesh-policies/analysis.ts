import * as pulumi from "@pulumi/pulumi";
import { guaranteesOf } from "../../mesh/policy";
import { type AccessMatrix } from "./access-matrix";
import { type MeshPoliciesArgs } from "./args";
import { clusterObjects, contextOf } from "./cluster";
import { isPlain, knownValue } from "./known";
import { type PendingObject } from "./objects";
import { refuse, withheld } from "./report";
import { meshOfArgs } from "./target";
import { type Diagnostic, review, type Review, type ReviewSubject } from "./review";

/** What the analysis says about policies, as soon as it can. */
export interface Analysis {
  /** Who may call whom; not known in a preview that does not know all of the policies. */
  readonly access: pulumi.Output<AccessMatrix>;
  /** What to say about them. */
  readonly diagnostics: Promise<readonly Diagnostic[]>;
  /** What has to come before anything is applied: it fails where something speaks against the policies. */
  readonly clearance?: pulumi.Output<unknown>;
}

/** An object on its way into the analysis. */
interface Part {
  /** For messages, such as `TrafficTarget shop/buyers`. */
  readonly title: string;
  /** Whether it is one of the policies, or something around them. */
  readonly isPolicy: boolean;
  readonly value: pulumi.Input<unknown>;
}

/** A part, and its value; none where it is not known. */
interface FoundPart extends Part {
  readonly found: readonly unknown[];
}

/**
 * Analyses the policies: at once where all is known, else once it is. A preview that does not come to know all of it still
 * checks the rest.
 *
 * @throws RunError that lists what is wrong. In a preview only for what no resource can be made of: all else becomes
 * diagnostics there, on the resources that they are about.
 */
export function analyse(args: MeshPoliciesArgs, pending: readonly PendingObject[]): Analysis {
  const parts: readonly Part[] = [
    ...pending.map(({ title, args: value }) => ({ title, isPolicy: true, value })),
    ...clusterObjects(args).map((object) => ({ ...object, isPolicy: false })),
  ];
  const terms: Terms = {
    mesh: meshOfArgs(args),
    guarantees: [...(args.policy === undefined ? [] : guaranteesOf(args.policy)), ...(args.guarantees ?? [])],
    context: contextOf(args),
    workloadsKnown: args.workloads !== undefined || args.policy !== undefined,
  };

  const plain = parts.map((part) => ({ ...part, found: isPlain(part.value) ? [part.value] : [] }));
  const first = reviewOf(plain, terms);
  refuse(first.diagnostics);
  if (plain.every(({ found }) => found.length > 0)) {
    return { access: pulumi.output(first.access), diagnostics: Promise.resolve(first.diagnostics) };
  }

  const whole = pulumi.output(parts.map(({ value }) => value));
  const cleared = whole.apply(async (values: readonly unknown[]): Promise<Review> => {
    const found = parts.map((part, index) => ({ ...part, found: [values[index]] }));
    const reviewed = discreet(reviewOf(found, terms), await pulumi.isSecret(whole));
    refuse(reviewed.diagnostics);
    return reviewed;
  });
  return {
    access: cleared.apply(({ access }) => access),
    diagnostics: knownValue(cleared).then(async ([known]) => {
      if (known !== undefined) return known.diagnostics;
      const found = await Promise.all(parts.map(findPart));
      return discreet(reviewOf(found, terms), await pulumi.isSecret(whole)).diagnostics;
    }),
    // A preview applies nothing, and would lose what is known of the children.
    ...(!pulumi.runtime.isDryRun() && { clearance: cleared }),
  };
}

type Terms = Pick<ReviewSubject, "mesh" | "guarantees" | "context" | "workloadsKnown">;

function reviewOf(parts: readonly FoundPart[], terms: Terms): Review {
  const found = (isPolicy: boolean) => parts.filter((part) => part.isPolicy === isPolicy).flatMap((part) => part.found);
  return review({
    ...terms,
    objects: found(true),
    cluster: found(false),
    unknown: parts.filter((part) => part.found.length === 0).map(({ title }) => title),
  });
}

async function findPart(part: Part): Promise<FoundPart> {
  return { ...part, found: isPlain(part.value) ? [part.value] : await knownValue(pulumi.output(part.value)) };
}

/** A review fit to be printed: where any of the policies is a secret, nothing of them is quoted. */
function discreet(found: Review, isSecret: boolean): Review {
  return isSecret ? { ...found, diagnostics: found.diagnostics.map(withheld) } : found;
}
