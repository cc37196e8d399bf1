import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { GetSchemaRequest } from "@pulumi/pulumi/proto/provider_pb";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { transformSync } from "esbuild";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type PackageSchema } from "../../scripts/package/schema";
import { startAnalyzer } from "../policy-pack/analyzer";
import { codeOf, installPackage, linkPulumi } from "./installed";

const root = resolve(__dirname, "..", "..");
const manifests = join(root, "test", "cli", "cases", "egress-before.yaml");

let folder: string;
let packed: string;
beforeAll(() => void ({ folder, packed } = installPackage()));
afterAll(() => rmSync(folder, { recursive: true }));

const installed = () => join(folder, "node_modules", "aks-mesh");
const filesOf = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Runs node in the consumer's folder. */
function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}
const command = (...args: string[]) => node(join("node_modules", "aks-mesh", "bin.js"), ...args);

/** What the compiler says of a file of the consumer's, and of the package's own declarations. */
function typeErrors(file: string, options: ts.CompilerOptions): readonly string[] {
  const program = ts.createProgram([join(folder, file)], {
    ...{ strict: true, noEmit: true, types: ["node"], typeRoots: [join(folder, "node_modules", "@types")] },
    ...options,
  });
  const looked = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
  expect(looked.length).toBeGreaterThan(3);
  const found = looked.flatMap((source) => [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ]);
  return [...program.getOptionsDiagnostics(), ...found].map(({ file: at, messageText }) =>
    [at?.fileName, ts.flattenDiagnosticMessageText(messageText, " ")].join(": "),
  );
}

describe.sequential("the package in an empty folder", () => {
  it("is alone there, small, and without native code and install scripts", () => {
    expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["aks-mesh"]);
    const files = filesOf(installed());
    const bytes = files.map((file) => statSync(file).size).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeLessThan(6.1e6);
    expect(statSync(packed).size).toBeLessThan(1.8e6);
    const starting = [
      ...["PulumiPlugin.yaml", "pulumi-resource-aks-mesh"].map((name) => join(installed(), "plugin", name)),
      ...["PulumiPolicy.yaml", "index.cjs"].map((name) => join(installed(), "policy-pack", name)),
    ];
    expect(files.filter((file) => !/\.(js|d\.ts|json|txt|md)$|LICENSE$/.test(file)).sort()).toEqual(starting);
    const manifest = JSON.parse(readFileSync(join(installed(), "package.json"), "utf8")) as Record<string, unknown>;
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(["dependencies"]));
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(["scripts"]));
  });

  it("holds nothing of the machine that it was built on", () => {
    for (const file of filesOf(installed())) expect(readFileSync(file, "utf8").includes(root), file).toBe(false);
  });

  it.each([
    ["check", manifests],
    ["access", manifests],
    ["access", manifests, "--html", "access.html"],
    ["explain", manifests, "--from", "a/b", "--to", "c.d:80"],
    ["diff", manifests, manifests.replace("before", "after")],
    ["convert", manifests],
    ["help"],
    ["nonsense"],
  ])("says what the checkout's command says: %s", (...args) => {
    const own = spawnSync(process.execPath, [join(root, "cli", "bin.js"), ...args], { cwd: folder, encoding: "utf8" });
    expect(command(...args)).toEqual({ status: own.status, stdout: own.stdout, stderr: own.stderr });
  });

  it("says in one line what a preview needs", () => {
    const { status, stderr } = command("preview", "up", "--pr", "1");
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^aks-mesh: preview needs .*npm ci.*\n$/) as string,
    });
  });

  it("reads a kubeconfig without another package", () => {
    const kubeconfig = "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n";
    writeFileSync(join(folder, "kubeconfig"), kubeconfig);
    const file = join("node_modules", "aks-mesh", "bin.js");
    const { stderr, status } = spawnSync(process.execPath, [file, "access", "--context", "shop"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, KUBECONFIG: join(folder, "kubeconfig") },
    });
    expect(stderr).toContain('no context "shop"');
    expect(status).toBe(2);
  });

  it("has policy and analysis without Pulumi, for require and import", () => {
    const [, analysis = ""] = codeOf("package.md", "ts");
    writeFileSync(join(folder, "analysis.mjs"), `${analysis}\nconsole.log(outcome);`);
    writeFileSync(join(folder, "shop.yaml"), shop);
    expect(node("analysis.mjs")).toEqual({ status: 0, stdout: "allowed\n", stderr: "" });
    writeFileSync(join(folder, "shop.yaml"), shop.replace("/items/.*", "/carts/.*"));
    expect(node("analysis.mjs")).toEqual({ status: 0, stdout: "no-route\n", stderr: "" });
    const text =
      'console.log(typeof require("aks-mesh/policy").definePolicy, typeof require("aks-mesh/analysis").diff)';
    expect(node("-e", text).stdout).toBe("function function\n");
  });
});

