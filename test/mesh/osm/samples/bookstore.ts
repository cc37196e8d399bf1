import { bookstorePolicy, type BookstorePolicyOptions } from "../../../../stacks/bookstore/policy";
import { compileOsm } from "../../../../mesh/osm/compile";
import { type PolicyObject } from "../../../../mesh/osm/kinds";

/** The objects of {@link bookstorePolicy} for OSM; the mesh's own configuration is not the sample's. */
export function bookstorePolicies(options: BookstorePolicyOptions = {}): PolicyObject[] {
  return compileOsm(bookstorePolicy(options)).filter(
    (object): object is PolicyObject => object.kind !== "MeshConfig" && object.kind !== "MeshRootCertificate",
  );
}
