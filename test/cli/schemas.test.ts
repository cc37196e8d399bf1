import Ajv from "ajv/dist/2020";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readRequest, verdictLine } from "../../cli/decide";
import { main } from "../../cli/main";
import { schemaOf, type SchemaName } from "../../cli/schemas";
import { decide, guaranteeKind, meshOf, readGuarantees } from "../../mesh";
import { isJsonObject, parseManifests } from "../../mesh/manifests";
import { capture } from "./capture";

const folder = resolve(__dirname, "../../schemas/v1");
const ajv = new Ajv({ strictTypes: false, allErrors: true });
for (const file of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, file), "utf8")) as object);
const fits = (name: SchemaName, value: unknown): string =>
  ajv.validate(schemaOf(name), value) ? "fits" : ajv.errorsText();

const cases = join(__dirname, "cases");
const files = readdirSync(cases).filter((name) => name.endsWith(".yaml"));

describe("schemas/v1", () => {
  it("check: what the command prints of everything that people reported, and nothing else", async () => {
    let found = 0;
    for (const name of files) {
      const { output } = await capture(() => main(["check", join(cases, name), "--json"]));
      const report = JSON.parse(output) as { findings: object[] };
      expect(fits("check", report), name).toBe("fits");
      found += report.findings.length;
      expect(fits("check", { ...report, more: 1 })).not.toBe("fits");
    }
    expect(found).toBeGreaterThan(50);
  });

  it("guarantee: those that people wrote, and what the command takes for one", () => {
    const objects = files.flatMap((name) =>
      parseAllDocuments(readFileSync(join(cases, name), "utf8")).map((one) => one.toJS() as unknown),
    );
    const guarantees = objects.filter((one) => isJsonObject(one) && one["kind"] === guaranteeKind.kind);
    expect(guarantees.length).toBeGreaterThan(3);
    for (const one of guarantees) expect(fits("guarantee", one)).toBe("fits");
    const guarantee = (spec: unknown) => ({ ...guaranteeKind, metadata: { name: "g" }, spec });
    for (const [spec, good] of [
      [{ never: { from: "outside", to: "shop/cart" } }, true],
      [
        { always: { from: ["a/b"], to: "shop/cart", port: 80, methods: ["GET"], path: "/.*", headers: { a: "b" } } },
        true,
      ],
      [{ never: { from: [], to: "shop/cart" } }, false],
      [{ never: { from: ["a/b"], to: "cart" } }, false],
      [{ never: { from: ["a/b"], to: "shop/cart" }, always: { from: ["a/b"], to: "shop/cart" } }, false],
      [{ always: { from: ["a/b"], to: "shop/cart", port: "80" } }, false],
      [{}, false],
    ] as const) {
      const { objects: read, positions } = parseManifests([{ name: "g.json", text: JSON.stringify(guarantee(spec)) }]);
      expect(readGuarantees(read, positions).problems.length === 0, JSON.stringify(spec)).toBe(good);
      expect(fits("guarantee", guarantee(spec)) === "fits", JSON.stringify(spec)).toBe(good);
    }
    // The command passes over what it does not know; an editor should not.
    expect(fits("guarantee", guarantee({ never: { from: ["a/b"], to: "shop/cart", method: ["GET"] } }))).not.toBe(
      "fits",
    );
  });

  it("request: what the command takes for one, and verdict: what it answers", () => {
    const call = { from: "web/c", to: "s.web:80" };
    for (const fields of [
      {},
      { method: null, headers: null, path: "*" },
      { method: "PUT", path: "/x", host: "h", headers: { a: "1", b: ["2"] }, "server-name": "", principal: "p" },
      { protocol: "udp" },
      { method: 1 },
      { path: "x" },
      { headers: { a: 1 } },
      { from: undefined },
      { to: 80 },
    ]) {
      const line = JSON.stringify({ ...call, ...fields });
      expect(fits("request", JSON.parse(line)) === "fits", line).toBe(!("error" in readRequest(line)));
    }
    for (const name of files) {
      const manifests = parseManifests([{ name, text: readFileSync(join(cases, name), "utf8") }]);
      const mesh = meshOf(manifests);
      for (const { callers, service } of mesh.access().entries) {
        const from = callers[0] ?? "outside";
        const request = {
          from,
          to: `${service.host}:${String(service.port)}`,
          protocol: service.kind ?? "http",
        } as const;
        const verdict: unknown = JSON.parse(JSON.stringify(verdictLine(decide(mesh, request))));
        expect(fits("verdict", verdict), name).toBe("fits");
      }
    }
    expect(fits("verdict", { error: "The line is not JSON." })).toBe("fits");
    expect(fits("verdict", { outcome: "perhaps", status: null, backends: {}, because: [] })).not.toBe("fits");
  });
});
