import tseslint from "typescript-eslint";

/** Patterns that forbid imports from folders. */
const folders = (names, why) =>
  names.map((name) => ({
    group: [`**/${name}/**`, `**/${name}`],
    message: `${name}/ ${why}.`,
  }));

/** The arrows of the architecture between the top-level folders, see docs/architecture.md. */
const noImportsFrom = (...names) => ({
  "no-restricted-imports": ["error", { patterns: folders(names, "must not be known here") }],
});

/** What mesh/ may not import anywhere: it is pure, and all else builds on it. */
const pure = [
  { group: ["@pulumi/*", "@kubernetes/*", "@azure/*"], message: "mesh/ is pure: no Pulumi, no clients." },
  { group: ["node:*", "fs", "path", "os", "child_process"], message: "mesh/ is pure: no I/O." },
  ...folders(
    ["components", "stacks", "cli", "preview", "rollout", "sandbox", "recovery", "judge"],
    "imports mesh/, not the other way round",
  ),
  // RE2's compiler has a file of this name, beside those that import it.
  { group: ["**/program/**", "**/program", "!./program"], message: "program/ imports mesh/, not the other way round." },
];

/** The layers of mesh/, each with those right below it, as docs/architecture.md draws them. */
const meshLayers = {
  regex: [],
  manifests: [],
  envoy: [],
  request: ["regex", "manifests"],
  cluster: ["manifests"],
  "network-policies": ["cluster"],
  analysis: ["network-policies", "request"],
  policy: ["analysis"],
  osm: ["policy", "envoy"],
  istio: ["policy", "envoy"],
  convert: ["osm", "istio"],
  flagger: ["osm", "istio"],
  "mesh-targets": ["convert"],
};

/** All layers below one. */
const layersBelow = (layer) => meshLayers[layer].flatMap((below) => [below, ...layersBelow(below)]);

/** The layers that one must not import: those above it, and those beside it. */
const otherLayers = (layer) => {
  const known = [layer, ...layersBelow(layer)];
  return Object.keys(meshLayers).filter((other) => !known.includes(other));
};

export default tseslint.config(
  { ignores: ["node_modules/", "dist/", ".sandbox/", "bench/plain/"] },
  ...tseslint.configs.recommended,
  {
    // One program for all: each tsconfig.json below would load the types of azure-native once more, which is 2 GB of memory.
    languageOptions: { parserOptions: { project: "tsconfig.check.json", tsconfigRootDir: import.meta.dirname } },
    files: ["**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: "error",
      "no-console": "error",
    },
  },
  // What runs in the browser has the browser's types; of the command it knows what has no types of Node.js.
  {
    files: ["cli/picture/page/**/*.ts"],
    languageOptions: { parserOptions: { project: "cli/picture/page/tsconfig.json" } },
  },
  ...Object.keys(meshLayers).map((folder) => ({
    files: [`mesh/${folder}/**/*.ts`],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [...pure, ...folders(otherLayers(folder), "is not a layer below this one")] },
      ],
    },
  })),
  { files: ["mesh/*.ts"], rules: { "no-restricted-imports": ["error", { patterns: pure }] } },
  {
    files: ["components/**/*.ts"],
    rules: noImportsFrom("program", "stacks", "cli", "preview", "rollout", "sandbox", "recovery", "judge"),
  },
  {
    files: ["rollout/**/*.ts"],
    rules: noImportsFrom(
      "components",
      "program",
      "stacks",
      "cli",
      "preview",
      "deployment",
      "sandbox",
      "recovery",
      "judge",
    ),
  },
  { files: ["stacks/**/*.ts"], rules: noImportsFrom("cli", "preview", "sandbox", "recovery", "judge") },
  { files: ["program/**/*.ts"], rules: noImportsFrom("preview", "sandbox", "recovery", "judge") },
  {
    files: ["recovery/**/*.ts"],
    rules: noImportsFrom("components", "program", "stacks", "mesh", "cli", "preview", "sandbox"),
  },
  { files: ["cli/**/*.ts"], rules: noImportsFrom("components", "stacks", "sandbox") },
  { files: ["deployment/**/*.ts"], rules: noImportsFrom("components", "program", "stacks", "cli", "sandbox", "judge") },
  {
    files: ["policy-pack/**/*.ts"],
    rules: noImportsFrom("components", "program", "stacks", "preview", "sandbox", "recovery", "judge"),
  },
  // Of the program a preview knows what both sides say of previews, and what a stack guarantees. It runs the rest through the engine.
  {
    files: ["preview/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            ...folders(["stacks", "cli", "sandbox", "judge"], "must not be known here"),
            {
              regex: "/components/(?!arm/|aks-cluster/kubeconfig$|mesh-policies/refusal$)",
              message: "Only how to get into Azure and into a cluster, and how policies are refused.",
            },
            {
              regex: "/program/(?!previews/|stack-guarantees$)",
              message: "Only what both sides say of previews.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["sandbox/**/*.ts"],
    rules: noImportsFrom("components", "program", "stacks", "mesh", "cli", "preview", "rollout"),
  },
  {
    files: ["cli/**/*.ts", "recovery/**/*.ts", "sandbox/**/*.ts", "scripts/**/*.ts", "bench/**/*.ts", "site/*.ts"],
    rules: { "no-console": "off" },
  },
);
