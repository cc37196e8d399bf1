export * from "./args";
export * from "./bookstore";
export { bookstoreNamespaces, bookstorePolicies, type BookstorePolicyOptions, bookstoreServices } from "./policies";
