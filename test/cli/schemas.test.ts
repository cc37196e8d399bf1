import Ajv from "ajv/dist/2020";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { accessJson } from "../../cli/access-json";
import { readRequest, verdictJson } from "../../cli/decide";
import { main } from "../../cli/main";
import { schemaOf, type SchemaName } from "../../cli/schemas";
import { readCases } from "../../judge/case-file";
import { callLimits, decide, guaranteeKind, meshOf, readGuarantees } from "../../mesh";
import { isJsonObject, parseManifests } from "../../mesh/manifests";
import { capture } from "./capture";

const folder = resolve(__dirname, "../../schemas/v1");
const ajv = new Ajv({ strictTypes: false, allErrors: true });
for (const file of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, file), "utf8")) as object);
const fits = (name: SchemaName, value: unknown): string =>
  ajv.validate(schemaOf(name), value) ? "fits" : ajv.errorsText();

const cases = join(__dirname, "cases");
const files = readdirSync(cases).filter((name) => name.endsWith(".yaml"));

/** What the command prints as JSON; undefined where it cannot read its input. */
async function printed(...args: readonly string[]): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { output, result } = await capture(() => main(args));
  // Notes come first, on standard error.
  return result === 2 ? undefined : (JSON.parse(output.slice(output.indexOf("{\n"))) as Record<string, unknown>);
}

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

  it("access: what the command prints of them, and of what the real Istio was asked", async () => {
    const read: unknown[] = [];
    for (const name of files) read.push((await printed("access", "--json", join(cases, name))) ?? []);
    for (const { objects } of readCases("istio")) {
      const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
      const manifests = parseManifests([{ name: "case.yaml", text }]);
      read.push(accessJson(meshOf(manifests, [], "istio").access()));
    }
    const reports = read.flat().map((report) => JSON.parse(JSON.stringify(report)) as object);
    for (const report of reports) {
      expect(fits("access", report)).toBe("fits");
      expect(fits("access", { ...report, more: 1 })).not.toBe("fits");
    }
    expect(reports.length).toBeGreaterThan(90);
    const texts = JSON.stringify(reports);
    for (const part of ["varies-by", "weight", "groups", "tls", "also", "except", "sent-on"])
      expect(texts).toContain(`"${part}":`);
  });

  it("diff: what the command prints of one and the next", async () => {
    const kinds = new Set<unknown>();
    for (const [index, name] of files.slice(1).entries()) {
      const report = await printed("diff", "--json", join(cases, files[index] ?? ""), join(cases, name));
      if (report === undefined) continue;
      expect(fits("diff", report), name).toBe("fits");
      for (const { kind } of report["changes"] as { kind: string }[]) kinds.add(kind);
      expect(fits("diff", { ...report, changes: [{ kind: "opened", from: "a/b", to: "c:80" }] })).not.toBe("fits");
    }
    expect(kinds).toContain("opens");
    expect(kinds).toContain("closes");
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

  it("request: what the command takes for one, and verdict: what it answers", async () => {
    const $schema = schemaOf("verdict");
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
        const limits = callLimits(mesh, request);
        const verdict = JSON.parse(JSON.stringify(verdictJson(decide(mesh, request), limits))) as object;
        expect(fits("verdict", { $schema, ...verdict }), name).toBe("fits");
        expect(fits("verdict", { $schema, ...verdict, more: 1 }), name).not.toBe("fits");
      }
    }
    const asked = ["--from", "outside", "--to", "s.web:80", "--json"];
    const explained = await printed("explain", join(cases, "outside-ingress-tls.yaml"), ...asked);
    expect(fits("verdict", explained)).toBe("fits");
    expect(explained).toHaveProperty("outcome");
    expect(fits("verdict", { $schema, error: "The line is not JSON." })).toBe("fits");
    expect(fits("verdict", { $schema, outcome: "perhaps", status: null, backends: {}, because: [] })).not.toBe("fits");
  });
});
