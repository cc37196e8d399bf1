/** What protects calls while a step is under way and after it, until the next. */
export type Protection = "osm" | "nothing" | "encryption" | "istio";

/** What a protection means for a person. */
export const protectionText: Readonly<Record<Protection, string>> = {
  osm: "Open Service Mesh",
  nothing: "nothing",
  encryption: "mutual TLS alone",
  istio: "Istio",
};

/** A step of a move between meshes. Each may be done again: what is done already stays. */
export interface Step {
  readonly id:
    | "save"
    | "osm-off"
    | "webhooks"
    | "permissive"
    | "restart"
    | "strict"
    | "policies"
    | "leftovers"
    | "istio-off"
    | "osm";
  readonly title: string;
  /** What it does, for the plan. */
  readonly does: string;
  /** What protects calls as soon as it begins. */
  readonly during: Protection;
  /** What protects calls when it has ended. */
  readonly after: Protection;
  /**
   * The stack's settings from this step on; `undefined` takes one out. They are written before `pulumi up` runs, and so say where an
   * interrupted move stands. Absent: nothing of the stack changes.
   */
  readonly settings?: Readonly<Record<"mesh" | "meshMigration", string | undefined>>;
}

/** From Open Service Mesh to Istio, in the order of Microsoft's guide, with what that leaves out. */
export const forward: readonly Step[] = [
  {
    id: "save",
    title: "Save what there is",
    does: "writes Open Service Mesh's objects, and what the analysis reads of the cluster, into a folder",
    during: "osm",
    after: "osm",
  },
  {
    id: "osm-off",
    title: "Switch the Open Service Mesh add-on off",
    does: "pulumi up: the control plane goes; old sidecars stay in the pods, a pod that is made anew has none",
    during: "nothing",
    after: "nothing",
    settings: { mesh: "istio", meshMigration: "osm-off" },
  },
  {
    id: "webhooks",
    title: "Remove its webhooks",
    does: "deletes aks-osm-webhook-osm and aks-osm-validator-mesh-osm, which AKS leaves: until then no pod of the mesh can be made",
    during: "nothing",
    after: "nothing",
  },
  {
    id: "permissive",
    title: "Switch the Istio add-on on",
    does: "pulumi up: waits for istiod and its injector, mutual TLS PERMISSIVE, namespaces labelled istio.io/rev in place of Open Service Mesh's marks, the program's pods made anew",
    during: "nothing",
    after: "nothing",
    settings: { mesh: "istio", meshMigration: "permissive" },
  },
  {
    id: "restart",
    title: "Restart what the program did not make",
    does: "restarts other workloads in its namespaces, and waits until every pod has Istio's sidecar",
    during: "nothing",
    after: "nothing",
  },
  {
    id: "strict",
    title: "Mutual TLS alone",
    does: "pulumi up: mutual TLS STRICT; plain text is refused from here on",
    during: "nothing",
    after: "encryption",
    settings: { mesh: "istio", meshMigration: "strict" },
  },
  {
    id: "policies",
    title: "Istio's policies",
    does: "pulumi up: default deny and who may call whom; Open Service Mesh's objects of the program go",
    during: "encryption",
    after: "istio",
    settings: { mesh: "istio", meshMigration: undefined },
  },
  {
    id: "leftovers",
    title: "Remove what Open Service Mesh left",
    does: "deletes its custom resource definitions, with all objects that there are of them, and its Secret and ConfigMap in kube-system; only with --remove-leftovers",
    during: "istio",
    after: "istio",
  },
];

/** The way back. */
export const back: readonly Step[] = [
  {
    id: "webhooks",
    title: "Remove Open Service Mesh's old webhooks",
    does: "deletes aks-osm-webhook-osm and aks-osm-validator-mesh-osm where they are left of the add-on that was switched off",
    during: "nothing",
    after: "nothing",
  },
  {
    id: "istio-off",
    title: "Switch the Istio add-on off",
    does: "pulumi up: Istio's policies and control plane go, namespaces get Open Service Mesh's marks, the program's pods are made anew without a sidecar",
    during: "nothing",
    after: "nothing",
    settings: { mesh: "osm", meshMigration: "istio-off" },
  },
  {
    id: "osm",
    title: "Switch the Open Service Mesh add-on on",
    does: "pulumi up: waits for its controller and its injector, then its settings, its objects of the program, and the program's pods are made anew with its sidecar",
    during: "nothing",
    after: "osm",
    settings: { mesh: "osm", meshMigration: undefined },
  },
  {
    id: "restart",
    title: "Restart what the program did not make",
    does: "restarts other workloads in its namespaces, and waits until every pod has Open Service Mesh's sidecar",
    during: "osm",
    after: "osm",
  },
];

/** Where a stack stands by its settings. */
export interface Position {
  readonly mesh: string | undefined;
  readonly meshMigration: string | undefined;
}

/**
 * The step to begin with: the one whose settings are written, as it may have been interrupted; else the first.
 *
 * @param osmRuns Open Service Mesh's control plane is there.
 */
export function firstStep(steps: readonly Step[], { mesh = "osm", meshMigration }: Position, osmRuns: boolean): number {
  // Somebody wrote `mesh: istio` while Open Service Mesh runs: nothing has begun.
  if (steps === forward && meshMigration === undefined && osmRuns) return 0;
  const at = steps.findIndex(
    ({ settings }) => settings !== undefined && settings.mesh === mesh && settings.meshMigration === meshMigration,
  );
  return Math.max(at, 0);
}

/** The first and the last step during which nothing, or not all, protects calls. */
export function gapOf(steps: readonly Step[]): { readonly from: Step; readonly to: Step } | undefined {
  const open = steps.filter(({ during }) => during === "nothing" || during === "encryption");
  const [from, to] = [open[0], open.at(-1)];
  return from === undefined || to === undefined ? undefined : { from, to };
}
