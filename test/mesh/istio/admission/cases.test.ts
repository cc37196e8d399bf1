import { describe, expect, test } from "vitest";
import { admit } from "../../../../mesh/istio/admission";
import { type KubernetesObject } from "../../../../mesh/manifests";
import { admissionCases } from ".";

/** Where it is refused. */
const refusals = (object: KubernetesObject): readonly string[] =>
  admit([object]).findings.flatMap(({ path, refusedBy }) => (refusedBy === "nobody" ? [] : [path]));

describe.each(Object.entries(admissionCases))("%s", (_, { taken, refused }) => {
  test.each(taken)("%s: taken", (_title, object) => {
    expect(refusals(object)).toEqual([]);
  });

  test.each(refused)("%s: refused", (_title, object, path) => {
    expect(refusals(object)).toEqual([path]);
  });
});
