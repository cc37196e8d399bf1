import { definePolicy, type GuaranteeRule, type PolicyService } from "../policy";

/** Which bookstores the mesh sends the root Service's traffic to. */
export interface BookstoreCanary {
  /** Relative weight of bookstore-v1, an integer ≥ 0. */
  v1: number;
  /** Relative weight of bookstore-v2, an integer ≥ 0. Not both may be 0. */
  v2: number;
}

/** What may differ between stacks. */
export interface BookstorePolicyOptions {
  /** Share of each bookstore version. Default: 50 and 50. */
  readonly canary?: BookstoreCanary;
  /** Whether bookthief may call bookstore: `denied` or `allowed`. Default: `denied`. */
  readonly bookthief?: string;
  /** Put before the name of each namespace, such as `pr-12-`, so that a cluster can hold the sample more than once. Default: none. */
  readonly namespacePrefix?: string;
  /**
   * Says what bookbuyer sends as a path and a beginning, which every mesh can say, in place of the patterns of OSM's sample,
   * which let in more. Default: false.
   */
  readonly plainRoutes?: boolean;
  /** What has to hold, checked whenever the policy is analysed. Default: nothing. */
  readonly guarantees?: readonly GuaranteeRule<BookstoreService>[];
}

/** Name of a service of the sample. */
export type BookstoreService =
  "bookbuyer" | "bookthief" | "bookstore" | "bookstore-v1" | "bookstore-v2" | "bookwarehouse" | "mysql";

/** Namespaces of the sample. */
export const bookstoreNamespaces = ["bookbuyer", "bookthief", "bookstore", "bookwarehouse"] as const;

/** The sample's services. The root shares its identity with version 1, whose pods it selects beside those of version 2. */
export function bookstoreServices(namespacePrefix = ""): Readonly<Record<BookstoreService, PolicyService>> {
  const place = (namespace: (typeof bookstoreNamespaces)[number], serviceAccount: string) => ({
    namespace: `${namespacePrefix}${namespace}`,
    serviceAccount,
  });
  const web = [{ port: 14001, protocol: "http" }] as const;
  return {
    bookbuyer: place("bookbuyer", "bookbuyer"),
    bookthief: place("bookthief", "bookthief"),
    bookstore: { ...place("bookstore", "bookstore"), ports: web },
    "bookstore-v1": { ...place("bookstore", "bookstore"), ports: web },
    "bookstore-v2": { ...place("bookstore", "bookstore-v2"), ports: web },
    bookwarehouse: { ...place("bookwarehouse", "bookwarehouse"), ports: web },
    mysql: { ...place("bookwarehouse", "mysql"), ports: [{ port: 3306, protocol: "tcp" }] },
  };
}

/** Longest name of a namespace. */
const longestNamespace = 63;

/** What is wrong with the sample's own settings: each with the property and what to write. */
export function bookstoreProblems({ canary, bookthief, namespacePrefix = "" }: BookstorePolicyOptions): string[] {
  const problems: string[] = [];
  if (namespacePrefix !== "" && !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?-$/.test(namespacePrefix)) {
    problems.push(
      `namespacePrefix: "${namespacePrefix}" cannot begin a namespace; write lower-case letters, digits and -, with a - at the end, e.g. pr-12-.`,
    );
  }
  const longest = Math.max(...bookstoreNamespaces.map(({ length }) => length)) + namespacePrefix.length;
  if (longest > longestNamespace) {
    problems.push(
      `namespacePrefix: "${namespacePrefix}" makes names of ${longest} characters; a namespace has at most ${longestNamespace}.`,
    );
  }
  if (bookthief !== undefined && bookthief !== "denied" && bookthief !== "allowed") {
    problems.push(`bookthief: "${bookthief}" is neither "denied" nor "allowed"; write one of the two.`);
  }
  for (const version of ["v1", "v2"] as const) {
    const weight = canary?.[version];
    if (weight !== undefined && (!Number.isInteger(weight) || weight < 0)) {
      problems.push(`canary.${version}: ${weight} is no weight; write an integer of 0 or more.`);
    }
  }
  if (canary?.v1 === 0 && canary.v2 === 0) {
    problems.push(
      "canary: both weights are 0, which breaks bookstore for every caller; give v1 or v2 a share, e.g. v1: 100.",
    );
  }
  return problems;
}

/**
 * The bookstore sample's policy: bookbuyer buys from both versions of bookstore, these restock at bookwarehouse, it keeps
 * its books in mysql, and bookthief gets what `bookthief` says.
 *
 * @throws Error with all that {@link bookstoreProblems} finds.
 */
export function bookstorePolicy(options: BookstorePolicyOptions = {}) {
  const problems = bookstoreProblems(options);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const { canary = { v1: 50, v2: 50 }, bookthief = "denied", namespacePrefix, guarantees, plainRoutes } = options;
  const customers: readonly BookstoreService[] = bookthief === "allowed" ? ["bookbuyer", "bookthief"] : ["bookbuyer"];
  return definePolicy({
    services: bookstoreServices(namespacePrefix),
    routes: {
      "bookstore-service-routes": {
        "books-bought": {
          methods: ["GET"],
          path: "/books-bought",
          headers: {
            "user-agent": plainRoutes === true ? "Go-http-client/.*" : ".*-http-client/*.*",
            "client-app": "bookbuyer",
          },
        },
        "buy-a-book": { methods: ["GET"], path: plainRoutes === true ? "/buy-a-book/new" : ".*a-book.*new" },
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
    splits: [
      {
        name: "bookstore-split",
        root: "bookstore",
        backends: { "bookstore-v1": canary.v1, "bookstore-v2": canary.v2 },
      },
    ],
    guarantees,
  });
}
