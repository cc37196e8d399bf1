import { type MeshName } from "../../mesh";
import { type Application, defineApplication } from "../../program/application";
import { type RolloutRule } from "../../rollout";
import { inEveryStack, whileBothVersionsSell } from "./guarantees";
import { type BookstoreCanary, type BookstorePolicyOptions, bookstorePolicy, splitName } from "./policy";
import { workloads } from "./workloads";

/** In what the stacks differ. */
interface BookstoreOptions extends Required<Pick<BookstorePolicyOptions, "bookthief">> {
  /** How calls are shared out between the two versions: for good, or step by step towards version 2. */
  readonly canary: BookstoreCanary | Pick<RolloutRule, "steps" | "pause" | "match" | "gate">;
}

/** OSM's sample application. Istio has no patterns for requests, so that there it names what bookbuyer sends. */
export function bookstore({ canary, bookthief }: BookstoreOptions): (mesh: MeshName) => Application {
  const isRollout = "steps" in canary;
  const bothSell = isRollout || (canary.v1 > 0 && canary.v2 > 0);
  return (mesh) =>
    defineApplication({
      policy: bookstorePolicy({ canary: isRollout ? "rollout" : canary, bookthief, plainRoutes: mesh === "istio" }),
      workloads,
      images: {
        bookbuyer: "docker.io/openservicemesh/bookbuyer",
        bookthief: "docker.io/openservicemesh/bookthief",
        bookstore: "docker.io/openservicemesh/bookstore",
        bookwarehouse: "docker.io/openservicemesh/bookwarehouse",
        mysql: "docker.io/library/mysql",
      },
      front: "bookstore",
      rollouts: isRollout
        ? [{ name: splitName, root: "bookstore", stable: "bookstore-v1", canary: "bookstore-v2", ...canary }]
        : [],
      guarantees: [...inEveryStack, ...(bothSell ? whileBothVersionsSell : [])],
    });
}
