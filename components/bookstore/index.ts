export * from "./args";
export * from "./bookstore";
export {
  type BookstoreCanary,
  bookstoreNamespaces,
  bookstorePolicies,
  type BookstorePolicyOptions,
  bookstoreServices,
} from "../../mesh/osm/samples";
