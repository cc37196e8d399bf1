import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, it } from "vitest";

import { ensureAzureCli, ensureAzureIdentity } from "../../../sandbox/arm/azure-cli";
import { goEnvironment } from "../../../sandbox/tools/build";
import { startTestEmulator, type TestEmulator } from "../arm/emulator";

const run = promisify(execFile);
let directory: string;
let emulator: TestEmulator;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aks-mesh-sdks-"));
  emulator = await startTestEmulator();
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, emulator.ca);
  const { tenantId, clientId, clientSecret, subscriptionId } = emulator.identity;
  environment = {
    ...process.env,
    ARM_ENDPOINT: emulator.url,
    ARM_SUBSCRIPTION_ID: subscriptionId,
    ARM_TENANT_ID: tenantId,
    ARM_CLIENT_ID: clientId,
    ARM_CLIENT_SECRET: clientSecret,
    REQUESTS_CA_BUNDLE: caFile,
    SSL_CERT_FILE: caFile,
  };
});

afterAll(async () => {
  await emulator.close();
  rmSync(directory, { recursive: true, force: true });
});

it("Microsoft's SDK for Python works with groups, clusters and pools", { timeout: 1_800_000 }, async () => {
  const cli = await ensureAzureCli((message) => process.stderr.write(`${message}\n`));
  await ensureAzureIdentity(cli);
  await run(cli.python, [join(__dirname, "python", "main.py")], { env: environment });
  expect(emulator.backend.clusters.size).toBe(0);
});

it("Microsoft's SDK for Go works with clusters and pools", { timeout: 1_800_000 }, async () => {
  const program = join(directory, "go-client");
  await run("go", ["build", "-trimpath", "-o", program, "."], { cwd: join(__dirname, "go"), env: goEnvironment() });
  await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/go", { location: "westeurope" });
  await run(program, [], { env: environment });
  expect(emulator.backend.clusters.size).toBe(0);
});
