import { describe, expect, it } from "vitest";
import {
  readCommit,
  readCount,
  readDuration,
  readImages,
  readOwner,
  readPullRequest,
  readStack,
} from "../../preview/inputs";

const commit = "0123456789".repeat(4);
const registries = ["docker.io/openservicemesh", "registry.example:5000", "docker.io/library/mysql"];

describe("inputs of preview commands", () => {
  it.each(["1", "12", "999999999"])("takes %s as a pull request", (text) => {
    expect(readPullRequest(text)).toBe(Number(text));
  });

  it.each([undefined, "", "0", "-1", "1.5", "01", "1e3", "12 ", "12;id", "$(id)", "١٢", "9999999999", "pr-1"])(
    "refuses %s as a pull request",
    (text) => {
      expect(() => readPullRequest(text)).toThrow(/--pr/);
    },
  );

  it("takes whole commits only", () => {
    expect(readCommit("a1".repeat(20))).toBe("a1".repeat(20));
    for (const text of ["a1b2c3d", "A1".repeat(20), "main", `${"a1".repeat(20)}\n`, "--upload-pack=x"]) {
      expect(() => readCommit(text)).toThrow(/40 hexadecimal digits/);
    }
  });

  it("takes logins, those of apps too", () => {
    for (const text of ["octocat", "a-b-1", "dependabot[bot]"]) expect(readOwner(text)).toBe(text);
    for (const text of ["", "-a", "a b", "a;b", "`id`", "a".repeat(41), "a\nb", "<b>"]) {
      expect(() => readOwner(text)).toThrow(/no login/);
    }
  });

  it("takes stacks to share, but no preview", () => {
    expect(readStack("dev")).toBe("dev");
    for (const text of ["pr-1", "", "../dev", "a b", "-x"]) expect(() => readStack(text)).toThrow(/--base/);
  });

  it("reads durations up to a month", () => {
    expect([readDuration("90m", "--ttl"), readDuration("72h", "--ttl"), readDuration("7d", "--ttl")]).toEqual([
      5_400_000, 259_200_000, 604_800_000,
    ]);
    for (const text of ["", "0h", "h", "72", "1w", "-1h", "1.5h", "1e9d"]) {
      expect(() => readDuration(text, "--ttl")).toThrow(/no duration/);
    }
    expect(() => readDuration("31d", "--ttl")).toThrow(/at most 30d/);
  });

  it("reads small counts", () => {
    expect(readCount("3", "--attempts")).toBe(3);
    for (const text of ["0", "11", "-1", "x"]) expect(() => readCount(text, "--attempts")).toThrow(/from 1 to 10/);
  });

  it("takes images from allowed places, with tag or digest", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    expect(
      readImages(
        [
          "bookbuyer=docker.io/openservicemesh/bookbuyer:v1",
          `bookstore=registry.example:5000/team/bookstore@${digest}`,
          "mysql=docker.io/library/mysql:8.0.36",
        ],
        commit,
        registries,
      ),
    ).toEqual({
      bookbuyer: "docker.io/openservicemesh/bookbuyer:v1",
      bookstore: `registry.example:5000/team/bookstore@${digest}`,
      mysql: "docker.io/library/mysql:8.0.36",
    });
  });

  it("takes several images in one text, of the commit, and none", () => {
    const place = "docker.io/openservicemesh";
    const variable = ` bookbuyer=${place}/bookbuyer:{commit}\n bookstore=${place}/bookstore:pr-{commit} `;
    expect(readImages([variable], commit, registries)).toEqual({
      bookbuyer: `${place}/bookbuyer:${commit}`,
      bookstore: `${place}/bookstore:pr-${commit}`,
    });
    expect(readImages(["", " "], commit, registries)).toEqual({});
    expect(() => readImages([`${variable} mysql=evil.example/{commit}:1`], commit, registries)).toThrow(
      /not where images/,
    );
  });

  it.each([
    ["a name that is none", "$shop=docker.io/openservicemesh/shop:v1", /NAME is one of the application's/],
    ["no name", "docker.io/openservicemesh/bookbuyer:v1", /NAME is one of the application/],
    ["a registry from elsewhere", "bookbuyer=evil.example/openservicemesh/bookbuyer:v1", /not where images may come/],
    ["a path that only begins alike", "bookbuyer=docker.io/openservicemesh-evil/bookbuyer:v1", /not where images/],
    ["a registry that only begins alike", "bookbuyer=registry.example:5000.evil.example/x:v1", /no whole reference/],
    ["a way out of the path", "bookbuyer=docker.io/openservicemesh/../evil/x:v1", /no whole reference/],
    ["a user before the registry", "bookbuyer=docker.io/openservicemesh@evil.example/x:v1", /no whole reference/],
    ["a scheme", "bookbuyer=https://docker.io/openservicemesh/x:v1", /no whole reference/],
    ["neither tag nor digest", "bookbuyer=docker.io/openservicemesh/bookbuyer", /no whole reference/],
    ["no registry", "bookbuyer=openservicemesh/bookbuyer:v1", /no whole reference/],
    ["a shell's characters", "bookbuyer=docker.io/openservicemesh/x:v1;id", /no whole reference/],
    ["a line break", "bookbuyer=docker.io/openservicemesh/x:v1\nfoo", /NAME is one of/],
  ])("refuses an image with %s", (_, text, message) => {
    expect(() => readImages([text], commit, registries)).toThrow(message);
  });

  it("shows nothing in its messages that a terminal would act on", () => {
    expect(() => readPullRequest("\u001b]0;x\u0007")).toThrow(/--pr "\?\]0;x\?"/);
  });
});
