export * from "./kiali";
