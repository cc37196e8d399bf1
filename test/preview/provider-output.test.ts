import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { shownErrors } from "../../preview/provider-output";
import { azureMessages } from "../../preview/provider-output/azure";
import { kubernetesShapes, statusShapes } from "../../preview/provider-output/kubernetes";
import { pulumiShapes } from "../../preview/provider-output/pulumi";
import { sentence, shownBy } from "../../preview/provider-output/shape";

const root = resolve(__dirname, "../..");
const cluster = { type: "azure-native:containerservice:ManagedCluster", name: "shop" };
const secret = { type: "kubernetes:core/v1:Secret", name: "login" };
const hint = "npx aks-mesh preview up";

/** What a report has of one error. */
const shown = (message: string, resource?: { readonly type: string; readonly name: string }) =>
  shownErrors([{ message, ...(resource && { resource }) }]).text;

const refused = (status: string) =>
  `resource "urn:pulumi:pr-1::shop::kubernetes:core/v1:Secret::login" was not successfully created by the Kubernetes API server: ${status}`;
const answered = (code: string, message: string) => `Status=400 Code="${code}" Message=${JSON.stringify(message)}`;

describe("the list of what providers say", () => {
  it.each([...pulumiShapes, ...kubernetesShapes, ...statusShapes, ...azureMessages])("knows: $example", (one) => {
    expect(shownBy([one], one.example)).toBeDefined();
  });

  it.each(azureMessages.map(({ code, example }) => [code, example]))("shows Azure's %s: %s", (code, example) => {
    expect(shown(answered(code, example), cluster)).toContain(`Status=400 Code="${code}": `);
  });
});

describe("what a developer needs", () => {
  it.each([
    [
      answered(
        "InvalidParameter",
        "The value of parameter properties.agentPoolProfiles[0].name is invalid. Error details: 'UPPER' does not match.",
      ),
      'ManagedCluster shop: Status=400 Code="InvalidParameter": The value of parameter properties.agentPoolProfiles[0].name is invalid. …',
    ],
    [answered("SomethingNew", "Whatever it says."), 'ManagedCluster shop: Status=400 Code="SomethingNew"\n'],
    [
      `request failed /subscriptions/a/providers/b/listClusterUserCredential: ${answered("ResourceGroupNotFound", "Resource group 'c' could not be found.")}`,
      "listClusterUserCredential: Status=400 Code=\"ResourceGroupNotFound\": Resource group 'c' could not be found.",
    ],
    [
      refused(
        'Service "svc" is invalid: [spec.ports[0].port: Invalid value: 99999999: must be between 1 and 65535, inclusive, spec.rules: Required value]',
      ),
      'Service "svc" is invalid: spec.ports[0].port: Invalid value, spec.rules: Required value\n',
    ],
    [
      refused(
        "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'aks-mesh-previews-pods' with binding 'aks-mesh-previews-pods' denied request: Images of previews come from previewRegistries.",
      ),
      "denied request: Images of previews come from previewRegistries.",
    ],
    [
      "2 errors occurred:\n\t* Deployment a/slow was created, but did not become ready\n\t* [Pod slow-6ddcf98c6f-qdz56] Unschedulable: 0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s).\n\n",
      "\t* [Pod slow-6ddcf98c6f-qdz56] Unschedulable: 0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s).",
    ],
  ])("is shown of a provider: %s", (message, expected) => {
    expect(shown(message, cluster)).toContain(expected);
  });

  it.each([
    [
      `Running program '${root}/program.cjs' failed with an unhandled exception:\nTypeError: Cannot read properties of undefined (reading 'foo')\n    at pick (${root}/node_modules/a/b.js:3:4)\n    at Object.<anonymous> (${root}/stacks/dev.ts:12:29)\n    at Module._compile (node:internal/modules/cjs/loader:1521:14)\n    at load (${root}/scripts/typescript.cjs:87:10)\n    at load (${root}/scripts/load-typescript.cjs:23:10) {\n  code: 'X'\n}`,
      "TypeError: Cannot read properties of undefined (reading 'foo')\n    at stacks/dev.ts:12",
    ],
    [
      `Running program '/w/program.cjs' failed with an unhandled exception:\nError: Transform failed with 1 error:\n/w/index.ts:1:10: ERROR: Unexpected ";"\n    at failureErrorWithLog (/w/node_modules/esbuild/lib/main.js:1752:15)\n    at translate (/w/scripts/typescript.cjs:36:39)`,
      'Error: Transform failed with 1 error:\nindex.ts:1:10: ERROR: Unexpected ";"',
    ],
    [
      "Running program '/w/program.cjs' failed with an unhandled exception:\nError: Cannot find module './nothere'\nRequire stack:\n- /w/index.ts\n    at Object.<anonymous> (/w/index.ts:1:19)",
      "Error: Cannot find module './nothere'\n    at index.ts:1",
    ],
    [
      "policy: Istio cannot do exactly this:\n- ${namespace:a}: no",
      "policy: Istio cannot do exactly this:\n- ${namespace:a}: no",
    ],
  ])("is shown of the program, without the machine's paths: %s", (message, expected) => {
    expect(shown(message)).toBe(expected);
  });

  it("names the resource that failed, and says how to see what is left out, once", () => {
    const { text, cut } = shownErrors([
      { resource: cluster, message: "something else" },
      { resource: secret, message: "and this\nand that" },
      { message: "update failed" },
    ]);
    expect(cut).toBe(true);
    expect(text.split(hint)).toHaveLength(2);
    expect(text).toMatch(
      /^azure-native:containerservice:ManagedCluster shop: …\n\nkubernetes:core\/v1:Secret login: …\n\nupdate failed\n/,
    );
  });
});

