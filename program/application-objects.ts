import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { readManifestFiles } from "../cli/input";
import { type WorkloadObject } from "../components/application";
import { formatProblem, type KubernetesObject, type ManifestFile, parseManifests } from "../mesh/manifests";
import { type Application, type ManifestSource } from "./application";
import { renderChart, renderKustomization, titleOfRendered } from "./render-manifests";

/** The objects of an application: those that are written as such, and those of manifests. */
export interface ApplicationObjects {
  readonly workloads: readonly WorkloadObject[];
  readonly manifests: readonly KubernetesObject[];
}

/**
 * Reads and renders what an application consists of.
 *
 * @param root the folder to which paths are relative.
 * @throws RunError that names the source, what is wrong in it and what to write instead.
 */
export function applicationObjects({ workloads }: Pick<Application, "workloads">, root: string): ApplicationObjects {
  return {
    workloads: workloads.filter((one) => "kind" in one),
    manifests: workloads.flatMap((one) => ("kind" in one ? [] : objectsOf(one, root))),
  };
}

function objectsOf(source: ManifestSource, root: string): readonly KubernetesObject[] {
  const { namespace } = source;
  const files = filesOf(source, root);
  const { objects, problems, notes } = parseManifests(files, { ...(namespace !== undefined && { namespace }) });
  if (problems.length > 0) throw new RunError(problems.map(formatProblem).join("\n"));
  const unplaced = objects.find(({ metadata }) => metadata.namespace === "default");
  if (unplaced !== undefined) {
    throw new RunError(
      `${titleOf(source)}: the ${unplaced.kind} ${unplaced.metadata.name} is in the namespace default, which the mesh leaves alone. Name a ` +
        'namespace in it, or write one for all that name none: { …, namespace: "shop" }.',
    );
  }
  if (objects.length === 0) throw new RunError([`${titleOf(source)}: no Kubernetes object.`, ...notes].join(" "));
  return objects;
}

function titleOf(source: ManifestSource): string {
  return "manifests" in source ? `manifests ${source.manifests}` : titleOfRendered(source);
}

function filesOf(source: ManifestSource, root: string): readonly ManifestFile[] {
  if ("manifests" in source) {
    try {
      // Named as they are written: messages are read in the repository.
      return readManifestFiles([join(root, source.manifests)]).map((file) => ({
        ...file,
        name: file.name.replace(`${root}/`, ""),
      }));
    } catch (error) {
      throw new RunError(
        `manifests ${source.manifests}: ${(error instanceof Error ? error.message : String(error)).replaceAll(`${root}/`, "")}`,
      );
    }
  }
  return ["chart" in source ? renderChart(source, root) : renderKustomization(source, root)];
}
