import { type MeshName } from "../../mesh";
import { type Application, defineApplication } from "../../program/application";
import { inEveryStack, whileBothVersionsSell } from "./guarantees";
import { type BookstorePolicyOptions, bookstorePolicy } from "./policy";
import { workloads } from "./workloads";

/** In what the stacks differ. */
type BookstoreOptions = Required<Pick<BookstorePolicyOptions, "canary" | "bookthief">>;

/** OSM's sample application. Istio has no patterns for requests, so that there it names what bookbuyer sends. */
export function bookstore({ canary, bookthief }: BookstoreOptions): (mesh: MeshName) => Application {
  return (mesh) =>
    defineApplication({
      policy: bookstorePolicy({ canary, bookthief, plainRoutes: mesh === "istio" }),
      workloads,
      images: {
        bookbuyer: "docker.io/openservicemesh/bookbuyer",
        bookthief: "docker.io/openservicemesh/bookthief",
        bookstore: "docker.io/openservicemesh/bookstore",
        bookwarehouse: "docker.io/openservicemesh/bookwarehouse",
        mysql: "docker.io/library/mysql",
      },
      front: "bookstore",
      guarantees: [...inEveryStack, ...(canary.v1 > 0 && canary.v2 > 0 ? whileBothVersionsSell : [])],
    });
}
