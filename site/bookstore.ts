import { stringify } from "yaml";
import { compile, guaranteeKind } from "../mesh";
import { type BookstorePolicyOptions, bookstorePolicy } from "../stacks/bookstore/policy";
import { workloads } from "../stacks/bookstore/workloads";

/** What the front page shows a proof of. */
const guarantee = {
  ...guaranteeKind,
  metadata: { name: "bookthief never reaches bookstore", namespace: "bookstore" },
  spec: { never: { from: "bookthief/bookthief", to: "bookstore/bookstore" } },
};

/** The manifests of the sample on Open Service Mesh, and a guarantee, as one YAML text. */
export function bookstoreManifests(options: BookstorePolicyOptions): string {
  const objects = [...compile(bookstorePolicy(options), "osm"), ...workloads, guarantee];
  return objects.map((object) => stringify(object)).join("---\n");
}
