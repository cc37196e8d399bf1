import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { beforeAll, describe, expect, it } from "vitest";

interface Serialised {
  readonly text: string;
  readonly methods: string[];
}

interface Result {
  readonly feature: Serialised;
  readonly inline: Serialised;
  readonly removal: Serialised;
  readonly outs: { readonly inlinePools: string };
  readonly failure: string;
}

const secret = "a-secret-of-the-environment";

describe("the dynamic providers, serialised as Pulumi does it", () => {
  let result: Result;

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, "serialise.cjs")], {
      env: { ...process.env, ARM_CLIENT_SECRET: secret, ARM_ENVIRONMENT: "moon" },
      maxBuffer: 10_000_000,
    });
    result = JSON.parse(stdout) as Result;
  }, 60_000);

  it("load again in another process, with all their methods", () => {
    expect(result.feature.methods.sort()).toEqual(["configure", "create", "delete", "diff", "read", "update"]);
    expect(result.inline.methods.sort()).toEqual(["configure", "create", "diff", "read", "update"]);
    expect(result.removal.methods.sort()).toEqual(["configure", "create", "diff", "read"]);
  });

  it("work once they are loaded", () => {
    expect(result.outs.inlinePools).toBe("[]");
    expect(result.failure).toBe('azure-native:environment is "moon". Write public, usgovernment or china.');
  });

  it("hold nothing of the environment that they were serialised in, and no path of this machine", () => {
    for (const { text } of [result.feature, result.inline, result.removal]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(process.cwd());
    }
  });
});
