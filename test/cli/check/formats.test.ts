import sarifSchema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";
import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, type Result } from "sarif";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../../cli/main";
import { capture } from "../capture";

const cases = join(__dirname, "..", "cases");
// The schema has patterns that are no Unicode ones.
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats(ajv);
const isSarif = ajv.compile(sarifSchema);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-check-"));
  vi.stubEnv("GITHUB_WORKSPACE", folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const run = async (...args: readonly string[]) => {
  const { result, output } = await capture(() => main(["check", ...args]));
  return { code: result, output };
};
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
async function sarif(...files: readonly string[]): Promise<Log> {
  const { output } = await run(...files, "--format", "sarif");
  return JSON.parse(output) as Log;
}
const results = (log: Log): readonly Result[] => log.runs[0]?.results ?? [];

/** A port that OSM takes for HTTP, which is a warning, and a guarantee that does not hold. */
const service = `apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ name: mongodb, port: 27017 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: db, namespace: shop }
spec: { template: { metadata: { labels: { app: db } }, spec: { serviceAccountName: db } } }
`;
const target = `---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: all, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: db, namespace: shop }
  sources: [{ kind: ServiceAccount, name: cart, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: routes, matches: [any] }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: routes, namespace: shop }
spec: { matches: [{ name: any, pathRegex: .* }] }
`;
const guarantee = `---
apiVersion: aks-mesh/v1alpha1
kind: Guarantee
metadata: { name: closed, namespace: shop }
spec: { never: { from: ["*"], to: shop/db } }
`;

describe("check --format sarif", () => {
  it("is SARIF 2.1.0 by its official schema, for all that people reported", async () => {
    expect(isSarif({ version: "2.1.0", runs: [{ tool: {} }] })).toBe(false);
    let found = 0;
    for (const name of readdirSync(cases).filter((one) => one.endsWith(".yaml"))) {
      const log = await sarif(join(cases, name));
      expect(isSarif(log), `${name}: ${ajv.errorsText(isSarif.errors)}`).toBe(true);
      found += results(log).length;
    }
    expect(found).toBeGreaterThan(50);
  });

  it("says where, what, what shows it and what to write instead", async () => {
    const log = await sarif(write("all here.yaml", service + target + guarantee));
    const broken = results(log).find(({ ruleId }) => ruleId === "broken-guarantee");
    expect(broken).toMatchObject({
      level: "error",
      message: {
        text: expect.stringMatching(/must never pass is allowed.* Shown by: shop\/cart → .*Remedy: /) as string,
      },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "all%20here.yaml", uriBaseId: "%SRCROOT%" },
            region: { startLine: 24, startColumn: 1 },
          },
          logicalLocations: [{ fullyQualifiedName: "Guarantee closed" }],
        },
      ],
    });
    const rules = log.runs[0]?.tool.driver.rules ?? [];
    expect(rules[broken?.ruleIndex ?? -1]).toMatchObject({
      id: "broken-guarantee",
      help: { text: expect.stringContaining("until the guarantee holds") as string },
    });
  });

  it("knows a finding again after its lines have moved, and another one for another", async () => {
    const prints = async (text: string) =>
      results(await sarif(write("moving.yaml", text))).map(
        ({ partialFingerprints }) => partialFingerprints?.["aksMesh/v1"],
      );
    const before = await prints(service + target + guarantee);
    expect(new Set(before).size).toBe(before.length);
    expect(before.length).toBeGreaterThan(1);
    expect(await prints(`# one\n# two\n${service}${target}${guarantee}`)).toEqual(before);
    expect(await prints((service + target + guarantee).replaceAll("name: db", "name: mongo"))).not.toEqual(before);
  });

  it("names no file outside of the checkout", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "aks-mesh-elsewhere-"));
    try {
      writeFileSync(join(elsewhere, "all.yaml"), service + target + guarantee);
      const [first] = results(await sarif(join(elsewhere, "all.yaml")));
      expect(first?.locations?.[0]).not.toHaveProperty("physicalLocation");
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it("makes no link of what manifests say", async () => {
    const log = await sarif(
      write("link.yaml", `${service}${target.replace("pathRegex: .*", 'pathRegex: "[click](https://evil.example"')}`),
    );
    const texts = results(log).map(({ message }) => message.text);
    expect(texts.join("\n")).toContain("\\[click\\](https");
  });
});

describe("check --format github", () => {
  it("puts each finding on its line", async () => {
    const { output, code } = await run(write("github.yaml", service + target + guarantee), "--format", "github");
    expect(code).toBe(1);
    const lines = output.trimEnd().split("\n");
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^::error file=github\.yaml,line=24,col=1,title=Guarantee closed \(broken-guarantee\)::It is broken: .*%0AShown by: .*%0ARemedy: /,
      ),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^::warning file=github\.yaml,line=4,col=\d+,title=.*port-read-as-http/),
    );
  });

  it("lets nothing in a manifest, or in its file's name, become a command or a property of its own", async () => {
    const evil = "x\\n::set-output name=a::b,line=1::c%0Ad";
    const file = write(
      "a,line=9::b\n::error::c.yaml",
      `apiVersion: v1\nkind: "${evil}"\nmetadata: { name: 1 }\n${service}`,
    );
    const { output, code } = await run(file, "--format", "github");
    expect(code).toBe(2);
    const lines = output.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^::(error|warning) ([a-z]+=[^:,\r\n]*)(,[a-z]+=[^:,\r\n]*)*::/);
    expect(output).toContain("file=a%2Cline=9%3A%3Ab%0A%3A%3Aerror%3A%3Ac.yaml,");
    expect(output).not.toContain("%0Ad");
  });
});

describe("check --fail-on", () => {
  it.each<[string, string, readonly string[], number]>([
    ["a warning", service, [], 0],
    ["a warning", service, ["--fail-on", "warning"], 1],
    ["an error", service + target + guarantee, [], 1],
    ["an error", service + target + guarantee, ["--fail-on", "never"], 0],
    ["what cannot be read", "a: [b\n", ["--fail-on", "never"], 2],
  ])("ends %s as it says: %#", async (_, text, options, code) => {
    for (const format of ["text", "json", "sarif", "github"]) {
      expect((await run(write("codes.yaml", text), "--format", format, ...options)).code, format).toBe(code);
    }
  });

  it("is one of three, and so are the formats of four", async () => {
    const file = write("codes.yaml", service);
    expect((await run(file, "--fail-on", "errors")).output).toContain("write one of error, warning, never");
    expect((await run(file, "--format", "xml")).output).toContain("write one of text, json, sarif, github");
    expect((await run(file, "--json", "--format", "text")).code).toBe(2);
    expect((await run(file, "--fail-onn", "error")).output).toContain("Did you mean --fail-on?");
  });
});
