import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createPlaceholderBackend,
  ensureCertificate,
  ensureIdentity,
  parseLatency,
  startArmServer,
} from "../../../../sandbox/arm";
import { installProviderPlugins } from "../../../../sandbox/providers/install";
import { type PropertyMap } from "../../../../sandbox/providers/protocol";
import { marshalProperties, unmarshalProperties } from "../../../../sandbox/providers/protocol/wire-format";
import { identityOf } from "./fake-arm";

/** The plugin as the engine starts it, against the emulator over HTTPS: login, a cluster's whole life, and the plugin's end. */

const cleanups: (() => Promise<unknown>)[] = [];
let client: ResourceProviderClient;
let plugin: ChildProcess;
let subscriptionId: string;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "azure-native-"));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  const certificate = await ensureCertificate(directory);
  const identity = ensureIdentity(join(directory, "credentials.json"));
  const arm = await startArmServer({
    directory,
    port: 0,
    certificate,
    identity,
    clusters: createPlaceholderBackend(),
    controlToken: "of this test",
    latency: parseLatency({ scale: 0.02 }),
  });
  cleanups.push(() => arm.close());
  subscriptionId = identity.subscriptionId;

  await installProviderPlugins(directory);
  const [folder = ""] = (await readdir(join(directory, "plugins"))).filter((name) => name.includes("azure-native"));
  plugin = spawn(join(directory, "plugins", folder, "pulumi-resource-azure-native"), ["127.0.0.1:1"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...process.env,
      ARM_SUBSCRIPTION_ID: identity.subscriptionId,
      ARM_TENANT_ID: identity.tenantId,
      ARM_CLIENT_ID: identity.clientId,
      ARM_CLIENT_SECRET: identity.clientSecret,
      ARM_METADATA_HOSTNAME: `localhost:${arm.port}`,
      ARM_DISABLE_INSTANCE_DISCOVERY: "true",
      NODE_EXTRA_CA_CERTS: certificate.caFile,
    },
  });
  const [output]: unknown[] = plugin.stdout === null ? [] : await once(plugin.stdout, "data");
  client = new ResourceProviderClient(`127.0.0.1:${String(output).trim()}`, credentials.createInsecure());
  const request = new proto.ConfigureRequest();
  request.setArgs(marshalProperties({ location: "westus2" }));
  await call<proto.ConfigureResponse>((done) => client.configure(request, done));
});

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

function call<Response>(
  run: (done: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    run((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

interface Created {
  readonly id: string;
  readonly outputs: PropertyMap;
}

async function create(type: string, inputs: PropertyMap): Promise<Created> {
  const request = new proto.CreateRequest();
  request.setUrn(identityOf(type).urn);
  request.setProperties(marshalProperties({ location: "westus2", ...inputs }));
  const response = await call<proto.CreateResponse>((done) => client.create(request, done));
  return { id: response.getId(), outputs: unmarshalProperties(response.getProperties()) };
}

async function remove(type: string, { id, outputs }: Created): Promise<void> {
  const request = new proto.DeleteRequest();
  request.setUrn(identityOf(type).urn);
  request.setId(id);
  request.setProperties(marshalProperties(outputs));
  await call((done) => client.delete(request, done));
}

const group = "azure-native:resources:ResourceGroup";
const cluster = "azure-native:containerservice:ManagedCluster";

test("a group and its cluster come, are read, and go", async () => {
  const rg = await create(group, { resourceGroupName: "rg" });
  expect(rg.id).toBe(`/subscriptions/${subscriptionId}/resourceGroups/rg`);
  const inputs = {
    resourceGroupName: "rg",
    resourceName: "aks",
    dnsPrefix: "aks",
    identity: { type: "SystemAssigned" },
    agentPoolProfiles: [{ name: "system", mode: "System", count: 1, vmSize: "Standard_D2s_v3" }],
  };
  const aks = await create(cluster, inputs);
  expect(aks.outputs).toMatchObject({ provisioningState: "Succeeded", identity: { type: "SystemAssigned" } });
  await expect(create(cluster, inputs)).rejects.toThrow(/cannot create already existing resource/);

  await remove(cluster, aks);
  await remove(group, rg);
  const request = new proto.ReadRequest();
  request.setUrn(identityOf(cluster).urn);
  request.setId(aks.id);
  const gone = await call<proto.ReadResponse>((done) => client.read(request, done));
  expect(gone.getId()).toBe("");
});

test("the plugin ends when the engine lets go of it", async () => {
  plugin.stdin?.end();
  const [code]: unknown[] = await once(plugin, "exit");
  expect(code).toBe(0);
});

test("scripts are executable and start no shell that stays", async () => {
  const home = await mkdtemp(join(tmpdir(), "azure-native-home-"));
  cleanups.push(() => rm(home, { recursive: true, force: true }));
  await installProviderPlugins(home);
  await installProviderPlugins(home);
  const folders = await readdir(join(home, "plugins"));
  expect(folders.sort()).toEqual([
    expect.stringMatching(/^resource-azure-native-v\d+\.\d+\.\d+$/),
    expect.stringMatching(/^resource-kubernetes-v\d+\.\d+\.\d+$/),
  ]);
  const script = join(home, "plugins", folders[0] ?? "", "pulumi-resource-azure-native");
  expect((await stat(script)).mode & 0o111).toBe(0o111);
  expect(await readFile(script, "utf8")).toMatch(/^#!\/bin\/sh\nexec /);
});
