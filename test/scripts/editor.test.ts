import { join, resolve } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";

const root = resolve(__dirname, "..", "..");

/** What an editor would underline in a file, as TypeScript's language service tells it with the project's own tsconfig.json. */
function underlined(file: string, text: string): readonly string[] {
  const { options } = configOf("tsconfig.json");
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const content = name === file ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  };
  const service = ts.createLanguageService(host);
  return [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].map(
    ({ start = 0, length = 0, messageText }) =>
      `${text.slice(start, start + length)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
  );
}

function configOf(name: string): ts.ParsedCommandLine {
  const file = join(root, name);
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile) as { config: unknown; error?: ts.Diagnostic };
  expect(error).toBeUndefined();
  return ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, file);
}

const policy = (caller: string): string => `
import { definePolicy } from "../mesh/policy";

export const shop = definePolicy({
  services: {
    cart: { namespace: "shop", serviceAccount: "cart" },
    stock: { namespace: "shop", serviceAccount: "stock", ports: [{ port: 80, protocol: "http" }] },
  },
  routes: { stock: { read: { path: "/items" } } },
  access: [{ name: "cart-reads-stock", from: "${caller}", to: "stock", routes: ["stock/read"] }],
});
`;

describe("an editor", () => {
  let files: readonly string[];
  beforeAll(() => void (files = configOf("tsconfig.json").fileNames));

  it("opens the program with a configuration that checks types", () => {
    const { options } = configOf("tsconfig.json");
    expect(options).toMatchObject({ strict: true });
    expect(options.noCheck).toBeUndefined();
    const folders = new Set(files.map((file) => file.slice(root.length + 1).split("/")[0]));
    expect([...folders]).toEqual(expect.arrayContaining(["index.ts", "stacks", "components", "mesh", "cli"]));
  });

  it("underlines a misspelt service while it is typed", () => {
    const file = join(root, "stacks", "typed-in-an-editor.ts");
    expect(underlined(file, policy("cart"))).toEqual([]);
    const [error, ...others] = underlined(file, policy("cort"));
    expect(others).toEqual([]);
    expect(error).toMatch(/^from: Type '"cort"' is not assignable to type .*"cart"/);
  });
});
