import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** What the clients of Kubernetes are made of: where all of these are the same, Go compiles them once for several tools. */
const clientModules = [
  ...["api", "apimachinery", "client-go", "kube-openapi", "utils"].map((name) => `k8s.io/${name}`),
  ...["net", "oauth2", "sys", "term", "text", "time"].map((name) => `golang.org/x/${name}`),
  ...["json", "randfill", "structured-merge-diff/v6", "yaml"].map((name) => `sigs.k8s.io/${name}`),
  ...["github.com/fxamacker/cbor/v2", "github.com/google/gnostic-models", "google.golang.org/protobuf"],
];

/** Versions by module that a go.mod gives. */
function versions(folder: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(__dirname, "..", "..", "..", folder, "go.mod"), "utf8");
  const required = [...text.matchAll(/^\s*(?:require )?(\S+) (v\S+)/gm)];
  return new Map(required.map(([, module = "", version = ""]) => [module, version]));
}

test.each([
  [["sandbox/tools/kubernetes", "sandbox/tools/kubelogin"]],
  [
    [
      "sandbox/tools/kwok",
      "sandbox/tools/istio",
      "sandbox/tools/prometheus",
      "sandbox/tools/cert-manager",
      "judge/istio",
      "test/program/renderers/helm",
    ],
  ],
])("the clients of Kubernetes are the same in %j, so that Go compiles them once", (folders) => {
  const [first = "", ...others] = folders;
  const own = versions(first);
  expect(own.get("k8s.io/client-go")).toMatch(/^v0\./);
  for (const folder of others) {
    const theirs = versions(folder);
    const both = clientModules.filter((module) => own.has(module) && theirs.has(module));
    expect(both.length, folder).toBeGreaterThan(10);
    expect(
      both.map((module) => `${module} ${theirs.get(module) ?? ""}`),
      folder,
    ).toEqual(both.map((module) => `${module} ${own.get(module) ?? ""}`));
  }
});
