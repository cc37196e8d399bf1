import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { parseAllDocuments, stringify } from "yaml";
import { parseArgs } from "node:util";
import { readCases, requestOf } from "./case-file";
import { judgedMesh } from "./meshes";

/** `tsx judge/record.ts [--mesh istio]`: asks the real mesh about every case and writes its verdicts into the files. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { mesh: { type: "string", default: "osm" } } });
  const judge = await judgedMesh(values.mesh).open((message) => process.stderr.write(`${message}\n`));
  try {
    const cases = readCases(values.mesh === "istio" ? "istio" : "osm");
    const answers = await judge.ask(cases);
    for (const [index, { file, description, error, requests }] of cases.entries()) {
      const answer = answers[index];
      if (error !== undefined) continue;
      if (answer === undefined || "error" in answer) throw new Error(`${file}: ${answer?.error ?? "no answer"}`);
      const recorded = requests.map((request, number) => {
        const verdict = answer.verdicts[number];
        if (verdict?.error !== undefined) throw new Error(`${file}: ${verdict.error}`);
        return { ...requestOf(request), verdict };
      });
      const [, ...manifests] = parseAllDocuments(readFileSync(file, "utf8"));
      const head = stringify({ description, requests: recorded }, { lineWidth: 0 });
      const text = [head, ...manifests.map((document) => String(document).replace(/^---\n/, ""))].join("---\n");
      writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: "yaml" }));
    }
  } finally {
    await judge.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
