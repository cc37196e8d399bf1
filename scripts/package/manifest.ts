import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bundles";

/** The package's name, in every registry and language. */
export const packageName = "aks-mesh";

/** What it is, in one sentence. */
export const description =
  "Components for Pulumi that make an AKS cluster with a service mesh and its policies, and a command that proves who may call whom.";

/** A package.json, as far as it is read here. */
interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Pulumi's packages, which a program has one of each: its components and ours have to be of the same. */
const peers = ["@pulumi/azure-native", "@pulumi/kubernetes", "@pulumi/policy", "@pulumi/pulumi"] as const;

/** The checkout's package.json. */
export function ownManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}

/**
 * The package.json of the package, made from the checkout's.
 *
 * @param repository where it comes from, which npm compares with the provenance of what is published. Default: it does not say.
 */
export function packageManifest({ version, license, engines, dependencies }: Manifest, repository?: string): object {
  return {
    name: packageName,
    version,
    description,
    keywords: ["pulumi", "aks", "service-mesh", "istio", "open-service-mesh", "kubernetes", "policy"],
    license,
    ...(repository !== undefined && { repository: { type: "git", url: `git+${repository}.git` } }),
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
