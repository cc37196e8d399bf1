import * as rpc from "@pulumi/pulumi/runtime/rpc";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { describe, expect, test } from "vitest";
import { Secret, unknown, type PropertyMap } from "../../../../sandbox/providers/protocol";
import {
  marshalProperties,
  signatureKey,
  signatures,
  unknownString,
  unmarshalProperties,
} from "../../../../sandbox/providers/protocol/wire-format";

const fromWire = (wire: { [key: string]: JavaScriptValue }): PropertyMap =>
  unmarshalProperties(Struct.fromJavaScript(wire));

describe("constants", () => {
  test("are those of the installed SDK", () => {
    expect(signatureKey).toBe(rpc.specialSigKey);
    expect(unknownString).toBe(rpc.unknownValue);
    expect(signatures).toEqual({
      asset: rpc.specialAssetSig,
      archive: rpc.specialArchiveSig,
      secret: rpc.specialSecretSig,
      resource: rpc.specialResourceSig,
      output: rpc.specialOutputValueSig,
    });
  });
});

describe("round trip", () => {
  test("keeps every kind of value", () => {
    const properties: PropertyMap = {
      none: null,
      flag: false,
      zero: 0,
      text: "",
      list: [1, "two", [true]],
      map: { "a.b/c": { deep: unknown } },
      password: new Secret({ value: "x", later: unknown }),
    };
    expect(unmarshalProperties(marshalProperties(properties))).toEqual(properties);
  });

  test("writes a secret as the SDK reads it", () => {
    const wire = marshalProperties({ password: new Secret("x") }).toJavaScript();
    expect(wire["password"]).toEqual({ [signatureKey]: signatures.secret, value: "x" });
  });
});

describe("reading", () => {
  test("no properties at all", () => {
    expect(unmarshalProperties(undefined)).toEqual({});
  });

  test("unknowns of every type the engine has", () => {
    const numberUnknown = "3eeb2bf0-c639-47a8-9e75-3b44932eb421";
    expect(fromWire({ a: unknownString, b: [numberUnknown] })).toEqual({ a: unknown, b: [unknown] });
  });

  test("output values become their value, secret or unknown", () => {
    const output = (fields: { [key: string]: JavaScriptValue }): JavaScriptValue => ({
      [signatureKey]: signatures.output,
      ...fields,
    });
    expect(
      fromWire({
        known: output({ value: "v" }),
        secret: output({ value: "v", secret: true }),
        unknown: output({}),
        unknownSecret: output({ secret: true }),
      }),
    ).toEqual({ known: "v", secret: new Secret("v"), unknown, unknownSecret: new Secret(unknown) });
  });

  test("resource references become ids, or unknown while there is none", () => {
    const reference = (id: string): JavaScriptValue => ({ [signatureKey]: signatures.resource, urn: "urn:x", id });
    expect(fromWire({ known: reference("/subscriptions/s"), planned: reference("") })).toEqual({
      known: "/subscriptions/s",
      planned: unknown,
    });
  });

  test("an asset is refused with the path of the property", () => {
    const asset = { [signatureKey]: signatures.asset, text: "x" };
    expect(() => fromWire({ files: [{ source: asset }] })).toThrow(/^files\[0\]\.source: assets and archives/);
  });

  test("a signature nobody knows is refused", () => {
    expect(() => fromWire({ odd: { [signatureKey]: "0000" } })).toThrow(/^odd: .*0000/);
  });
});
