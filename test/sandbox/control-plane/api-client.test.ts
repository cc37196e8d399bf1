import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureCertificate } from "../../../sandbox/arm";
import { apiClient } from "../../../sandbox/control-plane/api-client";

/** What a server answers to one call after another; the last again and again. */
async function answered(answers: readonly { readonly status: number; readonly retryAfter?: string }[]) {
  const folder = mkdtempSync(join(tmpdir(), "aks-mesh-test-"));
  const { caFile, certFile, keyFile } = await ensureCertificate(folder);
  const [ca, cert, key] = [caFile, certFile, keyFile].map((file) => readFileSync(file, "utf8"));
  let calls = 0;
  const server = createServer({ cert, key }, (_, response) => {
    const { status, retryAfter } = answers[Math.min(calls, answers.length - 1)] ?? { status: 500 };
    calls += 1;
    response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter });
    response.end(JSON.stringify({ message: "storage is (re)initializing", items: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = apiClient(`https://localhost:${String(port)}`, { ca: ca ?? "", cert: cert ?? "", key: key ?? "" });
  try {
    return { list: await client.list("/api/v1/pods").catch((error: unknown) => String(error)), calls };
  } finally {
    client.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
}

test("a call that the API server puts off is made again after the time that it names", async () => {
  const later = { status: 429, retryAfter: "0.01" };
  expect(await answered([later, later, { status: 200 }])).toEqual({ list: [], calls: 3 });
  const never = await answered([later]);
  expect(never.calls).toBe(11);
  expect(never.list).toContain("429 storage is (re)initializing");
});

test("a call that is refused is not", async () => {
  for (const answer of [{ status: 429 }, { status: 403, retryAfter: "0.01" }]) {
    expect((await answered([answer])).calls).toBe(1);
  }
});
