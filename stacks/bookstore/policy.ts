import { definePolicy, type PolicyService, type SplitRule } from "../../mesh/policy";

/** Relative weights of the two versions that bookstore's traffic goes to, integers of 0 or more, not both 0. */
export interface BookstoreCanary {
  readonly v1: number;
  readonly v2: number;
}

/** In what the stacks' policies differ. */
export interface BookstorePolicyOptions {
  /** Default: 50 and 50. `rollout`: no split, as a rollout has the weights. */
  readonly canary?: BookstoreCanary | "rollout";
  /** Whether bookthief may call bookstore. Default: `denied`. */
  readonly bookthief?: "denied" | "allowed";
  /**
   * Says what bookbuyer sends as a path and a beginning, which every mesh can say, in place of the patterns of OSM's sample,
   * which let in more. Default: false.
   */
  readonly plainRoutes?: boolean;
}

const web = [{ port: 14001, protocol: "http" }] as const;

/** The services: the root shares its identity with version 1, whose pods it selects beside those of version 2. */
const services = {
  bookbuyer: { namespace: "bookbuyer", serviceAccount: "bookbuyer" },
  bookthief: { namespace: "bookthief", serviceAccount: "bookthief" },
  bookstore: { namespace: "bookstore", serviceAccount: "bookstore", ports: web },
  "bookstore-v1": { namespace: "bookstore", serviceAccount: "bookstore", ports: web },
  "bookstore-v2": { namespace: "bookstore", serviceAccount: "bookstore-v2", ports: web },
  bookwarehouse: { namespace: "bookwarehouse", serviceAccount: "bookwarehouse", ports: web },
  mysql: { namespace: "bookwarehouse", serviceAccount: "mysql", ports: [{ port: 3306, protocol: "tcp" }] },
} as const satisfies Record<string, PolicyService>;

/** Name of a service of the sample. */
export type BookstoreService = keyof typeof services;

/** Name of the TrafficSplit. */
export const splitName = "bookstore-split";

function splitBy({ v1, v2 }: BookstoreCanary): SplitRule<BookstoreService> {
  return { name: splitName, root: "bookstore", backends: { "bookstore-v1": v1, "bookstore-v2": v2 } };
}

/**
 * OSM's sample: bookbuyer buys from both versions of bookstore, these restock at bookwarehouse, which keeps its books in mysql, and
 * bookthief gets what `bookthief` says.
 */
export function bookstorePolicy({
  canary = { v1: 50, v2: 50 },
  bookthief,
  plainRoutes = false,
}: BookstorePolicyOptions = {}) {
  const customers: readonly BookstoreService[] = bookthief === "allowed" ? ["bookbuyer", "bookthief"] : ["bookbuyer"];
  return definePolicy({
    services,
    routes: {
      "bookstore-service-routes": {
        "books-bought": {
          methods: ["GET"],
          path: "/books-bought",
          headers: {
            "user-agent": plainRoutes ? "Go-http-client/.*" : ".*-http-client/*.*",
            "client-app": "bookbuyer",
          },
        },
        "buy-a-book": { methods: ["GET"], path: plainRoutes ? "/buy-a-book/new" : ".*a-book.*new" },
      },
      "bookwarehouse-service-routes": { "restock-books": { methods: ["POST"] } },
    },
    access: [
      {
        name: "bookbuyer-access-bookstore",
        from: customers,
        to: "bookstore-v1",
        routes: ["bookstore-service-routes/buy-a-book", "bookstore-service-routes/books-bought"],
      },
      {
        name: "bookbuyer-access-bookstore-v2",
        from: customers,
        to: "bookstore-v2",
        routes: ["bookstore-service-routes/buy-a-book", "bookstore-service-routes/books-bought"],
      },
      {
        name: "bookstore-access-bookwarehouse",
        from: ["bookstore-v1", "bookstore-v2"],
        to: "bookwarehouse",
        routes: ["bookwarehouse-service-routes/restock-books"],
      },
      { name: "mysql", from: "bookwarehouse", to: "mysql", tcp: [3306] },
    ],
    splits: canary === "rollout" ? [] : [splitBy(canary)],
  });
}
