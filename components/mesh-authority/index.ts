export { MeshAuthority, type MeshAuthorityArgs, type MeshAuthorityOptions } from "./mesh-authority";
