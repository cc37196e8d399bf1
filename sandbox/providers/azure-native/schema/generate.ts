/**
 * Writes schema.json from the declarations of the installed @pulumi/azure-native: which inputs and outputs a resource type has, of
 * what type, which are required, and the API version behind it. Run it after the SDK's version or the table of resource types
 * changed: `npx tsx sandbox/providers/azure-native/schema/generate.ts`. A test fails when schema.json is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { resourceTypes } from "../resource-types";
import { type ObjectSchema, type ResourceSchema, type Schema, type TypeReference } from "./schema";

const sdk = dirname(require.resolve("@pulumi/azure-native/package.json"));

/** Reads the SDK's declarations of all resource types in the table. */
export function generateSchema(): Schema {
  const nestedDeclarations = new Map([...readNestedDeclarations("input"), ...readNestedDeclarations("output")]);
  const types: Record<string, ObjectSchema> = {};
  const pending: string[] = [];
  const need = (name: string): void => {
    if (types[name] !== undefined || pending.includes(name)) return;
    pending.push(name);
  };

  const resources: Record<string, ResourceSchema> = {};
  for (const token of Object.keys(resourceTypes).sort()) resources[token] = readResource(token, need);
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const declaration = nestedDeclarations.get(name);
    if (declaration === undefined) throw new Error(`The SDK declares no type ${name}.`);
    types[name] = readObject(declaration, need);
  }
  const sortedTypes = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { resources, types: sortedTypes };
}

/** The text of schema.json: one type a line, so that a change of the SDK's version can be read. */
export function formatSchema(schema: Schema): string {
  const lines = (section: Readonly<Record<string, unknown>>): string =>
    Object.entries(section)
      .map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",\n");
  return `{\n  "resources": {\n${lines(schema.resources)}\n  },\n  "types": {\n${lines(schema.types)}\n  }\n}\n`;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
}

function readResource(token: string, need: (name: string) => void): ResourceSchema {
  const [, module = "", name = ""] = token.split(":");
  const file = parse(join(sdk, module, `${name.charAt(0).toLowerCase()}${name.slice(1)}.d.ts`));
  const apiVersion = /Uses Azure REST API version ([\w-]+)/.exec(file.text)?.[1];
  const args = file.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === `${name}Args`);
  const resource = file.statements.find((node) => ts.isClassDeclaration(node) && node.name?.text === name);
  if (apiVersion === undefined || args === undefined || resource === undefined) {
    throw new Error(`${token}: ${file.fileName} does not look like a generated resource.`);
  }
  if (!ts.isInterfaceDeclaration(args) || !ts.isClassDeclaration(resource)) throw new Error(`${token}: not declared.`);
  return { apiVersion, inputs: readObject(args, need), outputs: readOutputs(resource, need) };
}

function readOutputs(resource: ts.ClassDeclaration, need: (name: string) => void): Record<string, TypeReference> {
  return Object.fromEntries(
    resource.members.filter(ts.isPropertyDeclaration).flatMap((member) => {
      const output = member.type;
      if (output === undefined || !ts.isTypeReferenceNode(output)) return [];
      const [type] = output.typeArguments ?? [];
      if (output.typeName.getText() !== "pulumi.Output" || type === undefined) return [];
      return [[member.name.getText(), readType(type, need)]];
    }),
  );
}

/** All declarations of types/input.d.ts or types/output.d.ts by `module.Name`. */
function readNestedDeclarations(direction: "input" | "output"): Map<string, ts.InterfaceDeclaration> {
  const declarations = new Map<string, ts.InterfaceDeclaration>();
  for (const statement of parse(join(sdk, "types", `${direction}.d.ts`)).statements) {
    if (!ts.isModuleDeclaration(statement) || statement.body === undefined || !ts.isModuleBlock(statement.body))
      continue;
    for (const member of statement.body.statements) {
      if (ts.isInterfaceDeclaration(member)) declarations.set(`${statement.name.text}.${member.name.text}`, member);
    }
  }
  return declarations;
}

function readObject(declaration: ts.InterfaceDeclaration, need: (name: string) => void): ObjectSchema {
  const members = declaration.members.filter(ts.isPropertySignature);
  return {
    required: members.filter((member) => member.questionToken === undefined).map((member) => member.name.getText()),
    properties: Object.fromEntries(
      members.map((member) => [member.name.getText(), member.type === undefined ? "any" : readType(member.type, need)]),
    ),
  };
}

/** A type as schema.ts writes it: a basic type or the name of an object type, then `[]` or `{}` for each container around it. */
function readType(node: ts.TypeNode, need: (name: string) => void): string {
  if (ts.isUnionTypeNode(node)) {
    const options = new Set(
      node.types.filter((type) => type.kind !== ts.SyntaxKind.UndefinedKeyword).map((type) => readType(type, need)),
    );
    const [only] = options;
    return options.size === 1 && only !== undefined ? only : "any";
  }
  if (ts.isArrayTypeNode(node)) return `${readType(node.elementType, need)}[]`;
  if (ts.isTypeLiteralNode(node)) {
    const [index] = node.members;
    return index !== undefined && ts.isIndexSignatureDeclaration(index) ? `${readType(index.type, need)}{}` : "any";
  }
  if (ts.isTypeReferenceNode(node)) {
    const name = node.typeName.getText();
    const [argument] = node.typeArguments ?? [];
    if (name === "pulumi.Input" && argument !== undefined) return readType(argument, need);
    if (name.startsWith("enums.")) return "string";
    const nested = /^(?:inputs|outputs)\.(.+)$/.exec(name)?.[1];
    if (nested !== undefined) {
      need(nested);
      return nested;
    }
    return "any";
  }
  if (node.kind === ts.SyntaxKind.StringKeyword) return "string";
  if (node.kind === ts.SyntaxKind.NumberKeyword) return "number";
  if (node.kind === ts.SyntaxKind.BooleanKeyword) return "boolean";
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return "string";
  return "any";
}

if (require.main === module) writeFileSync(join(__dirname, "schema.json"), formatSchema(generateSchema()));
