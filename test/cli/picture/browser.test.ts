import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diffPicture } from "../../../cli/picture/changes";
import { pictureHtml } from "../../../cli/picture/html";
import { accessPicture } from "../../../cli/picture/model";
import { diff, provedExtentOf } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { evilShop, evilTexts } from "./evil";
import { installedBrowser } from "./installed-browser";
import { measure, type Seen } from "./seen";
import { shopObjects, widened } from "./shop";

/** The rules of axe-core, which looks at a page as a screen reader does. */
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

let folder: string;
let browser: Browser;

function accessFile(name: string, objects: readonly KubernetesObject[]): string {
  const mesh = osmMesh({ objects });
  return written(name, pictureHtml(accessPicture(mesh, mesh.access())));
}

function diffFile(name: string, services: number): string {
  const before = osmMesh({ objects: shopObjects({ services }) });
  const after = osmMesh({ objects: widened(shopObjects({ services })) });
  return written(name, pictureHtml(diffPicture(before, after, diff(before, after), provedExtentOf(before, after))));
}

function written(name: string, page: string): string {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, page);
  return file;
}

/** How a page is looked at. */
interface Look {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

/** Opens a page, and fails where it asks for anything or an error comes of it. */
async function open(file: string, look: Look, use: (page: Page) => Promise<void>): Promise<void> {
  const { width = 1440, colorScheme = "light" } = look;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: "reduce" });
  // A limit against hangs: a loaded machine takes its time.
  context.setDefaultTimeout(100_000);
  const wrong: string[] = [];
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => wrong.push(message.text()));
    page.on("dialog", (dialog) => {
      wrong.push(dialog.message());
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(file).href) wrong.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    await use(page);
  } finally {
    await context.close();
  }
  expect(wrong).toEqual([]);
}

const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

// Without a browser the layout, what is shown and the page's text are tested all the same: layout, visible, html.
const title =
  installedBrowser === undefined
    ? "the page in a browser (skipped: no Chromium is installed, and the variable CHROMIUM names none)"
    : "the page in a browser";

