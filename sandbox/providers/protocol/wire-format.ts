/**
 * Property values on the wire: `google.protobuf.Struct`, in which Pulumi writes what JSON lacks as objects with a signature and
 * unknowns as fixed strings. The constants are Pulumi's (`@pulumi/pulumi/runtime/rpc`, sdk/go/common/resource/plugin/rpc.go),
 * repeated here because importing that module loads the whole SDK, which costs most of a provider's start-up time.
 */
import { Struct, Value, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { Secret, isPropertyArray, unknown, type PropertyMap, type PropertyValue } from "./property-value";

/** The key that makes an object on the wire something else than an object; its value says what. */
export const signatureKey = "4dabf18193072939515e22adb298388d";

/** The values of {@link signatureKey}. */
export const signatures = {
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  secret: "1b47061264138c4ac30d75fd1eb44270",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
} as const;

/** The string for an unknown of any type: what we write. */
export const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine has one string for each type of unknown; all of them are read. */
const unknownStrings: ReadonlySet<string> = new Set([
  unknownString,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/**
 * Reads a property map. Output values become their value, secret or unknown; a resource reference becomes its id.
 *
 * @throws Error when there is an asset or an archive in it, naming the property: no resource of ours takes one.
 */
export function unmarshalProperties(properties: Struct | undefined): PropertyMap {
  return properties === undefined ? {} : unmarshalStruct(properties, "");
}

/** Writes a property map. */
export function marshalProperties(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(marshalMembers(properties));
}

function unmarshalStruct(struct: Struct, path: string): PropertyMap {
  return Object.fromEntries(
    struct
      .getFieldsMap()
      .getEntryList()
      .map(([key]) => [key, unmarshalMember(struct, key, path === "" ? key : `${path}.${key}`)]),
  );
}

function unmarshalMember(struct: Struct, key: string, path: string): PropertyValue {
  const value = struct.getFieldsMap().get(key);
  return value === undefined ? unknown : unmarshalValue(value, path);
}

function unmarshalValue(value: Value, path: string): PropertyValue {
  switch (value.getKindCase()) {
    case Value.KindCase.STRING_VALUE: {
      const text = value.getStringValue();
      return unknownStrings.has(text) ? unknown : text;
    }
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case Value.KindCase.LIST_VALUE: {
      const elements = value.getListValue()?.getValuesList() ?? [];
      return elements.map((element, index) => unmarshalValue(element, `${path}[${index}]`));
    }
    case Value.KindCase.STRUCT_VALUE:
      return unmarshalObject(value.getStructValue() ?? new Struct(), path);
    case Value.KindCase.NULL_VALUE:
    case Value.KindCase.KIND_NOT_SET:
      return null;
  }
}

function unmarshalObject(object: Struct, path: string): PropertyValue {
  const signature = object.getFieldsMap().get(signatureKey)?.getStringValue();
  switch (signature) {
    case undefined:
      return unmarshalStruct(object, path);
    case signatures.secret:
      return new Secret(unmarshalMember(object, "value", path));
    case signatures.output: {
      const inner = unmarshalMember(object, "value", path);
      return object.getFieldsMap().get("secret")?.getBoolValue() === true ? new Secret(inner) : inner;
    }
    case signatures.resource: {
      const id = unmarshalMember(object, object.getFieldsMap().has("id") ? "id" : "urn", path);
      return id === "" ? unknown : id;
    }
    case signatures.asset:
    case signatures.archive:
      throw new Error(`${path}: assets and archives are not supported here; write the text itself.`);
    default:
      throw new Error(`${path}: a value of an unknown kind (signature ${JSON.stringify(signature)}).`);
  }
}

function marshalMembers(members: PropertyMap): { [key: string]: JavaScriptValue } {
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, marshalValue(member)]));
}

function marshalValue(value: PropertyValue): JavaScriptValue {
  if (value === unknown) return unknownString;
  if (value instanceof Secret) return { [signatureKey]: signatures.secret, value: marshalValue(value.value) };
  if (isPropertyArray(value)) return value.map(marshalValue);
  if (typeof value === "object" && value !== null) return marshalMembers(value);
  return value;
}
