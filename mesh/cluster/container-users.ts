import { type ValuePath } from "../manifests";
import { textAt } from "../manifests/inside";
import { type Reader } from "../manifests/reader";

/** A container that runs beside the others, and whom it runs as where the pod says so; else its image decides. */
export interface ContainerUser {
  readonly container: string;
  readonly user: number | undefined;
  readonly group: number | undefined;
}

/** The containers of a mesh's sidecar, and whom it runs as: the rules of a pod's network know its calls by that. */
export interface SidecarUser {
  /** Names of the containers that the injector adds. */
  readonly containers: readonly string[];
  readonly user: number;
  /** Undefined where the rules do not ask for the group. */
  readonly group: number | undefined;
}

const noUsers: readonly ContainerUser[] = [];

/**
 * Whom a pod's containers run as, those that run before the others and stay among them.
 *
 * @param spec a pod's, at the path.
 * @returns nothing where no container is told whom to run as.
 */
export function readContainerUsers(
  reader: Reader,
  spec: Readonly<Record<string, unknown>>,
  path: ValuePath,
): readonly ContainerUser[] {
  const runsAs = (value: unknown, at: ValuePath): Omit<ContainerUser, "container"> => {
    const context = reader.record(value, at, "securityContext");
    const under: ValuePath = [...at, "securityContext"];
    return {
      user: reader.integer(context["runAsUser"], under, "runAsUser"),
      group: reader.integer(context["runAsGroup"], under, "runAsGroup"),
    };
  };
  const ofPod = runsAs(spec["securityContext"], path);
  const users = ["containers", "initContainers"].flatMap((key) =>
    reader.list(spec[key], path, key).flatMap((item, index): readonly ContainerUser[] => {
      const at: ValuePath = [...path, key, index];
      const container = reader.record(item, at);
      if (key === "initContainers" && container["restartPolicy"] !== "Always") return [];
      const { user = ofPod.user, group = ofPod.group } = runsAs(container["securityContext"], at);
      return [{ container: textAt(container, "name") ?? "", user, group }];
    }),
  );
  return users.some(({ user, group }) => user !== undefined || group !== undefined) ? users : noUsers;
}

const none = { containers: [], all: false } as const;

/** Containers of the application that run as the sidecar does, so that the rules take their calls for its own; and whether all do. */
export function runningAsSidecar(
  { containerUsers }: { readonly containerUsers: readonly ContainerUser[] },
  sidecar: SidecarUser,
): { readonly containers: readonly string[]; readonly all: boolean } {
  if (containerUsers.length === 0) return none;
  const own = containerUsers.filter(({ container }) => !sidecar.containers.includes(container));
  const taken = own.filter(
    ({ user, group }) => user === sidecar.user || (sidecar.group !== undefined && group === sidecar.group),
  );
  return { containers: taken.map(({ container }) => container), all: taken.length > 0 && taken.length === own.length };
}

/** Why calls of containers that run as the sidecar go past it. */
export function takenForSidecar(account: string, containers: readonly string[], { user }: SidecarUser): string {
  const [what, verb] = containers.length === 1 ? ["container", "runs"] : ["containers", "run"];
  const who = `the ${what} ${containers.join(", ")} of ${account}`;
  return `${who} ${verb} as the sidecar does (${String(user)}): the rules of the pod's network take such calls for the sidecar's own`;
}