describe.skipIf(installedBrowser === undefined)(title, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "aks-mesh-picture-"));
    browser = await chromium.launch({
      ...(installedBrowser !== undefined && { executablePath: installedBrowser }),
      // Chromium refuses to run as root with its sandbox; it reads only pages that were written here.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
    for (const services of [4, 20, 100, 1000]) accessFile(String(services), shopObjects({ services }));
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    { services: 4, width: 1440, atLeast: 9 },
    { services: 4, width: 375, atLeast: 2 },
    { services: 20, width: 1440, atLeast: 12 },
    { services: 20, width: 375, atLeast: 2 },
    { services: 100, width: 1440, atLeast: 16 },
    { services: 100, width: 375, atLeast: 4 },
    { services: 1000, width: 1440, atLeast: 40 },
    { services: 1000, width: 375, atLeast: 4 },
  ])("is read at first sight: $services services, $width px wide", async ({ services, width, atLeast }) => {
    await open(join(folder, `${String(services)}.html`), { width }, async (page) => {
      const seen = await page.evaluate<Seen>(measure);
      expect(seen.smallest.size, seen.smallest.text).toBeGreaterThanOrEqual(11);
      expect(seen.clipped).toEqual([]);
      expect(seen.overlapping).toEqual([]);
      expect(seen.inView).toBeGreaterThanOrEqual(atLeast);
      expect([seen.scrolls, seen.animations]).toEqual([false, 0]);
    });
  });

  it.each(["light", "dark"] as const)("has no fault that axe-core finds, %s", async (colorScheme) => {
    for (const file of [join(folder, "20.html"), diffFile("changed", 6)]) {
      await open(file, { colorScheme }, async (page) => {
        await page.evaluate(axe);
        await page.locator(".box").nth(2).click();
        for (const view of ["Picture", "Matrix", "Table"]) {
          await press(page, view);
          const found = await page.evaluate<readonly string[]>(
            `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) =>
              violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + failureSummary)))`,
          );
          expect(found, view).toEqual([]);
        }
      });
    }
  });

  it("shows who may do nothing, and who is outside", async () => {
    await open(join(folder, "4.html"), {}, async (page) => {
      await page.getByRole("button", { name: /^thieves\/ ?thief .*may call nobody/ }).click();
      await page.getByRole("complementary").getByText("Nothing.").first().waitFor();
      await page.getByRole("button", { name: /^outside: ?203\.0\.113\.0\/24 / }).waitFor();
      await press(page, "Table");
      expect(await page.getByText(/^May call nobody/).textContent()).toContain("thieves/thief");
    });
  });

  it("is used by keyboard alone", async () => {
    await open(join(folder, "20.html"), {}, async (page) => {
      const focused = (): Promise<string> =>
        page.evaluate<string>('document.activeElement.closest(".box")?.textContent ?? ""');
      for (let tabs = 0; tabs < 12 && (await focused()) === ""; tabs += 1) await page.keyboard.press("Tab");
      const first = await focused();
      await page.keyboard.press("ArrowRight");
      const second = await focused();
      expect([first === "", second === first]).toEqual([false, false]);
      await page.keyboard.press("Enter");
      const heading = page.getByRole("complementary").getByRole("heading", { level: 2 });
      expect(second.startsWith((await heading.textContent()) ?? "nothing")).toBe(true);
      await page.keyboard.press("Escape");
      await heading.waitFor({ state: "detached" });
      const before = await page.evaluate<string>('document.querySelector(".world").style.transform');
      await page.keyboard.press("+");
      expect(await page.evaluate<string>('document.querySelector(".world").style.transform')).not.toBe(before);
    });
  });

  it("finds one service of a thousand, and shows only what touches it", async () => {
    await open(join(folder, "1000.html"), {}, async (page) => {
      await page.getByRole("combobox", { name: "Search names" }).fill("service-421");
      await page.keyboard.press("Enter");
      await page
        .getByRole("complementary")
        .getByRole("heading", { name: /\/service-421$/ })
        .waitFor();
      await press(page, "Only what touches it");
      const { boxes, overlapping, inView } = await page.evaluate<Seen>(measure);
      expect(boxes).toBeGreaterThan(1);
      expect(boxes).toBeLessThan(20);
      expect([overlapping, inView > 1]).toEqual([[], true]);
      await page.getByRole("button", { name: /show all again/ }).click();
      expect((await page.evaluate<Seen>(measure)).boxes).toBeGreaterThan(40);
    });
  });

  it("folds, unfolds and moves", async () => {
    await open(join(folder, "1000.html"), {}, async (page) => {
      const folded = page.getByRole("button", { name: /^team-7 27 services/ });
      await folded.click();
      await folded.click();
      await page.getByRole("button", { name: /^team-7\/ ?service-7 / }).waitFor();
      await page.getByRole("button", { name: "team-7", exact: true }).click();
      await folded.waitFor();
      await page.mouse.move(700, 800);
      const place = async (): Promise<number> => (await folded.boundingBox())?.y ?? 0;
      const before = await place();
      await page.mouse.wheel(0, 60);
      await expect.poll(place).toBeLessThan(before);
    });
  });

  it("has a matrix whose cells show their calls", async () => {
    await open(join(folder, "100.html"), {}, async (page) => {
      await press(page, "Matrix");
      await page
        .getByRole("button", { name: /^ingress\/controller to platform\/service-0: everything passes/ })
        .click();
      const side = page.getByRole("complementary");
      expect(await side.getByRole("heading", { level: 2 }).textContent()).toBe(
        "ingress/controller → platform/service-0",
      );
      expect(await page.getByRole("rowheader", { name: "thieves/thief" }).count()).toBe(1);
    });
  });

  it("shows what changes, with the request that shows it", async () => {
    await open(diffFile("small", 6), {}, async (page) => {
      expect(await page.locator(".legend li").allTextContents()).toEqual(["opens", "closes"]);
      await page.getByRole("button", { name: /^thieves\/ ?thief / }).click();
      const side = page.getByRole("complementary");
      await side.getByText(/^thieves\/thief → service-1\..* GET \/service-1\//).waitFor();
      await side.getByText("was refused, is allowed (200)").waitFor();
      await page.getByLabel("Only what changes").uncheck();
      expect(await page.locator(".legend li").allTextContents()).toContain("some requests pass");
    });
  });

  it.each(evilTexts)("runs nothing of %j", async (evil) => {
    await open(accessFile("evil", evilShop(evil)), {}, async (page) => {
      for (const view of ["Matrix", "Table", "Picture"]) await press(page, view);
      await page.locator(".box").first().click();
      expect(await page.locator("img").count()).toBe(0);
    });
  });
});
