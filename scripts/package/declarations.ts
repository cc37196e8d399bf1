import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./bundles";

/** What each of the package's modules is declared by. */
const entries = {
  index: "components/index",
  policy: "mesh/policy/index",
  analysis: "mesh/index",
} as const;

/**
 * Writes the declarations of the package's modules into a folder.
 *
 * @throws Error with the compiler's words where types are wrong.
 */
export function makeDeclarations(folder: string): void {
  const directory = mkdtempSync(join(root, "node_modules", ".cache-package-"));
  try {
    const project = join(directory, "tsconfig.json");
    const settings = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        // `npm test` checks the types; here they are only written down.
        noCheck: true,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: root,
        outDir: join(folder, "types"),
      },
      files: Object.values(entries).map((entry) => join(root, `${entry}.ts`)),
      include: [],
    };
    writeFileSync(project, JSON.stringify(settings));
    execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", project], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  for (const [module, entry] of Object.entries(entries)) {
    writeFileSync(join(folder, `${module}.d.ts`), `export * from "./types/${entry}";\n`);
  }
  removeUnreached(folder);
}

/** Removes the declarations that none of the package's modules leads to: most of them, of what only the code uses. */
function removeUnreached(folder: string): void {
  const reached = new Set<string>();
  const reach = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/(?:\bfrom |\bimport\()"(\.[^"]*)"/g)) {
      const at = join(dirname(file), name);
      reach(existsSync(`${at}.d.ts`) ? `${at}.d.ts` : join(at, "index.d.ts"));
    }
  };
  for (const module of Object.keys(entries)) reach(join(folder, `${module}.d.ts`));
  for (const file of readdirSync(join(folder, "types"), { recursive: true, encoding: "utf8" })) {
    const at = join(folder, "types", file);
    if (file.endsWith(".d.ts") && !reached.has(at)) rmSync(at);
  }
}
