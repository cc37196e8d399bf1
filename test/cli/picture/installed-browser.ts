import { existsSync } from "node:fs";

/** Where Debian, Ubuntu, Fedora and macOS put Chromium or Chrome. */
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A browser that is installed, or the one that the variable CHROMIUM names; undefined where there is none. */
export const installedBrowser = [process.env["CHROMIUM"] ?? "", ...places].find(
  (place) => place !== "" && existsSync(place),
);
