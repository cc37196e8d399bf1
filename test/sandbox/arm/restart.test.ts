import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { typescriptArguments } from "../../../scripts/typescript-arguments";
import {
  type Json,
  isObject,
  type JsonObject,
  numberAt,
  objectsAt,
  stringAt,
  valueAt,
} from "../../../sandbox/arm/json";
import { clusterPath, createCluster, smallCluster, startTestEmulator } from "./emulator";

const repository = join(__dirname, "..", "..", "..");

describe("an operation in flight", () => {
  it("is finished by the next process", async () => {
    const emulator = await startTestEmulator();
    await createCluster(emulator);
    await emulator.control("PUT", "latency", { seconds: { poolCreate: 60, clusterDelete: 60 } });
    const answer = await emulator.arm("PUT", `${clusterPath}/agentPools/user`, { properties: { count: 1 } });
    await emulator.restart();
    expect((await emulator.arm("GET", `${clusterPath}/agentPools/user`)).body).toMatchObject({
      properties: { provisioningState: "Creating" },
    });
    await emulator.pass(60);
    expect((await emulator.finish(answer)).body).toMatchObject({ status: "Succeeded" });
    const deletion = await emulator.arm("DELETE", clusterPath);
    await emulator.restart();
    expect((await emulator.arm("PUT", clusterPath, smallCluster)).status).toBe(409);
    await emulator.pass(60);
    await emulator.finish(deletion);
    expect((await emulator.arm("GET", clusterPath)).status).toBe(404);
    expect(emulator.backend.clusters.size).toBe(0);
    await emulator.close();
  });

  it("is waited for by the deletion of its group, over a restart too", async () => {
    const emulator = await startTestEmulator();
    await createCluster(emulator);
    await emulator.control("PUT", "latency", { seconds: { poolCreate: 60, resourceGroupDelete: 0 } });
    await emulator.arm("PUT", `${clusterPath}/agentPools/user`, { properties: { count: 1 } });
    const deletion = await emulator.arm("DELETE", "/subscriptions/SUB/resourceGroups/rg");
    expect(deletion.status).toBe(202);
    expect((await emulator.arm("PUT", `${clusterPath}/agentPools/late`, { properties: { count: 1 } })).status).toBe(
      409,
    );
    await emulator.restart();
    expect(emulator.backend.clusters.size).toBe(1);
    await emulator.pass(60);
    expect((await emulator.finish(deletion)).status).toBe(200);
    expect(emulator.backend.clusters.size).toBe(0);
    for (const group of ["rg", "MC_rg_mesh_westus2"]) {
      expect((await emulator.arm("HEAD", `/subscriptions/SUB/resourceGroups/${group}`)).status).toBe(404);
    }
    await emulator.close();
  });
});

describe("a cluster whose control plane does not start again", () => {
  it("says why, in one line, until it does", async () => {
    let failure: Error | undefined;
    const emulator = await startTestEmulator({ failure: () => failure });
    const problem = async () => objectsAt((await emulator.control("GET", "status")).body, "clusters")[0]?.["problem"];
    await createCluster(emulator);
    expect(await problem()).toBeUndefined();
    failure = new Error("another program listens on its port.\nThe end of its log");
    await emulator.restart();
    await expect.poll(problem).toBe("another program listens on its port.");
    failure = undefined;
    await emulator.restart();
    expect(await problem()).toBeUndefined();
    await emulator.close();
  });
});

describe("the daemon", () => {
  let directory = "";
  const running: ReturnType<typeof spawn>[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  function start(): Promise<ReturnType<typeof spawn>> {
    const child = spawn(
      process.execPath,
      [...typescriptArguments, join(repository, "sandbox/arm/main.ts"), directory, "--without-control-planes"],
      {
        cwd: repository,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    running.push(child);
    return new Promise((resolve, reject) => {
      let errors = "";
      child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
      child.stdout.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("ready")) resolve(child);
      });
      child.on("exit", (code) => reject(new Error(`exit code ${code}: ${errors}`)));
    });
  }

  const readJson = (name: string): Json => JSON.parse(readFileSync(join(directory, name), "utf8"));

  function call(method: string, path: string, body?: string, token?: string): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: "localhost",
          port: numberAt(readJson("arm.json"), "port"),
          method,
          path,
          ca: readFileSync(join(directory, "tls", "ca.pem")),
          agent: false,
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => {
            const parsed: Json = text === "" ? {} : JSON.parse(text);
            resolve(isObject(parsed) ? parsed : {});
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  it("survives kill -9 in the middle of a creation, on its old port, and stops cleanly", async () => {
    directory = mkdtempSync(join(tmpdir(), "aks-mesh-daemon-"));
    const first = await start();
    await expect(start()).rejects.toThrow(/already runs/);
    const credentials = readJson("credentials.json");
    expect(statSync(join(directory, "credentials.json")).mode & 0o777).toBe(0o600);
    const secret = stringAt(credentials, "clientSecret") ?? "";
    const login = await call(
      "POST",
      `/${stringAt(credentials, "tenantId") ?? ""}/oauth2/v2.0/token`,
      new URLSearchParams({
        grant_type: "client_credentials",
        client_id: stringAt(credentials, "clientId") ?? "",
        client_secret: secret,
        scope: "https://management.core.windows.net//.default",
      }).toString(),
    );
    const token = stringAt(login, "access_token");
    const scope = `/subscriptions/${stringAt(credentials, "subscriptionId") ?? ""}/resourceGroups/rg`;
    const cluster = `${scope}/providers/Microsoft.ContainerService/managedClusters/mesh?api-version=2025-05-01`;
    await call("PUT", `${scope}?api-version=2022-09-01`, JSON.stringify({ location: "westus2" }), token);
    await call("PUT", cluster, JSON.stringify(smallCluster), token);
    const port = numberAt(readJson("arm.json"), "port");
    const ended = new Promise((resolve) => first.once("exit", resolve));
    first.kill("SIGKILL");
    await ended;

    const second = await start();
    expect(numberAt(readJson("arm.json"), "port")).toBe(port);
    await expect
      .poll(async () => valueAt(await call("GET", cluster, undefined, token), "properties", "provisioningState"))
      .toBe("Succeeded");
    const exited = new Promise((resolve) => second.once("exit", resolve));
    second.kill("SIGTERM");
    expect(await exited).toBe(0);
    const log = readFileSync(join(directory, "logs", "arm.log"), "utf8");
    expect(log).not.toContain(secret);
    expect(log).not.toContain(token);
  });
});
