export { istioMesh, type IstioMesh } from "./mesh";
