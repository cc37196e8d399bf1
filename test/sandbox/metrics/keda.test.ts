import { expect, it } from "vitest";
import { identityProblem, type TriggerAuthentication } from "../../../sandbox/metrics/keda";

function authentication(spec: TriggerAuthentication["spec"]): TriggerAuthentication {
  return {
    ...{ apiVersion: "keda.sh/v1alpha1", kind: "TriggerAuthentication", spec },
    metadata: { name: "mesh-prometheus", namespace: "shop" },
  };
}

it("says that KEDA cannot ask as an identity of Azure's, at which object, and what to do instead", () => {
  const problem = identityProblem([
    authentication({}),
    authentication({ podIdentity: { provider: "azure-workload" } }),
  ]);
  expect(problem).toContain("TriggerAuthentication shop/mesh-prometheus");
  expect(problem).toContain("up --metrics=cluster");
});

it.each([[[]], [[authentication({})]], [[authentication({ podIdentity: { provider: "none" } })]]])(
  "has nothing against %j",
  (authentications) => {
    expect(identityProblem(authentications)).toBeUndefined();
  },
);
