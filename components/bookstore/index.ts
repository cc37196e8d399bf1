export * from "./args";
export * from "./bookstore";
export { type BookstoreCanary, type BookstoreService } from "../../mesh/osm/samples";
