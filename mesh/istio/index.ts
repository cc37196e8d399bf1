export { aksRootNamespace, upstreamRootNamespace } from "./injection";
export { istioKinds } from "./kinds";
export { istioMesh, type IstioMesh } from "./mesh";
