import { RunError } from "@pulumi/pulumi";
import { bookstoreProblems } from "../../mesh/osm/samples";
import { type BookstoreArgs } from "./args";
import { programs } from "./workloads";

/** Whether a text is a Kubernetes quantity. */
function isQuantity(text: string): boolean {
  return /^\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.test(text);
}

/**
 * Checks the arguments of Bookstore.
 *
 * @throws RunError that names each property and what to write.
 */
export function assertBookstoreArgs(args: BookstoreArgs): void {
  const problems = bookstoreProblems({ ...args, namespacePrefix: args.namespaces?.prefix });
  const containers = [...programs, "mysql"];
  const { images, replicas, resources, storage } = args;
  if (replicas !== undefined && (!Number.isInteger(replicas) || replicas < 0)) {
    problems.push(`replicas: ${replicas} is no number of pods; write an integer of 0 or more.`);
  }
  if (images?.tag !== undefined && !/^\w[\w.-]{0,127}$/.test(images.tag)) {
    problems.push(
      `images.tag: "${images.tag}" is no tag; write one such as v1.2.4 (a digest goes into images.digests).`,
    );
  }
  if (images?.repository !== undefined && !/^[a-z0-9][a-z0-9._/:-]*[a-z0-9]$/.test(images.repository)) {
    problems.push(
      `images.repository: "${images.repository}" is no registry path; write one such as docker.io/openservicemesh, without a slash at the end.`,
    );
  }
  for (const [program, digest] of Object.entries(images?.digests ?? {})) {
    if (!programs.some((known) => known === program)) {
      problems.push(`images.digests.${program}: there is no such program; write one of ${programs.join(", ")}.`);
    } else if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
      problems.push(`images.digests.${program}: "${digest}" is no digest; write sha256: and 64 hexadecimal digits.`);
    }
  }
  if (images?.mysql !== undefined && !/[:@][\w.:-]+$/.test(images.mysql)) {
    problems.push(`images.mysql: "${images.mysql}" has no tag; pin one, e.g. docker.io/library/mysql:8.0.36.`);
  }
  for (const [program, reference] of Object.entries(images?.references ?? {})) {
    if (!containers.includes(program)) {
      problems.push(`images.references.${program}: there is no such program; write one of ${containers.join(", ")}.`);
    } else if (!/^[a-z0-9][\w.:/-]*(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/.test(reference)) {
      problems.push(
        `images.references.${program}: "${reference}" has no tag or digest; write one such as registry.example/shop/${program}:1.2.`,
      );
    }
  }
  for (const [program, given] of Object.entries(resources ?? {})) {
    if (!containers.includes(program)) {
      problems.push(`resources.${program}: there is no such program; write one of ${containers.join(", ")}.`);
    }
    for (const [key, value] of Object.entries(given)) {
      if (typeof value === "string" && !isQuantity(value)) {
        problems.push(`resources.${program}.${key}: "${value}" is no quantity; write one such as 100m or 64Mi.`);
      }
    }
  }
  if (storage !== undefined && !isQuantity(storage.size)) {
    problems.push(`storage.size: "${storage.size}" is no quantity; write one such as 1Gi.`);
  }
  if (problems.length > 0) {
    throw new RunError(problems.join("\n"));
  }
}
