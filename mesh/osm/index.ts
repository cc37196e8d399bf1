export { type OsmMesh, osmMesh } from "./mesh";
export { osmKinds } from "./kinds";
