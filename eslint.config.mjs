import tseslint from "typescript-eslint";

/** Forbids imports from the named top-level folders: the arrows of the architecture, see docs/architecture.md. */
const noImportsFrom = (...folders) => ({
  "no-restricted-imports": [
    "error",
    {
      patterns: folders.map((folder) => ({
        group: [`**/${folder}/**`, `**/${folder}`],
        message: `This folder must not know ${folder}/.`,
      })),
    },
  ],
});

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
  {
    files: ["mesh/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["@pulumi/*", "@kubernetes/*", "@azure/*"], message: "mesh/ is pure: no Pulumi, no clients." },
            { group: ["node:*", "fs", "path", "os", "child_process"], message: "mesh/ is pure: no I/O." },
            {
              group: [
                "**/components/**",
                "**/stacks/**",
                "**/cli/**",
                "**/preview/**",
                "**/sandbox/**",
                "**/recovery/**",
                "**/judge/**",
              ],
              message: "mesh/ is the ground floor.",
            },
          ],
        },
      ],
    },
  },
  { files: ["components/**/*.ts"], rules: noImportsFrom("stacks", "cli", "preview", "sandbox") },
  { files: ["stacks/**/*.ts"], rules: noImportsFrom("cli", "preview", "sandbox") },
  { files: ["recovery/**/*.ts"], rules: noImportsFrom("components", "stacks", "mesh", "cli", "preview", "sandbox") },
  { files: ["cli/**/*.ts"], rules: noImportsFrom("components", "stacks", "sandbox") },
  { files: ["preview/**/*.ts"], rules: noImportsFrom("components", "cli", "sandbox") },
  { files: ["sandbox/**/*.ts"], rules: noImportsFrom("components", "stacks", "mesh", "cli", "preview") },
  {
    files: ["cli/**/*.ts", "recovery/**/*.ts", "sandbox/**/*.ts", "scripts/**/*.ts", "bench/**/*.ts"],
    rules: { "no-console": "off" },
  },
);
