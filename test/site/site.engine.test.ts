import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { extname, join, resolve } from "node:path";
import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typescriptArguments } from "../../scripts/typescript-arguments";
import { installedBrowser } from "../cli/picture/installed-browser";

const root = resolve(__dirname, "../..");
const site = join(root, "dist", "site");
const read = (file: string) => readFileSync(join(site, file), "utf8");
const built = (ending: string) =>
  readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(ending));

/** All elements of a page. */
function elementsOf(node: Tree.Node): Tree.Element[] {
  const inside = "childNodes" in node ? node.childNodes.flatMap(elementsOf) : [];
  return "tagName" in node ? [node, ...inside] : inside;
}

/** The attribute of all elements of a page that have it. */
const valuesIn = (file: string, attribute: string): string[] =>
  elementsOf(parse(read(file))).flatMap(({ attrs }) =>
    attrs.flatMap(({ name, value }) => (name === attribute ? [value] : [])),
  );

/** What a browser loads of a page by itself: what its elements name, other than where their links lead. */
function loadedBy(file: string): string[] {
  return elementsOf(parse(read(file))).flatMap(({ tagName, attrs }) =>
    attrs.flatMap(({ name, value }) => {
      const loads = ["src", "srcset", "poster", "data"].includes(name) || (name === "href" && tagName === "link");
      return loads ? [value] : [];
    }),
  );
}

beforeAll(() => {
  execFileSync(process.execPath, [...typescriptArguments, join("site", "build.ts")], {
    cwd: root,
    env: { ...process.env, SITE_BASE: "mesh" },
    stdio: ["ignore", "ignore", "inherit"],
  });
});

describe("the site", () => {
  it("has a page for each document", () => {
    const documents = readdirSync(join(root, "docs")).filter((file) => /^(?!README).*\.md$/.test(file));
    expect(documents.length).toBeGreaterThan(15);
    expect(built(".html")).toEqual(expect.arrayContaining(documents.map((file) => file.replace(/\.md$/, ".html"))));
  });

  it("shows the picture of the bookstore and a broken guarantee, both made by the command", () => {
    const front = read("index.html");
    expect(front).toContain('<iframe src="/mesh/access.html"');
    expect(front).toContain("Guarantee bookthief never reaches bookstore: It is broken");
    expect(front).toMatch(/shown by {2}bookthief\/bookthief → bookstore\.bookstore\S+ GET \//);
    const picture = read("access.html");
    for (const service of ["bookbuyer", "bookthief", "bookstore-v2", "bookwarehouse"])
      expect(picture).toContain(service);
  });

  it("leads to files of the repository on its forge", () => {
    const links = valuesIn("package.html", "href");
    expect(links).toContainEqual(expect.stringMatching(/^https:\/\/.*\/blob\/main\/scripts\/package\.ts$/));
    expect(links.filter((link) => link.startsWith(".."))).toEqual([]);
  });

  it("has the headings that links name", () => {
    const links = built(".html").flatMap((file) =>
      valuesIn(file, "href").flatMap((href) => {
        const [, page = "", heading] = /^(?:\.\/([\w-]+)\.html)?#(.+)$/.exec(href) ?? [];
        return heading === undefined
          ? []
          : [{ link: `${file} → ${href}`, to: page === "" ? file : `${page}.html`, heading }];
      }),
    );
    expect(links.filter(({ link }) => !link.includes(" → #")).length).toBeGreaterThan(5);
    const ids = new Map(built(".html").map((file) => [file, new Set(valuesIn(file, "id"))]));
    const dead = links.filter(({ to, heading }) => ids.get(to)?.has(decodeURIComponent(heading)) !== true);
    expect(dead.map(({ link }) => link)).toEqual([]);
  });

  it("is built by a configuration that has VitePress's types", () => {
    // The compiler is the program's; what the site is built with is installed by now.
    execFileSync(process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", "site"], { cwd: root });
  });

  it("can be searched", () => {
    expect(built(".js").filter((file) => file.includes("localSearchIndex")).length).toBeGreaterThan(0);
  });

  it("loads nothing from elsewhere", () => {
    const loaded = built(".html").flatMap(loadedBy);
    expect(loaded.length).toBeGreaterThan(100);
    expect(loaded.filter((address) => !address.startsWith("/mesh/") && address !== "data:,")).toEqual([]);
    const styles = built(".css").flatMap((file) => [...read(file).matchAll(/url\(["']?([^)"']+)|@import[^;]+/g)]);
    expect(styles.map(([all, address = all]) => address).filter((one) => !one.startsWith("data:"))).toEqual([]);
    const scripts = built(".js").map(read).join("\n");
    expect(scripts).not.toMatch(/(fetch|import|Worker|sendBeacon|open)\(\s*["'`](https?:)?\/\//);
    expect(scripts).not.toMatch(/\.(src|href)\s*=\s*["'`](https?:)?\/\//);
  });
});

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
};

/** Serves the site below /mesh/, as a forge would. */
function serve(): Promise<Server> {
  const server = createServer(({ url = "" }, answer) => {
    const file = join(site, new URL(url, "http://localhost").pathname.replace(/^\/mesh\//, ""));
    const found = file.startsWith(`${site}/`) && existsSync(file);
    answer.writeHead(found ? 200 : 404, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    answer.end(found ? readFileSync(file) : undefined);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

const title = `the site in a browser${installedBrowser === undefined ? " (skipped: no Chromium is installed, and the variable CHROMIUM names none)" : ""}`;

describe.skipIf(installedBrowser === undefined)(title, () => {
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    server = await serve();
    browser = await chromium.launch({
      ...(installedBrowser !== undefined && { executablePath: installedBrowser }),
      // Chromium refuses to run as root with its sandbox; it reads only pages that were built here.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it.each([
    ["light", 1440],
    ["light", 375],
    ["dark", 1440],
    ["dark", 375],
  ] as const)("has no fault that axe-core finds, %s, %i px wide", async (colorScheme, width) => {
    const { port } = server.address() as AddressInfo;
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      reducedMotion: "reduce",
    });
    const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
    for (const file of ["index.html", "package.html"]) {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${String(port)}/mesh/${file}`, { waitUntil: "networkidle" });
      await page.evaluate(axe);
      const found = await page.evaluate<readonly string[]>(
        `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) =>
          violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + failureSummary)))`,
      );
      expect(found, file).toEqual([]);
    }
    await context.close();
  });
});