const schema = () => JSON.parse(readFileSync(join(installed(), "plugin", "schema.json"), "utf8")) as PackageSchema;

describe("the schema for other languages", () => {
  const inputOf = (component: string, name: string) =>
    schema().resources[`aks-mesh:index:${component}`]?.inputProperties[name];

  it("has every component, and types for all that it refers to", () => {
    const { resources, types } = schema();
    expect(Object.keys(resources).sort()).toEqual(
      [
        "AksCluster",
        "Application",
        "FeatureRegistration",
        "Flagger",
        "IstioMesh",
        "Kiali",
        "MeshAuthority",
        "MeshPolicies",
        "NamespaceIsolation",
        "Observability",
        "OpenServiceMesh",
        "RequestAutoscaling",
        "TraceCollector",
      ].map((name) => `aks-mesh:index:${name}`),
    );
    const referred = [...JSON.stringify(schema()).matchAll(/"#\/types\/([^"]+)"/g)].map(([, name = ""]) => name);
    expect([...new Set(referred)].sort()).toEqual(Object.keys(types).sort());
  });

  it("says what each component is and what it cannot do without", () => {
    for (const [name, { description }] of Object.entries(schema().resources)) expect(description, name).toBeTruthy();
    const { requiredInputs, properties } = schema().resources["aks-mesh:index:AksCluster"] ?? {};
    expect(requiredInputs).toEqual(["name", "resourceGroupName", "nodePools"]);
    expect(properties?.["kubeconfig"]).toMatchObject({ type: "string" });
  });

  it("tells values that have to be known from those that may come later", () => {
    expect(inputOf("AksCluster", "resourceGroupName")).not.toHaveProperty("plain");
    expect(inputOf("AksCluster", "name")).toMatchObject({ type: "string", plain: true });
    expect(inputOf("AksCluster", "nodePools")).toMatchObject({
      type: "array",
      items: { $ref: "#/types/aks-mesh:index:NodePool" },
      plain: true,
    });
  });

  it("has a form for what only TypeScript says", () => {
    const { types } = schema();
    expect(inputOf("AksCluster", "mesh")).toMatchObject({
      type: "string",
      description: expect.stringContaining("One of `None`, `OpenServiceMesh`, `Istio`.") as string,
    });
    const { properties = {} } = types["aks-mesh:index:AccessRule"] ?? {};
    expect(properties["from"]).toMatchObject({
      oneOf: [{ type: "string" }, { type: "array", items: { type: "string" } }],
    });
    expect(types["aks-mesh:index:Policy"]?.properties["services"]).toMatchObject({
      type: "object",
      additionalProperties: { $ref: "#/types/aks-mesh:index:PolicyService" },
    });
    expect(types["aks-mesh:index:AksClusterTransforms"]?.properties["cluster"]).toEqual({ $ref: "pulumi.json#/Any" });
  });
});

