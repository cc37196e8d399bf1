import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundles";

/** A package.json, as far as it is read or written here. */
interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Pulumi's packages, which a program has one of each: its components and ours have to be of the same. */
const peers = ["@pulumi/azure-native", "@pulumi/kubernetes", "@pulumi/pulumi"] as const;

/** The package.json of the package, made from the checkout's. */
export function packageManifest(): object {
  const { version, license, engines, dependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as Manifest;
  return {
    name: "aks-mesh",
    version,
    description:
      "Components for Pulumi that make an AKS cluster with a service mesh and its policies, and a command that proves who may call whom.",
    keywords: ["pulumi", "aks", "service-mesh", "istio", "open-service-mesh", "kubernetes", "policy"],
    license,
    engines,
    main: "index.js",
    types: "index.d.ts",
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./policy": { types: "./policy.d.ts", default: "./policy.js" },
      "./analysis": { types: "./analysis.d.ts", default: "./analysis.js" },
      // What the state of a stack names: the providers of dynamic resources.
      "./providers": "./providers.js",
      "./package.json": "./package.json",
    },
    bin: { "aks-mesh": "bin.js" },
    sideEffects: false,
    peerDependencies: Object.fromEntries(peers.map((name) => [name, `^${dependencies[name] ?? ""}`])),
    // Who only wants the command or the analysis needs none of them.
    peerDependenciesMeta: Object.fromEntries(peers.map((name) => [name, { optional: true }])),
  };
}
