import { resolve } from "node:path";
import ts from "typescript";
import { root } from "./bundles";

/** A type in a Pulumi package schema. */
export interface TypeSpec {
  type?: "string" | "number" | "boolean" | "array" | "object";
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
  oneOf?: TypeSpec[];
  /** Whether the value has to be known when the program runs. */
  plain?: true | undefined;
}

/** A property of a resource or of an object type. */
export interface PropertySpec extends TypeSpec {
  description?: string;
}

/** An object type, or the part of a resource that is like one. */
export interface ObjectSpec {
  description?: string;
  type: "object";
  properties: Record<string, PropertySpec>;
  required?: string[];
}

/** A component. */
export interface ResourceSpec extends Omit<ObjectSpec, "type"> {
  isComponent: true;
  inputProperties: Record<string, PropertySpec>;
  requiredInputs?: string[];
}

/** A Pulumi package schema, as far as ours has one. */
export interface PackageSchema {
  name: string;
  version: string;
  description: string;
  license: string;
  resources: Record<string, ResourceSpec>;
  types: Record<string, ObjectSpec>;
  language: Record<string, object>;
}

/** A type, and the texts that a text may be. */
interface Said extends TypeSpec {
  choices?: readonly string[] | undefined;
}

const anything: TypeSpec = { $ref: "pulumi.json#/Any" };

/** Names that two declarations would share otherwise: in other languages an object type and a policy's own have one name space. */
const otherNames: Readonly<Record<string, string>> = { PolicyArgs: "PolicyObject" };

/** The types that resources refer to: a choice that became anything leaves some behind that nothing has. */
function reached(resources: object, types: Readonly<Record<string, ObjectSpec>>): Record<string, ObjectSpec> {
  const found: Record<string, ObjectSpec> = {};
  const reach = (from: object): void => {
    for (const [, name = ""] of JSON.stringify(from).matchAll(/"#\/types\/([^"]+)"/g)) {
      const type = types[name];
      if (type === undefined || Object.hasOwn(found, name)) continue;
      found[name] = type;
      reach(type);
    }
  };
  reach(resources);
  return found;
}

/**
 * The schema of the components that components/index.ts exports, for programs in other languages. What only TypeScript can say gets the
 * nearest form: of a value or a function the value, of a choice of texts a text, of a type of another package anything.
 */
