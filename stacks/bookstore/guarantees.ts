import { type GuaranteeRule } from "../../mesh/policy";
import { type BookstoreService } from "./policy";

type Guarantee = GuaranteeRule<BookstoreService>;

/** Every service that could be called. */
const callable = ["bookstore", "bookstore-v1", "bookstore-v2", "bookwarehouse", "mysql"] as const;

const buying = { methods: ["GET"], path: "/buy-a-book/new" } as const;

/** What no change of the policies may break, in whichever stack. */
export const inEveryStack: readonly Guarantee[] = [
  ...callable.map((to): Guarantee => ({
    name: `bookthief never reaches ${to}`,
    kind: "never",
    from: "bookthief",
    to,
  })),
  { name: "bookbuyer can always buy", kind: "always", from: "bookbuyer", to: "bookstore", requests: buying },
  {
    name: "bookbuyer can always count its books",
    kind: "always",
    from: "bookbuyer",
    to: "bookstore",
    requests: {
      methods: ["GET"],
      path: "/books-bought",
      headers: { "user-agent": "Go-http-client/1.1", "client-app": "bookbuyer" },
    },
  },
  {
    name: "nobody writes to a bookstore",
    kind: "never",
    to: "bookstore",
    requests: { methods: ["POST", "PUT", "PATCH", "DELETE"] },
  },
  { name: "customers never restock", kind: "never", from: ["bookbuyer", "bookthief"], to: "bookwarehouse" },
  {
    name: "only bookwarehouse reaches the database",
    kind: "never",
    from: ["bookbuyer", "bookthief", "bookstore", "bookstore-v2"],
    to: "mysql",
  },
];

/** While a canary runs, either version sells. */
export const whileBothVersionsSell: readonly Guarantee[] = (["bookstore-v1", "bookstore-v2"] as const).map((to) => ({
  name: `${to} sells`,
  kind: "always",
  from: "bookbuyer",
  to,
  requests: buying,
}));
