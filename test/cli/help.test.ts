import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allUsages, firstWords } from "../../cli/help";
import { main } from "../../cli/main";
import { version } from "../../package.json";
import { capture } from "./capture";

const run = (...args: readonly string[]) => capture(() => main(args));
const names = Object.keys(allUsages);

describe("help", () => {
  it.each(names)("of %s shows an example and every option that it takes, and no other", async (name) => {
    const words = name.split(" ");
    const { output, result } = await run(...words, "--help");
    expect(result).toBe(0);
    expect(output).toMatch(new RegExp(`^[A-Z].*\n\nUsage: aks-mesh ${name}\\b`));
    expect(output).toContain("\nExample: ");
    expect(output).toContain("\nExit code: ");
    expect((await run("help", ...words)).output).toBe(output);
    const documented = Object.keys(allUsages[name]?.options ?? {}).map((option) => option.split(" ")[0]);
    const { output: refusal } = await run(...words, "--zzzzzzzzzzzz");
    const taken = /There are (.*)\./.exec(refusal)?.[1]?.split(", ") ?? [];
    expect([...taken].sort(), refusal).toEqual(documented.sort());
  });

  it("lists all commands", async () => {
    const { output, result } = await run("help");
    expect(result).toBe(0);
    for (const word of firstWords.filter((one) => one !== "help")) expect(output).toContain(`\n  aks-mesh ${word} `);
    expect((await run()).result).toBe(2);
    const previews = await run("preview", "--help");
    expect(previews.result).toBe(0);
    for (const name of names.filter((one) => one.startsWith("preview "))) {
      expect(previews.output).toContain(`aks-mesh ${name}`);
    }
  });

  it("says which version this is", async () => {
    expect(await run("--version")).toEqual({ result: 0, output: `${version}\n` });
  });
});

describe("a name that is not quite right", () => {
  it.each([
    [["acess"], "Did you mean access?"],
    [["preview", "statuss"], "Did you mean preview status?"],
    [["check", "--fail-onn"], "Did you mean --fail-on?"],
    [["access", "--qqqqqqq"], "There are --"],
    [["preview", "up", "--commti", "x"], "Did you mean --commit?"],
    [["completion", "basch"], "write one of bash, zsh, fish"],
  ])("is answered with the one that was meant: %j", async (args, answer) => {
    const { output, result } = await run(...args);
    expect(output).toMatch(/^aks-mesh: .+\n$/);
    expect(output).toContain(answer);
    expect(result).toBe(2);
  });
});

describe("completion", () => {
  /** What bash offers after the words of a line. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const { output: script } = await run("completion", "bash");
    const folder = mkdtempSync(join(tmpdir(), "aks-mesh-completion-"));
    try {
      mkdirSync(join(folder, "k8s"));
      writeFileSync(join(folder, "page.html"), "");
      const all = ["aks-mesh", ...words];
      const line = all.map((word) => `'${word}'`).join(" ");
      const asking = `COMP_WORDS=(${line}); COMP_CWORD=${String(all.length - 1)}; _aks_mesh; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", `set -u\n${script}\n${asking}`], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      return stdout.split("\n").filter((word) => word !== "");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it("in bash offers commands, options, values and files", async () => {
    expect(await offered("ch")).toEqual(["check"]);
    expect(await offered("")).toEqual([...firstWords, "--version"]);
    expect(await offered("preview", "s")).toEqual(["status"]);
    expect(await offered("check", "--f")).toEqual(["--format", "--fail-on"]);
    expect(await offered("check", "k8s", "--format", "s")).toEqual(["sarif"]);
    expect(await offered("check", "k8s", "--mesh", "")).toEqual(["osm", "istio"]);
    expect(await offered("preview", "up", "--cluster", "")).toEqual(["shared", "own"]);
    expect(await offered("access", "k")).toEqual(["k8s"]);
    expect(await offered("access", "--html", "")).toEqual(expect.arrayContaining(["k8s", "page.html"]));
    expect(await offered("convert", "k8s", "--out", "")).toEqual(["k8s"]);
    expect(await offered("explain", "k8s", "--from", "")).toEqual([]);
  });

  it("in zsh is that of bash, and in fish has every command and option", async () => {
    const [bash, zsh, fish] = await Promise.all(
      ["bash", "zsh", "fish"].map(async (shell) => (await run("completion", shell)).output),
    );
    const body = bash?.split("\n").slice(1).join("\n") ?? "none";
    expect(zsh?.endsWith(body)).toBe(true);
    for (const [name, { options }] of Object.entries(allUsages)) {
      for (const option of Object.keys(options)) {
        const flag = option.split(" ")[0]?.slice(2) ?? "";
        const [first = "", second] = name.split(" ");
        const condition = [first, second].flatMap((word) =>
          word === undefined ? [] : `__fish_seen_subcommand_from ${word}`,
        );
        expect(fish).toContain(`complete -c aks-mesh -n '${condition.join("; and ")}' -l ${flag}`);
      }
    }
  });
});
