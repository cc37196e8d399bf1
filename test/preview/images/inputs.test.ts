import { describe, expect, it } from "vitest";
import { imagesText, readImagesFile } from "../../../preview/images/images-file";
import { readImages } from "../../../preview/images/inputs";

const digest = `sha256:${"0".repeat(64)}`;
const registries = ["docker.io/openservicemesh", "registry.example:5000", "docker.io/library/mysql"];

describe("images on the command line", () => {
  it("are taken from allowed places by their digest, several in one text too, and none", () => {
    const texts = [
      `bookbuyer=docker.io/openservicemesh/bookbuyer@${digest}`,
      ` bookstore=registry.example:5000/team/bookstore:v1@${digest}\n mysql=docker.io/library/mysql@${digest} `,
    ];
    expect(readImages(texts, registries)).toEqual([
      { name: "bookbuyer", reference: { registry: "docker.io", path: "openservicemesh/bookbuyer", digest } },
      {
        name: "bookstore",
        reference: { registry: "registry.example:5000", path: "team/bookstore", tag: "v1", digest },
      },
      { name: "mysql", reference: { registry: "docker.io", path: "library/mysql", digest } },
    ]);
    expect(readImages(["", " "], registries)).toEqual([]);
  });

  it.each([
    ["a name that is none", `$shop=docker.io/openservicemesh/shop@${digest}`, /NAME is one of the application's/],
    ["no name", `docker.io/openservicemesh/bookbuyer@${digest}`, /NAME is one of the application/],
    ["a registry from elsewhere", `a=evil.example/openservicemesh/bookbuyer@${digest}`, /not where images may come/],
    ["a path that only begins alike", `a=docker.io/openservicemesh-evil/bookbuyer@${digest}`, /not where images/],
    ["a registry that only begins alike", `a=registry.example:5000.evil.example/x@${digest}`, /no whole reference/],
    ["a way out of the path", `a=docker.io/openservicemesh/../evil/x@${digest}`, /no whole reference/],
    ["a user before the registry", `a=docker.io/openservicemesh@evil.example/x@${digest}`, /no whole reference/],
    ["a user and a password", `a=user:password@registry.example:5000/x@${digest}`, /no whole reference/],
    ["a scheme", `a=https://docker.io/openservicemesh/x@${digest}`, /no whole reference/],
    ["neither tag nor digest", "a=docker.io/openservicemesh/bookbuyer", /no whole reference/],
    ["no registry", `a=openservicemesh/bookbuyer@${digest}`, /no whole reference/],
    ["a digest of another kind", `a=docker.io/openservicemesh/x@md5:${"0".repeat(32)}`, /no whole reference/],
    ["a digest that is cut off", `a=docker.io/openservicemesh/x@${digest.slice(0, -1)}`, /no whole reference/],
    ["a shell's characters", `a=docker.io/openservicemesh/x@${digest};id`, /no whole reference/],
    ["options after it", `a=docker.io/openservicemesh/x@${digest} --privileged`, /NAME is one of/],
    ["a path without end", `a=docker.io/openservicemesh/${"x/".repeat(300)}x@${digest}`, /no whole reference/],
    ["a tag alone", "a=docker.io/openservicemesh/x:v1", /preview digest docker\.io\/openservicemesh\/x:v1/],
  ])("are refused with %s", (_, text, message) => {
    expect(() => readImages([text], registries)).toThrow(message);
  });
});

describe("the images of the job that built them", () => {
  const own = ["acme.azurecr.io/previews"];
  const file = (images: unknown) => JSON.stringify({ images });
  const read = (text: string) => readImagesFile(text, 12, own);
  const cart = `acme.azurecr.io/previews/pr-12/cart@${digest}`;

  it("are read as they were written", () => {
    const images = read(file({ cart }));
    expect(images).toEqual([
      { name: "cart", reference: { registry: "acme.azurecr.io", path: "previews/pr-12/cart", digest } },
    ]);
    expect(read(imagesText(images))).toEqual(images);
    expect(read(file({}))).toEqual([]);
  });

  const many = (count: number) =>
    Object.fromEntries(
      [...Array(count).keys()].map((n) => [`c${n}`, `acme.azurecr.io/previews/pr-12/c${n}@${digest}`]),
    );

  it.each([
    ["another pull request's path", file({ cart: cart.replace("pr-12", "pr-13") }), /not the pull request's own place/],
    ["a path that only begins alike", file({ cart: cart.replace("pr-12", "pr-123") }), /not the pull request's own/],
    ["a path of its own elsewhere", file({ cart: cart.replace("acme", "evil") }), /not where images may come from/],
    [
      "its own path below another's",
      file({ cart: cart.replace("pr-12", "pr-13/pr-12") }),
      /not the pull request's own/,
    ],
    ["another image's name", file({ till: cart }), /not the pull request's own place.*pr-12\/till/],
    ["a place of previews', but not its own", file({ cart: `acme.azurecr.io/previews/cart@${digest}` }), /own place/],
    ["a tag", file({ cart: "acme.azurecr.io/previews/pr-12/cart:latest" }), /may come to mean another image/],
    ["a name that is none", file({ "--privileged": cart }), /no name of an image/],
    ["a name that objects have", `{"images":{"__proto__":"${cart}"}}`, /no name of an image/],
    ["no reference", file({ cart: { toString: "x" } }), /write a reference as text/],
    ["no JSON", "cart=x", /no JSON/],
    ["a list", JSON.stringify([cart]), /must be \{ "images"/],
    ["51 images", file(many(51)), /has 51 images: a preview brings 50 at most/],
    ["10,000 images", file(many(10_000)), /longer than 64 KB/],
  ])("are refused with %s", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
