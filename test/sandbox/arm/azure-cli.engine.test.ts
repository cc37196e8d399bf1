import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";

import { type AzureCli, ensureAzureCli, signInAzureCli } from "../../../sandbox/arm/azure-cli";
import { type Json } from "../../../sandbox/arm/json";
import { startTestEmulator, type TestEmulator } from "./emulator";

let directory: string;
let emulator: TestEmulator;
let cli: AzureCli;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aks-mesh-az-"));
  emulator = await startTestEmulator({ scale: 0.2 });
  cli = await ensureAzureCli(() => undefined);
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, emulator.ca);
  const signedIn = await signInAzureCli(cli, {
    url: emulator.url,
    caFile,
    identity: emulator.identity,
    configDirectory: join(directory, "azure"),
  });
  // --generate-ssh-keys writes below HOME.
  environment = { ...signedIn, HOME: directory };
}, 900_000);

afterAll(async () => {
  await emulator.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs `az` with the words of one line, and returns its output. Fails with its error output. */
function az(line: string, ...more: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(cli.path, [...line.split(" "), ...more], { env: environment });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(output.trim()) : reject(new Error(`az ${line}: ${errors}`))));
  });
}

const query = async (line: string, path: string): Promise<Json> =>
  JSON.parse(await az(line, "--query", path, "--output", "json"));

it("azure-cli runs Microsoft's documented commands unchanged", { timeout: 600_000 }, async () => {
  expect(await query("account show", "id")).toBe(emulator.identity.subscriptionId);

  await az("group create --name myResourceGroup --location westeurope");
  expect(await query("group show --name myResourceGroup", "properties.provisioningState")).toBe("Succeeded");
  expect(await query("group list", "[].name")).toEqual(["myResourceGroup"]);

  await az("feature register --namespace Microsoft.ContainerService --name AKS-OpenServiceMesh");
  const features =
    "[?contains(name, 'Microsoft.ContainerService/AKS-OpenServiceMesh')].{Name:name,State:properties.state}";
  await expect
    .poll(() => az("feature list --output table", "--query", features), { timeout: 60_000 })
    .toMatch(/^Microsoft\.ContainerService\/AKS-OpenServiceMesh\s+Registered$/m);
  const show = "feature show --namespace Microsoft.ContainerService --name AKS-OpenServiceMesh";
  expect(await query(show, "properties.state")).toBe("Registered");
  await az("provider register --namespace Microsoft.ContainerService");
  await expect
    .poll(() => query("provider show --namespace Microsoft.ContainerService", "registrationState"), { timeout: 60_000 })
    .toBe("Registered");

  const cluster = "--resource-group myResourceGroup --name myAKSCluster";
  await az(`aks create ${cluster} --node-count 1 --generate-ssh-keys`);
  expect(await query(`aks show ${cluster}`, "provisioningState")).toBe("Succeeded");
  expect(await query("aks list", "[].name")).toEqual(["myAKSCluster"]);

  await az(`aks enable-addons ${cluster} --addons open-service-mesh`);
  expect(await query(`aks show ${cluster}`, "addonProfiles.openServiceMesh.enabled")).toBe(true);
  expect([...emulator.backend.clusters.values()].map(({ mesh }) => mesh)).toEqual([true]);

  const kubeconfig = join(directory, "kubeconfig");
  await az(`aks get-credentials ${cluster} --file ${kubeconfig}`);
  expect(parse(readFileSync(kubeconfig, "utf8"))).toMatchObject({
    kind: "Config",
    clusters: [{ name: "myAKSCluster" }],
  });

  const pool = "--resource-group myResourceGroup --cluster-name myAKSCluster";
  await az(`aks nodepool add ${pool} --name mynodepool --node-count 3`);
  expect(await query(`aks nodepool list ${pool}`, "[].[name, count, mode]")).toEqual([
    ["mynodepool", 3, "User"],
    ["nodepool1", 1, "System"],
  ]);
  await az(`aks nodepool delete ${pool} --name mynodepool`);
  expect(await query(`aks nodepool list ${pool}`, "length(@)")).toBe(1);

  await az(`aks disable-addons ${cluster} --addons open-service-mesh`);
  expect(await query(`aks show ${cluster}`, "addonProfiles.openServiceMesh.enabled")).toBe(false);
  expect([...emulator.backend.clusters.values()].map(({ mesh }) => mesh)).toEqual([false]);

  await az("group delete --name myResourceGroup --yes");
  expect(await az("group exists --name myResourceGroup")).toBe("false");
  expect(emulator.backend.clusters.size).toBe(0);
});

it("azure-cli shows a refusal as Azure words it", { timeout: 120_000 }, async () => {
  await expect(az("aks show --resource-group nowhere --name none")).rejects.toThrow(/ResourceGroupNotFound/);
  await az("group create --name plain --location westeurope");
  await expect(az("aks show --resource-group plain --name none")).rejects.toThrow(/ResourceNotFound/);
});
