import { bookstorePolicy, type BookstorePolicyOptions } from "../../samples/bookstore";
import { compileOsm } from "../compile";
import { type PolicyObject } from "../kinds";

/** The objects of {@link bookstorePolicy} for OSM; the mesh's own configuration is not the sample's. */
export function bookstorePolicies(options: BookstorePolicyOptions = {}): PolicyObject[] {
  return compileOsm(bookstorePolicy(options)).filter(
    (object): object is PolicyObject => object.kind !== "MeshConfig" && object.kind !== "MeshRootCertificate",
  );
}