describe.sequential("a Pulumi program of its own", () => {
  const [program = "", analysis = ""] = codeOf("package.md", "ts");
  beforeAll(() => linkPulumi(folder));

  it("can add the plugin's folder as a package: Pulumi's host of Node.js installs it, starts it and gets its schema", async () => {
    const plugin = join(installed(), "plugin");
    const { runtime } = parse(readFileSync(join(plugin, "PulumiPlugin.yaml"), "utf8")) as { runtime: { name: string } };
    expect(runtime.name).toBe("nodejs");
    const npm = spawnSync("npm", ["install", "--offline", "--loglevel=error"], { cwd: plugin, encoding: "utf8" });
    expect(npm.status, npm.stderr).toBe(0);
    // What the host runs, with the engine's address as the argument: there is no engine, and none is needed for a schema.
    const start = ["node_modules/@pulumi/pulumi/cmd/run-plugin", plugin, "127.0.0.1:1"];
    const child = spawn(process.execPath, start, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [port] = (await once(child.stdout, "data")) as [Buffer];
      const address = `127.0.0.1:${port.toString().trim()}`;
      const client = new ResourceProviderClient(address, credentials.createInsecure(), {
        "grpc.max_receive_message_length": -1,
      });
      const answer = await new Promise<string>((resolve, reject) =>
        client.getSchema(new GetSchemaRequest(), (error, response) =>
          error === null ? resolve(response.getSchema()) : reject(error),
        ),
      );
      client.close();
      expect(JSON.parse(answer)).toEqual(schema());
    } finally {
      child.kill();
    }
  });

  it("compiles strictly, with the default lib and all declarations checked", () => {
    writeFileSync(join(folder, "program.ts"), program);
    writeFileSync(join(folder, "analysis.ts"), analysis);
    const today = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022 };
    expect(typeErrors("program.ts", today)).toEqual([]);
    expect(typeErrors("analysis.ts", today)).toEqual([]);
  });

  it("has a policy pack that looks at it", async () => {
    const analyzer = await startAnalyzer(join(installed(), "policy-pack"));
    try {
      const cluster = { type: "azure-native:containerservice:ManagedCluster", name: "shop", inputs: {} };
      const found = await analyzer.violations([cluster]);
      expect(found.map(({ policy }) => policy)).toContain("aks-local-accounts-off");
    } finally {
      await analyzer.close();
    }
  });

  it("does not compile with a service that is spelt wrong, also as older settings find modules", () => {
    const text = program.slice(program.indexOf("import { definePolicy"), program.indexOf("const features"));
    writeFileSync(join(folder, "wrong.ts"), text.replace('from: "web"', 'from: "wbe"'));
    const older = { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 };
    expect(typeErrors("wrong.ts", older)).toEqual([expect.stringContaining("'\"wbe\"' is not assignable to type")]);
  });

  it("makes its cluster and policies, whose dynamic providers are found in the package", () => {
    const code = transformSync(program, { loader: "ts", format: "cjs" }).code;
    writeFileSync(join(folder, "program.js"), code);
    writeFileSync(
      join(folder, "mocked.js"),
      `
      const pulumi = require("@pulumi/pulumi");
      const requireFromString = require(${JSON.stringify(join(root, "node_modules", "require-from-string"))});
      const made = [];
      const kubeconfig = Buffer.from(${JSON.stringify(JSON.stringify(kubeconfigOfAks))}).toString("base64");
      pulumi.runtime.setMocks({
        call: () => ({ kubeconfigs: [{ name: "clusterUser", value: kubeconfig }] }),
        newResource({ type, name, inputs }) {
          const methods = inputs.__provider && Object.keys(requireFromString(inputs.__provider).handler());
          made.push({ type, name, text: inputs.__provider, methods });
          return { id: name + "-id", state: { ...inputs, name, inlinePools: inputs.profile } };
        },
      }).then(async () => {
        require("aks-mesh");
        await new Promise(setImmediate);
        const atImport = made.length;
        require("./program.js");
        process.on("beforeExit", () => { console.log(JSON.stringify({ atImport, made })); process.exit(); });
      });
    `,
    );
    const { stdout, stderr } = node("mocked.js");
    expect(stderr).toBe("");
    const { atImport, made } = JSON.parse(stdout) as {
      atImport: number;
      made: { type: string; name: string; text?: string; methods?: string[] }[];
    };
    expect(atImport).toBe(0);
    const types = made.map(({ type }) => type);
    for (const type of ["AksCluster", "OpenServiceMesh", "MeshPolicies"])
      expect(types).toContain(`aks-mesh:index:${type}`);
    expect(types).toContain("kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget");
    const providers = made.filter(({ text }) => text !== undefined);
    expect(providers.map(({ type }) => type.replace(/.*:/, "")).sort()).toEqual([
      "BootstrapRemoval",
      "CreateOnlySettings",
      "FeatureRegistration",
      "FeatureRegistration",
      "InlinePools",
      "MeshReady",
    ]);
    for (const { text, methods } of providers) {
      expect(text?.length).toBeLessThan(120);
      expect(methods).toContain("create");
    }
  });
});

const shop = `
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {metadata: {labels: {app: api}}, spec: {serviceAccountName: api}}}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: items, namespace: shop}
spec: {matches: [{name: read, pathRegex: /items/.*, methods: [GET]}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: web, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: api, namespace: shop}
  sources: [{kind: ServiceAccount, name: web, namespace: shop}]
  rules: [{kind: HTTPRouteGroup, name: items, matches: [read]}]
`;

/** What AKS answers as a kubeconfig. */
const kubeconfigOfAks = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "shop",
  clusters: [{ name: "shop", cluster: { server: "https://shop.example", "certificate-authority-data": "Zm9v" } }],
  contexts: [{ name: "shop", context: { cluster: "shop", user: "clusterUser" } }],
  users: [
    {
      name: "clusterUser",
      user: {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1beta1",
          command: "kubelogin",
          args: ["get-token", "--login", "devicecode"],
        },
      },
    },
  ],
};
