import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hideIn, hideSecrets, renderComment } from "../../../preview/comment";
import { running } from "./reports";

/** Made here, so that no scanner of secrets finds one in the repository. */
const letters = (count: number): string =>
  Array.from({ length: count }, (_, index) => "aB3xK9mQ7zR2wT5yN8"[index % 18] ?? "").join("");
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub: "me", aud: "azure" })}.${letters(86)}`;
const pem = (kind: string): string => `-----BEGIN ${kind}-----\n${letters(64)}\n${letters(40)}\n-----END ${kind}-----`;
const base64 = (bytes: number): string => Buffer.from(letters(bytes)).toString("base64");

/** A text, and the part of it that nobody may read. */
const tries: readonly (readonly [string, string, string])[] = [
  ["JSON Web Token", `401 with ${jwt} from login`, jwt],
  ["JSON Web Token in an address", `https://x/?access=${jwt}&y=1`, jwt.split(".")[2] ?? ""],
  ["GitHub's token of a workflow", `remote: ghs_${letters(36)} denied`, letters(36)],
  ["GitHub's personal token", `ghp_${letters(36)}`, letters(36)],
  ["GitHub's fine-grained token", `github_pat_${letters(22)}_${letters(59)}`, letters(22)],
  ["Pulumi's access token", `pul-${"0a1b2c3d".repeat(5)}`, "0a1b2c3d0a1b"],
  ["what Pulumi encrypted", "v1:Zm9vYmFyYmF6cXV4:c2VjcmV0c2VjcmV0c2VjcmV0", "c2VjcmV0c2VjcmV0"],
  ["Entra ID client secret", `abc8Q~${letters(34)}`, letters(34)],
  ["key of a storage account", `AccountKey=${base64(64)}`, base64(64)],
  ["that key alone", `key was ${base64(64)} here`, base64(64)],
  ["key of 32 bytes", base64(32), base64(32)],
  [
    "connection string",
    `Endpoint=sb://x/;SharedAccessKeyName=root;SharedAccessKey=${base64(32)};EntityPath=q`,
    base64(32),
  ],
  ["SQL connection string", "Server=tcp:x;User ID=sa;Password=hunter2!x;Encrypt=True", "hunter2"],
  ["shared access signature", `https://a.blob.core.windows.net/c?sv=2024-01-01&se=2030&sig=ab%2Fcd%3D&sp=r`, "ab%2Fcd"],
  ["private key", pem("RSA PRIVATE KEY"), letters(40)],
  ["private key, cut off", pem("PRIVATE KEY").slice(0, 90), letters(40)],
  ["OpenSSH key", pem("OPENSSH PRIVATE KEY"), letters(40)],
  [
    "client key of a kubeconfig",
    `    client-key-data: ${Buffer.from(pem("RSA PRIVATE KEY")).toString("base64")}`,
    "LS0tLS1",
  ],
  ["certificate in base64", Buffer.from(pem("CERTIFICATE")).toString("base64"), "LS0tLS1"],
  ["token of a kubeconfig", "users:\n- user:\n    token: abcdefgh12345", "abcdefgh12345"],
  ["password in YAML", "password: correct-horse", "correct-horse"],
  ["password in JSON", '{"adminPassword":"correct-horse"}', "correct-horse"],
  ["variable of the environment", "ARM_CLIENT_SECRET=correct-horse pulumi up", "correct-horse"],
  ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE=correct-horse", "correct-horse"],
  ["argument of a command", "az login --password=correct-horse", "correct-horse"],
  ["HTTP header", "Authorization: Bearer abcdefgh.ijklmnop", "ijklmnop"],
  ["basic authentication", "authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"],
  ["user in an address", "git clone https://x-access-token:v3ry-s3cret@github.com/o/r", "v3ry-s3cret"],
  ["npm token", `//registry/:_authToken=npm_${letters(36)}`, letters(36)],
  ["Slack token", `xoxb-${"1234567890"}-${letters(24)}`, letters(24)],
  ["AWS key id", `AKIA${"ABCDEFGH23456789"}`, "ABCDEFGH23456789"],
  ["key in hexadecimal", `key ${"0a1b2c3d".repeat(4)} is wrong`, "0a1b2c3d0a1b2c3d"],
  ["key of 256 bits in hexadecimal", "0A1B2C3D".repeat(8), "0A1B2C3D0A1B2C3D"],
  [
    "shared access signature in an address of an address",
    `https://x/?to=${encodeURIComponent("https://a/c?sv=1&sig=ab12cd34ef&sp=r")}`,
    "ab12cd34ef",
  ],
  ["shared access signature in JSON", '"https://a/c?sv=1\\u0026sig=ab12cd34ef\\u0026sp=r"', "ab12cd34ef"],
  [
    "connection string, encoded twice",
    encodeURIComponent(encodeURIComponent("Endpoint=sb://x/;SharedAccessKey=ab12cd34ef;EntityPath=q")),
    "ab12cd34ef",
  ],
  [
    "connection string in base64",
    Buffer.from("Server=tcp:x;Password=hunter2!x;").toString("base64"),
    Buffer.from("Server=tcp:x;Password=hunter2!x;").toString("base64").slice(0, 20),
  ],
  ["password with blanks", "password: correct horse battery staple", "battery staple"],
  ["password with blanks in JSON", '{"adminPassword": "correct horse, battery"}', "horse, battery"],
  ["password with blanks in JSON in JSON", JSON.stringify('{"dbPassword":"correct horse"}'), "horse"],
  ["token with blanks in quotes", "token='correct horse battery'", "horse battery"],
  ["block of YAML", "spec:\n  password: |\n    correct\n    horse\n  name: x", "horse"],
  ["folded block of YAML", "- clientSecret: >-\n    correct\n\n    horse\nname: x", "horse"],
  ["data of a Secret", "kind: Secret\nstringData:\n  user: correct\n  key: horse\n", "horse"],
  ["long random word", `see ${letters(48)} there`, letters(48)],
];

