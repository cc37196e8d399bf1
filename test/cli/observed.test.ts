import Ajv from "ajv/dist/2020";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { main } from "../../cli/main";
import { capture } from "./capture";

const manifests = join(__dirname, "..", "..", "docs", "plan-access.yaml");
const schema = JSON.parse(readFileSync(resolve(__dirname, "../../schemas/v1/observed.json"), "utf8")) as object;

let server: Server | undefined;
afterEach(() => {
  vi.unstubAllEnvs();
  server?.close();
  server = undefined;
});

/** A Prometheus in its answers: these series for whatever asks for requests, and none of connections. */
async function prometheus(answer: { status?: number; body: unknown }): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const query = new URLSearchParams(Buffer.concat(chunks).toString()).get("query") ?? "";
      asked.push(`${request.headers.authorization ?? ""} ${query}`.trim());
      const nothing = { status: "success", data: { resultType: "vector", result: [] } };
      response.statusCode = answer.status ?? 200;
      response.end(
        typeof answer.body === "string"
          ? answer.body
          : JSON.stringify(query.includes("connections") ? nothing : answer.body),
      );
    });
  });
  await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prom/`, asked };
}

function series(labels: Readonly<Record<string, string>>, value = "1.5"): unknown {
  return { status: "success", data: { resultType: "vector", result: [{ metric: labels, value: [0, value] }] } };
}

const stranger = {
  source_namespace: "shop",
  source_workload: "stranger",
  destination_namespace: "shop",
  destination_service: "cart",
  destination_port: "80",
  response_code: "200",
};

it("asks for what was recorded, and prints data that fits its schema", async () => {
  const { address, asked } = await prometheus({ body: series(stranger) });
  vi.stubEnv("PROMETHEUS_TOKEN", "secret");
  const { output, result } = await capture(() =>
    main(["observed", manifests, "--prometheus", address, "--since", "2h", "--json"]),
  );
  expect(result).toBe(0);
  expect(asked.sort()).toEqual([
    expect.stringContaining(
      "Bearer secret sum by (source_namespace, source_workload, destination_namespace, destination_service, destination_port) (max_over_time(mesh:connections:rate2m[2h])) > 0",
    ),
    expect.stringContaining("max_over_time(mesh:requests:rate2m[2h])"),
  ]);
  const report = JSON.parse(output.slice(output.indexOf("{\n"))) as { unknown: string[] };
  expect(report.unknown).toEqual(["shop/stranger"]);
  const ajv = new Ajv({ strictTypes: false });
  expect(ajv.validate(schema, report), ajv.errorsText()).toBe(true);
});

it.each([
  ["no Prometheus", [], "Say which Prometheus has the counts"],
  ["no address", ["--prometheus", "localhost"], "The address of a Prometheus is one such as"],
  ["no duration", ["--prometheus", "http://localhost:1", "--since", "long"], "--since takes a duration such as"],
  ["nobody", ["--prometheus", "http://127.0.0.1:1"], "does not answer"],
])("refuses %s", async (_, args, said) => {
  const { output, result } = await capture(() => main(["observed", manifests, ...args]));
  expect(result).toBe(2);
  expect(output).toContain(said);
});

it.each([
  [{ body: "<html>" }, "is no Prometheus"],
  [{ status: 400, body: { status: "error", error: "parse error" } }, "does not answer the query: parse error"],
  [{ status: 401, body: "" }, "set PROMETHEUS_TOKEN"],
])("says what is wrong with the answer %j", async (answer, said) => {
  const { address } = await prometheus(answer);
  const { output, result } = await capture(() => main(["observed", manifests, "--prometheus", address]));
  expect(result).toBe(2);
  expect(output).toContain(said);
});

it("does not send a token in the clear", async () => {
  vi.stubEnv("PROMETHEUS_TOKEN", "secret");
  const { output, result } = await capture(() =>
    main(["observed", manifests, "--prometheus", "http://metrics.example"]),
  );
  expect(result).toBe(2);
  expect(output).toContain("would be sent in the clear");
});
