import { RunError, runtime } from "@pulumi/pulumi";

/** A cluster between two meshes. */
interface Stage {
  /** The mesh that it is on its way to. */
  readonly to: "osm" | "istio";
  /** The add-on that it has meanwhile: never both, which AKS refuses. */
  readonly cluster: "None" | "Istio";
  /** With Istio: what sidecars take. */
  readonly mtls?: "PERMISSIVE" | "STRICT";
  /** Whose policies there are. Only with the add-on of the same mesh does anybody enforce them. */
  readonly policies: "osm" | "istio";
  /** The policies are checked and not applied: the mesh whose kinds they are of is yet to come. */
  readonly withheld?: true;
  /** Pods are made anew, to be in the mesh that the cluster has meanwhile. Default: pods stay as they are. */
  readonly restarts?: true;
}

/**
 * What a stack is on its way from one mesh to another, by the setting `meshMigration`: the same program with one setting changed, so that
 * the state tells what is there. Open Service Mesh's objects stay until Istio's policies hold, for the way back.
 */
export const migrationStages = {
  /** Only for previews: the policies that there will be at the end, for a revision that `meshRevisions` names. */
  planned: { to: "istio", cluster: "None", policies: "istio" },
  "osm-off": { to: "istio", cluster: "None", policies: "osm" },
  permissive: { to: "istio", cluster: "Istio", mtls: "PERMISSIVE", policies: "osm", restarts: true },
  strict: { to: "istio", cluster: "Istio", mtls: "STRICT", policies: "osm", restarts: true },
  "istio-off": { to: "osm", cluster: "None", policies: "osm", withheld: true, restarts: true },
} as const satisfies Readonly<Record<string, Stage>>;

/** A value of the setting. */
export type MigrationStage = keyof typeof migrationStages;

/** What the stage says, or nothing where the cluster has arrived. */
export function stageOf(stage: MigrationStage | undefined): Stage | undefined {
  return stage === undefined ? undefined : migrationStages[stage];
}

/** @throws RunError where the setting is none of the stages on the way to `mesh`. */
export function readMigrationStage(mesh: "osm" | "istio", value: string | undefined): MigrationStage | undefined {
  if (value === undefined) return undefined;
  const remedy = "`aks-mesh migrate` sets it: take it out with `pulumi config rm meshMigration`.";
  if (!isStage(value)) {
    throw new RunError(
      `aks-mesh:meshMigration is "${value}", and is one of ${Object.keys(migrationStages).join(", ")}. ${remedy}`,
    );
  }
  const { to } = migrationStages[value];
  if (to !== mesh) {
    throw new RunError(
      `aks-mesh:meshMigration is "${value}", a stage on the way to ${to}, and the mesh is ${mesh}. ${remedy}`,
    );
  }
  if (value === "planned" && !runtime.isDryRun()) {
    throw new RunError(`aks-mesh:meshMigration is "planned", which is for previews alone. ${remedy}`);
  }
  return value;
}

function isStage(value: string): value is MigrationStage {
  return Object.hasOwn(migrationStages, value);
}