describe("secrets", () => {
  it.each(tries)("hides a %s", (_name, text, secret) => {
    expect(text).toContain(secret);
    expect(hideIn(text)).not.toContain(secret);
    expect(hideIn(text)).toContain("[hidden]");
  });

  it.each(tries)("has no %s in the comment, wherever it comes from", (_name, text, secret) => {
    const request = {
      from: "a/b",
      to: "c:1",
      protocol: "http",
      path: `/${text}`,
      headers: { "x-note": text },
    } as const;
    const body = renderComment({
      ...running,
      state: { status: "failed", error: `first line\n${text}\nlast line` },
      plan: { changes: [{ op: "create", type: "t", name: text, properties: [text], noise: false }], unchanged: 0 },
      access: {
        comparedWith: "main",
        changes: [{ kind: "opens", from: "a/b", to: "c:1", request }],
        guarantees: 1,
        broken: [{ message: text, remedy: text, request }],
      },
      addresses: [{ name: text, url: text }],
      health: { ready: 0, total: 1, problems: [text] },
      outputs: [{ name: "note", secret: false, value: text }],
    });
    const decoded = body.replace(/&#(\d+);/g, (_reference, point: string) => String.fromCodePoint(Number(point)));
    expect(decoded).not.toContain(secret);
    expect(decoded).toContain("first line");
  });

  it("hides values that are known to be secret, in each form in which they may appear", () => {
    const secret = 'tru st"no\none else';
    const forms = [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
      `before ${secret} after`,
    ];
    for (const form of forms) expect(hideIn(form, [secret])).not.toContain(form.slice(2, -2));
  });

  it("hides each line of a secret of several lines", () => {
    expect(hideIn("the line is a-long-enough-line!", ["first\n  a-long-enough-line!\nlast"])).toBe(
      "the line is [hidden]",
    );
  });

  it("hides what a field's name says is secret, whole", () => {
    expect(hideSecrets({ headers: { "x-api-key": "abc", accept: "*/*", Cookie: ["a=b"] } })).toEqual({
      headers: { "x-api-key": "[hidden]", accept: "*/*", Cookie: ["[hidden]"] },
    });
  });

  it("leaves a report as it is that has nothing to hide", () => {
    expect(hideSecrets(running)).toEqual(running);
  });

  it.each([
    "0123456789abcdef0123456789abcdef01234567",
    "registry.example/shop@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/aks-mesh-pr-12/providers/Microsoft.ContainerService/managedClusters/aks-mesh-pr-12",
    "urn:pulumi:pr-12::aks-mesh::aks-mesh:index:AksCluster$azure-native:containerservice:ManagedCluster::aks-mesh-pr-12",
    "bookstore.pr-12-bookstore.svc.cluster.local:14001",
    "MC_aks-mesh-pr-12_aks-mesh-pr-12_westeurope",
    "2026-11-24T10:00:00.000Z",
    "Error: the namespace pr-12-bookstore is being terminated because it is being deleted",
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration",
  ])("shows %s", (text) => {
    expect(hideIn(text)).toBe(text);
  });

  it("takes time in proportion to the text, whatever it is", () => {
    const runs = [
      "a",
      "A1b",
      "eyJ",
      "8Q~",
      "=",
      "ghp_",
      "-----BEGIN A-----",
      "token:",
      "x://",
      "://a:",
      "sig=",
      "v1:",
      "aZ9+/",
      "\n",
      " ",
    ];
    for (const run of runs) {
      const text = run.repeat(Math.ceil(1_000_000 / run.length));
      // A search that goes back at every character would take longer than any test may.
      hideIn(text);
    }
  });

  it("hides random bytes in base64, however often it is tried", () => {
    for (let round = 0; round < 200; round++) {
      const secret = randomBytes(32).toString("base64");
      expect(hideIn(`value ${secret} end`)).not.toContain(secret.slice(0, 16));
    }
  });
});
