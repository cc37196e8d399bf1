import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import bundlePage from "../../cli/picture/bundle-page.cjs";
import { type PageFiles } from "../../cli/picture/page-files";

/** The checkout. */
export const root = join(__dirname, "..", "..");

/** Bundles of other people's packages that are loaded when they are needed, by the package whose place they take. */
const vendored: Readonly<Record<string, string>> = {
  "@azure/identity": "./vendor/azure.js",
  "@azure/core-rest-pipeline": "./vendor/azure.js",
  "@kubernetes/client-node": "./vendor/kubernetes.js",
};

/** Leaves the packages that are bundled apart to their bundles. */
const apart: Plugin = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: /^@(azure|kubernetes)\// }, ({ path }) =>
      vendored[path] === undefined ? undefined : { path: vendored[path], external: true },
    );
  },
};

/** Takes another module in place of one of the checkout's: both are given without their ending. */
function inPlaceOf(module: string, other: string): Plugin {
  return {
    name: `in place of ${module}`,
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`[\\\\/]${module.split("/").join("[\\\\/]")}\\.ts$`) }, () => ({
        contents: `export * from ${JSON.stringify(`./${other}`)};`,
        loader: "ts",
        resolveDir: root,
      }));
    },
  };
}

/** Puts what runs in the browser into the command as text, as the package has no bundler. */
function pictureOf({ script, style }: PageFiles): Plugin {
  return {
    name: "picture",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]cli[\\/]picture[\\/]page-files\.ts$/ }, () => ({
        contents: `const files = ${JSON.stringify({ script, style })};\nexport const pageFiles = () => files;`,
        loader: "js",
      }));
    },
  };
}

/** The modules of the dynamic resources' providers, by their path in components/. */
export function providerModules(): readonly string[] {
  return readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => /(^|[/-])provider\.ts$/.test(file))
    .map((file) => file.replace(/\.ts$/, ""))
    .sort();
}

/** A module with a function for each provider, that makes it when it is asked for. */
function providersEntry(): string {
  const entries = providerModules().map(
    (module) => `${JSON.stringify(module)}: () => require(${JSON.stringify(`./components/${module}`)}).handler(),`,
  );
  return `module.exports = {\n${entries.join("\n")}\n};\n`;
}

const hosting = "components/dynamic/hosting";

/** What is bundled, and what differs from the others in how. */
const bundlesWith = (page: PageFiles): Readonly<Record<string, BuildOptions>> => ({
  "index.js": {
    entryPoints: ["components/index.ts"],
    plugins: [apart, inPlaceOf(hosting, "scripts/package/hosting")],
  },
  "policy.js": { entryPoints: ["mesh/policy/index.ts"] },
  "analysis.js": { entryPoints: ["mesh/index.ts"] },
  "providers.js": { stdin: { contents: providersEntry(), resolveDir: root }, plugins: [apart] },
  "command.js": {
    entryPoints: ["cli/main.ts"],
    plugins: [
      apart,
      inPlaceOf("cli/preview", "scripts/package/program-commands"),
      inPlaceOf("cli/deploy", "scripts/package/program-commands"),
      pictureOf(page),
    ],
  },
  "plugin/index.js": { entryPoints: ["scripts/package/plugin/main.ts"] },
  "policy-pack/index.cjs": { entryPoints: ["policy-pack/pack.ts"] },
  "vendor/azure.js": {
    stdin: {
      contents: 'export * from "@azure/core-rest-pipeline"; export * from "@azure/identity";',
      resolveDir: root,
    },
  },
  "vendor/kubernetes.js": {
    stdin: { contents: 'export { KubeConfig } from "@kubernetes/client-node";', resolveDir: root },
    // Of this one only the URL of Node.js versions without one is used, for 280 KB.
    alias: { "whatwg-url": "node:url" },
  },
});

/** Bundles everything into a folder. @returns what went into each. */
export async function makeBundles(folder: string): Promise<readonly Metafile[]> {
  const page = bundlePage();
  const made = await Promise.all(
    Object.entries(bundlesWith(page)).map(async ([name, options]) => {
      const { metafile } = await build({
        absWorkingDir: root,
        outfile: join(folder, name),
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        external: ["@pulumi/*"],
        // Functions and classes keep their names, which errors and traces have.
        minify: true,
        keepNames: true,
        // They go into a file of their own.
        legalComments: "none",
        logLevel: "error",
        ...options,
        metafile: true,
      });
      return metafile;
    }),
  );
  return [...made, page.metafile];
}
