import { type MeshTarget } from "../../mesh";

/** The mesh that policies are made for, checked by and analysed as. */
export const meshTarget = "osm" satisfies MeshTarget;
