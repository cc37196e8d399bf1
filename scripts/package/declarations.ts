import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { root } from "./bundles";

/** What each of the package's modules is declared by. */
const entries = {
  index: "components/index",
  policy: "mesh/policy/index",
  analysis: "mesh/index",
} as const;

const host: ts.FormatDiagnosticsHost = {
  getCurrentDirectory: () => root,
  getCanonicalFileName: (name) => name,
  getNewLine: () => "\n",
};

/** The package's modules as the compiler sees them. */
export function readModules(): ts.Program {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.json"), (file) => readFileSync(file, "utf8")).config,
    ts.sys,
    root,
  );
  return ts.createProgram(
    Object.values(entries).map((entry) => join(root, `${entry}.ts`)),
    {
      ...options,
      // `npm test` checks the types; here they are only written down.
      ...{ noCheck: true, noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: root },
    },
  );
}

/**
 * Writes the declarations of the package's modules into a folder.
 *
 * @throws Error with the compiler's words where a type cannot be written down.
 */
export function makeDeclarations(program: ts.Program, folder: string): void {
  const { diagnostics } = program.emit(undefined, (file, text) => {
    const to = join(folder, "types", relative(root, file));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, text);
  });
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, host));
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
