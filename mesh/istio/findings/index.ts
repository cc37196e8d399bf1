import { type Finding } from "../../analysis/finding";
import { policiesNotRead } from "../../analysis/network-policy-objects";
import { type Manifests } from "../../manifests";
import { type IstioMesh } from "../mesh";

/** Where what Istio will do differs from what was probably meant. */
export function findings(
  _mesh: IstioMesh,
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
): readonly Finding[] {
  return policiesNotRead(manifests);
}
