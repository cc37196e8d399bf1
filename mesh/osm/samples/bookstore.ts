import { type HTTPRouteGroup, type PolicyObject, type TCPRoute, type TrafficSplit, type TrafficTarget } from "../kinds";

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
}

/** Namespaces of the sample. */
export const bookstoreNamespaces = ["bookbuyer", "bookthief", "bookstore", "bookwarehouse"] as const;

/** Services of the sample, as `namespace/name`. */
export const bookstoreServices: readonly string[] = [
  "bookstore/bookstore",
  "bookstore/bookstore-v1",
  "bookstore/bookstore-v2",
  "bookwarehouse/bookwarehouse",
  "bookwarehouse/mysql",
];

/** Longest name of a namespace. */
const longestNamespace = 63;

const access = "access.smi-spec.io/v1alpha3";
const specs = "specs.smi-spec.io/v1alpha4";

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
 * Policies of the bookstore sample: bookbuyer buys from both versions of bookstore, these restock at bookwarehouse, it
 * keeps its books in mysql, and bookthief gets what `bookthief` says.
 *
 * @throws Error with all that {@link bookstoreProblems} finds.
 */
export function bookstorePolicies(options: BookstorePolicyOptions = {}): PolicyObject[] {
  const problems = bookstoreProblems(options);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const canary = options.canary ?? { v1: 50, v2: 50 };
  const prefix = options.namespacePrefix ?? "";
  const inSample = (namespace: (typeof bookstoreNamespaces)[number]) => `${prefix}${namespace}`;
  const account = (namespace: (typeof bookstoreNamespaces)[number], name: string) =>
    ({ kind: "ServiceAccount", name, namespace: inSample(namespace) }) as const;
  const bookstoreRoutes: HTTPRouteGroup = {
    apiVersion: specs,
    kind: "HTTPRouteGroup",
    metadata: { name: "bookstore-service-routes", namespace: inSample("bookstore") },
    spec: {
      matches: [
        {
          name: "books-bought",
          pathRegex: "/books-bought",
          methods: ["GET"],
          headers: [{ "user-agent": ".*-http-client/*.*" }, { "client-app": "bookbuyer" }],
        },
        { name: "buy-a-book", pathRegex: ".*a-book.*new", methods: ["GET"] },
      ],
    },
  };
  const bookwarehouseRoutes: HTTPRouteGroup = {
    apiVersion: specs,
    kind: "HTTPRouteGroup",
    metadata: { name: "bookwarehouse-service-routes", namespace: inSample("bookwarehouse") },
    spec: { matches: [{ name: "restock-books", methods: ["POST"] }] },
  };
  const mysqlRoute: TCPRoute = {
    apiVersion: specs,
    kind: "TCPRoute",
    metadata: { name: "mysql", namespace: inSample("bookwarehouse") },
    spec: { matches: { ports: [3306] } },
  };
  const toBookstore = (name: string, serviceAccount: string): TrafficTarget => ({
    apiVersion: access,
    kind: "TrafficTarget",
    metadata: { name, namespace: inSample("bookstore") },
    spec: {
      destination: account("bookstore", serviceAccount),
      sources: [
        account("bookbuyer", "bookbuyer"),
        ...(options.bookthief === "allowed" ? [account("bookthief", "bookthief")] : []),
      ],
      rules: [{ kind: "HTTPRouteGroup", name: "bookstore-service-routes", matches: ["buy-a-book", "books-bought"] }],
    },
  });
  const toBookwarehouse: TrafficTarget = {
    apiVersion: access,
    kind: "TrafficTarget",
    metadata: { name: "bookstore-access-bookwarehouse", namespace: inSample("bookwarehouse") },
    spec: {
      destination: account("bookwarehouse", "bookwarehouse"),
      sources: [account("bookstore", "bookstore"), account("bookstore", "bookstore-v2")],
      rules: [{ kind: "HTTPRouteGroup", name: "bookwarehouse-service-routes", matches: ["restock-books"] }],
    },
  };
  const toMysql: TrafficTarget = {
    apiVersion: access,
    kind: "TrafficTarget",
    metadata: { name: "mysql", namespace: inSample("bookwarehouse") },
    spec: {
      destination: account("bookwarehouse", "mysql"),
      sources: [account("bookwarehouse", "bookwarehouse")],
      rules: [{ kind: "TCPRoute", name: "mysql" }],
    },
  };
  const split: TrafficSplit = {
    apiVersion: "split.smi-spec.io/v1alpha2",
    kind: "TrafficSplit",
    metadata: { name: "bookstore-split", namespace: inSample("bookstore") },
    spec: {
      service: "bookstore",
      backends: [
        { service: "bookstore-v1", weight: canary.v1 },
        { service: "bookstore-v2", weight: canary.v2 },
      ],
    },
  };
  return [
    bookstoreRoutes,
    bookwarehouseRoutes,
    mysqlRoute,
    toBookstore("bookbuyer-access-bookstore", "bookstore"),
    toBookstore("bookbuyer-access-bookstore-v2", "bookstore-v2"),
    toBookwarehouse,
    toMysql,
    split,
  ];
}
