import { type ApplicationArgs, type WorkloadObject } from "../../../components/application";
import { type MeshName } from "../../../mesh";
import { guaranteesOf } from "../../../mesh/policy";
import { bookstore } from "../../../stacks/bookstore";

/** The arguments that the program gives for OSM's sample. */
export function bookstoreArgs({
  mesh = "osm",
  canary = { v1: 50, v2: 50 },
  bookthief = "denied",
}: {
  mesh?: MeshName;
  canary?: { v1: number; v2: number };
  bookthief?: "denied" | "allowed";
} = {}): ApplicationArgs & { workloads: WorkloadObject[] } {
  const { policy, workloads, guarantees, front } = bookstore({ canary, bookthief })(mesh);
  return {
    policy,
    workloads: workloads.filter((one) => "kind" in one),
    guarantees: guaranteesOf(policy ?? { services: {} }, guarantees),
    front,
  };
}