/** What nobody may read. It has no form that the filter of secrets knows. */
const key = "Tr0ub4dor&3";

describe("what leaks", () => {
  it.each([
    [
      "a connection string in an error of Azure",
      cluster,
      answered("BadRequest", `Cannot connect with Endpoint=sb://a.example;Key=${key}`),
    ],
    ["a message of Azure that is not known", cluster, answered("InvalidTemplate", `The value ${key} is wrong`)],
    [
      "a value behind a parameter's path",
      cluster,
      answered(
        "InvalidParameter",
        `The value of parameter properties.adminPassword is invalid. Error details: '${key}' is too short.`,
      ),
    ],
    ["a name that is none", cluster, answered("ResourceGroupNotFound", `Resource group '${key}' could not be found.`)],
    [
      "a path that is none",
      cluster,
      answered("PropertyChangeNotAllowed", `Changing property 'a=${key}' is not allowed.`),
    ],
    [
      "what comes behind Azure's answer",
      cluster,
      `${answered("ResourceGroupNotFound", "Resource group 'a' could not be found.")} Body: ${key}`,
    ],
    [
      "the body of an answer",
      cluster,
      `cannot check existence of resource '/subscriptions/a': status code 403, {"key":"${key}"}`,
    ],
    [
      "a token in an admission policy's message",
      secret,
      refused(
        `secrets "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: because of ${key}`,
      ),
    ],
    [
      "a word behind the word password",
      secret,
      refused(`admission webhook "a.example" denied the request: the password correct is too short, ${key}`),
    ],
    [
      "a value that the API server found invalid",
      secret,
      refused(`Secret "a" is invalid: data[b]: Invalid value: "${key}": not base64`),
    ],
    ["a Secret's data in a diff", secret, `diff: {"data":{"a":"${key}"}}\n  stringData:\n    a: ${key}`],
    ["base64", secret, refused(`illegal base64 data: ${Buffer.from(key).toString("base64")}`)],
    [
      "YAML of many lines",
      secret,
      `error converting YAML to JSON:\napiVersion: v1\nkind: Secret\nstringData:\n  a: |\n    ${key}`,
    ],
    [
      "a provider that the list does not know",
      { type: "random:index/password:RandomPassword", name: "p" },
      `made ${key}`,
    ],
    ["JSON in the program's own words", undefined, `Error: it said {"a": {"b}": "}${key}"}, "c": "${key}"} to me`],
    ["JSON that is cut off", undefined, `Error: it said {\n  "a": "${key}`],
    ["YAML in the program's own words", undefined, `Error: refused:\nkind: Secret\ndata:\n  a: ${key}\n\n  b: ${key}`],
    [
      "a provider's answer in an exception",
      undefined,
      `Running program '/w/program.cjs' failed with an unhandled exception:\nError: invocation of azure-native:storage:listStorageAccountKeys returned an error: ${key}\n    at Object.<anonymous> (/w/index.ts:1:7)`,
    ],
    ["Azure's answer in an exception", undefined, `Error: ${answered("New", key)}`],
    [
      "Azure's answer to a dynamic resource",
      { type: "pulumi-nodejs:dynamic/aks-mesh:FeatureRegistration", name: "f" },
      `Reading: Azure answered 400 BadRequest: not ${key}`,
    ],
  ])("is not shown: %s", (_, resource, message) => {
    const text = shown(message, resource);
    expect(text).not.toContain(key);
    expect(text).not.toContain(Buffer.from(key).toString("base64"));
    expect(text).toContain("…");
    expect(text).toContain(hint);
  });

  it("is nothing of the command line's words that the list does not know", () => {
    const { text } = shownErrors([{ message: `code: -2\nstdout: ${key}` }], true);
    expect(text).not.toContain(key);
    expect(shownErrors([{ message: "no stack named 'dev' found" }], true)).toEqual({
      text: "no stack named 'dev' found",
      cut: false,
    });
  });

  it.each([
    ["0 of 3 nodes are available.", "0 of 3 nodes are available."],
    ["see https://aka.ms/aks/quota for it", "see https://aka.ms/aks/quota for it"],
    ["it is s3cr3t", "it is …"],
    ["a=b", "…"],
    ["the password hunter is short", "the password …"],
    [`it is ${"a".repeat(41)}`, "it is …"],
    ["https://evil.example/?k=v", "…"],
  ])("ends a sentence before what could be a key: %s", (text, expected) => {
    expect(sentence(text).text).toBe(expected);
  });
});