export function packageSchema(
  program: ts.Program,
  about: Pick<PackageSchema, "name" | "version" | "description" | "license">,
): PackageSchema {
  const checker = program.getTypeChecker();
  const types: Record<string, ObjectSpec> = {};
  const declared = new Map<string, ts.Node>();

  const index = program.getSourceFile(resolve(root, "components", "index.ts"));
  const module = index && checker.getSymbolAtLocation(index);
  if (module === undefined) throw new Error("components/index.ts is not among the files of the program.");
  const resources: Record<string, ResourceSpec> = {};
  for (const symbol of checker.getExportsOfModule(module)) {
    const aliased = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declaration = aliased.valueDeclaration;
    if (declaration !== undefined && ts.isClassDeclaration(declaration) && isComponent(declaration)) {
      resources[`${about.name}:index:${symbol.name}`] = component(declaration);
    }
  }
  return {
    ...about,
    resources,
    types: reached(resources, types),
    language: { python: { respectSchemaVersion: true }, nodejs: { respectSchemaVersion: true } },
  };

  function isComponent(declaration: ts.ClassDeclaration): boolean {
    return (declaration.heritageClauses ?? []).some(({ types: parents }) =>
      parents.some(({ expression }) => expression.getText().endsWith("ComponentResource")),
    );
  }

  function component(declaration: ts.ClassDeclaration): ResourceSpec {
    const [, args] = declaration.members.find(ts.isConstructorDeclaration)?.parameters ?? [];
    const name = declaration.name?.text ?? "";
    if (args?.type === undefined) throw new Error(`${name} takes no arguments.`);
    const { properties: inputProperties, required: requiredInputs } = object(propertiesOf(args.type), name);
    const outputs = declaration.members.filter(ts.isPropertyDeclaration).filter(({ type }) => type && isOutput(type));
    const { properties, required } = object(outputs, name);
    return {
      isComponent: true,
      description: docOf(declaration),
      properties,
      ...(required && { required }),
      inputProperties,
      ...(requiredInputs && { requiredInputs }),
    };
  }

  function isOutput(node: ts.TypeNode): boolean {
    return ts.isTypeReferenceNode(node) && /^(pulumi\.)?Output$/.test(node.typeName.getText());
  }

  /** The declarations of an interface's properties, inherited ones too. */
  function propertiesOf(node: ts.Node): readonly ts.TypeElement[] {
    const symbols = checker.getPropertiesOfType(checker.getTypeAtLocation(node));
    return symbols.flatMap(({ declarations = [] }) => declarations.filter(ts.isPropertySignature));
  }

  function object(
    members: readonly (ts.TypeElement | ts.PropertyDeclaration)[],
    name: string,
  ): Pick<ObjectSpec, "properties" | "required"> {
    const properties: Record<string, PropertySpec> = {};
    const required: string[] = [];
    for (const member of members) {
      if (!(ts.isPropertySignature(member) || ts.isPropertyDeclaration(member)) || member.type === undefined) continue;
      const property = member.name.getText();
      const { choices, ...spec } =
        typeOf(member.type, `${name}${property[0]?.toUpperCase() ?? ""}${property.slice(1)}`) ?? {};
      if (spec.type === undefined && spec.$ref === undefined && spec.oneOf === undefined) continue;
      const oneOf =
        choices === undefined ? undefined : `One of ${choices.map((choice) => `\`${choice}\``).join(", ")}.`;
      const description = [docOf(member), oneOf].filter((part) => part !== undefined).join(" ");
      properties[property] = { ...spec, ...(description !== "" && { description }) };
      if (member.questionToken === undefined) required.push(property);
    }
    return { properties, ...(required.length > 0 && { required }) };
  }

  /** A type, with the texts that a text may be. Undefined where there is nothing that another language could say. */
  function typeOf(node: ts.TypeNode, place: string): Said | undefined {
    if (ts.isParenthesizedTypeNode(node)) return typeOf(node.type, place);
    if (ts.isTypeOperatorNode(node)) return typeOf(node.type, place);
    if (ts.isFunctionTypeNode(node)) return undefined;
    if (ts.isArrayTypeNode(node)) return arrayOf(node.elementType, place);
    if (ts.isTypeLiteralNode(node)) return named(place, node, node.members);
    if (ts.isUnionTypeNode(node)) return unionOf(node, place);
    if (ts.isMappedTypeNode(node)) return node.type && recordOf(node.type, place);
    if (ts.isTypeReferenceNode(node)) return referenceTo(node, place);
    return primitive(checker.getTypeFromTypeNode(node));
  }

  function withoutChoices(spec: Said): TypeSpec {
    const { choices, ...type } = spec;
    return choices === undefined ? spec : type;
  }

  function specOf(node: ts.TypeNode, place: string): TypeSpec {
    return withoutChoices(typeOf(node, place) ?? anything);
  }

  function plain(spec: TypeSpec): TypeSpec {
    return { ...spec, plain: true };
  }

  function primitive(type: ts.Type): Said {
    const known = type.isTypeParameter() ? (type.getConstraint() ?? type) : type;
    const parts = known.isUnion() ? known.types : [known];
    const texts = parts.flatMap((part) => (part.isStringLiteral() ? [part.value] : []));
    if (texts.length === parts.length) return { ...plain({ type: "string" }), choices: texts };
    const all = (flag: ts.TypeFlags): boolean => parts.every(({ flags }) => (flags & flag) !== 0);
    if (all(ts.TypeFlags.StringLike)) return plain({ type: "string" });
    if (all(ts.TypeFlags.NumberLike)) return plain({ type: "number" });
    if (all(ts.TypeFlags.BooleanLike)) return plain({ type: "boolean" });
    return anything;
  }

  function arrayOf(element: ts.TypeNode, place: string): TypeSpec | undefined {
    return plain({ type: "array", items: specOf(element, place) });
  }

  function recordOf(value: ts.TypeNode, place: string): TypeSpec {
    return plain({ type: "object", additionalProperties: specOf(value, place) });
  }

  function unionOf(node: ts.UnionTypeNode, place: string): Said | undefined {
    if (node.types.some(ts.isTypeLiteralNode)) return anything;
    const said = node.types.flatMap((part) => typeOf(part, place) ?? []);
    const [first, ...others] = said;
    if (others.length === 0) return first;
    if (said.every(({ choices }) => choices !== undefined)) {
      return { ...plain({ type: "string" }), choices: said.flatMap(({ choices = [] }) => choices) };
    }
    // A text or a list of texts is a choice that other languages have; a choice of objects is not.
    const simple = said.every(({ type }) => type === "string" || type === "array");
    return simple ? plain({ oneOf: said.map(withoutChoices) }) : anything;
  }

  function referenceTo(node: ts.TypeReferenceNode, place: string): Said | undefined {
    const name = node.typeName.getText().replace(/^pulumi\./, "");
    const [first, second] = node.typeArguments ?? [];
    if ((name === "Input" || name === "Output") && first !== undefined) {
      return { ...typeOf(first, place), plain: undefined };
    }
    if (name === "Record" && second !== undefined) return recordOf(second, place);
    if (name === "ReadonlyArray" && first !== undefined) return arrayOf(first, place);
    if (name === "Readonly" && first !== undefined) return typeOf(first, place);
    const symbol = checker.getSymbolAtLocation(node.typeName);
    const aliased = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declaration = (aliased?.declarations ?? []).find(
      (one) => ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one),
    );
    if (declaration === undefined) return primitive(checker.getTypeFromTypeNode(node));
    // What other packages declare, Kubernetes' objects for instance, is taken as it comes.
    if (
      !declaration.getSourceFile().fileName.startsWith(root) ||
      declaration.getSourceFile().fileName.includes("/node_modules/")
    )
      return anything;
    if (ts.isInterfaceDeclaration(declaration)) {
      return named(declaration.name.text, declaration, propertiesOf(declaration), docOf(declaration));
    }
    if (ts.isTypeAliasDeclaration(declaration) && ts.isTypeLiteralNode(declaration.type)) {
      return named(declaration.name.text, declaration, declaration.type.members, docOf(declaration));
    }
    const known = primitive(checker.getTypeFromTypeNode(node));
    return known.type === undefined &&
      ts.isTypeAliasDeclaration(declaration) &&
      declaration.typeParameters === undefined
      ? typeOf(declaration.type, place)
      : known;
  }

  function named(
    name: string,
    declaration: ts.Node,
    members: readonly ts.TypeElement[],
    description?: string,
  ): TypeSpec {
    const type = otherNames[name] ?? name.replace(/Args$/, "");
    const earlier = declared.get(type);
    if (earlier !== undefined && earlier !== declaration) {
      throw new Error(`Two types would be called ${type}: those of ${earlier.getText()} and ${declaration.getText()}.`);
    }
    if (earlier === undefined) {
      declared.set(type, declaration);
      types[`${about.name}:index:${type}`] = {
        type: "object",
        ...(description && { description }),
        ...object(members, type),
      };
    }
    return plain({ $ref: `#/types/${about.name}:index:${type}` });
  }

  function docOf(node: ts.Node): string | undefined {
    const text = ts
      .getJSDocCommentsAndTags(node)
      .filter(ts.isJSDoc)
      .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
      .join("\n");
    return text === "" ? undefined : text;
  }
}
