export * from "../osm/compile";
export * from "./model";
export * from "../osm/objects";
