/* eslint-disable @typescript-eslint/no-require-imports -- ts-node compiles what is required after it is registered. */
/**
 * Serialises the dynamic providers as Pulumi does when the program runs: compiled by Pulumi's own ts-node, not by the test
 * runner, whose form of a module cannot be serialised. Prints {name: {text, methods, inlinePools?}} as JSON.
 */
const { register } = require("@pulumi/pulumi/vendor/ts-node@7.0.1");
register({
  transpileOnly: true,
  project: `${__dirname}/../../../tsconfig.json`,
  compiler: require.resolve("typescript"),
});

const { runtime } = require("@pulumi/pulumi");
const requireFromString = require("require-from-string");
const { featureProvider } = require("../../../components/feature-registration/provider");
const { bootstrapRemovalProvider, inlinePoolsProvider } = require("../../../components/aks-cluster/bootstrap-pool");

async function serialise(provider) {
  const { text } = await runtime.serializeFunction(() => provider);
  const loaded = requireFromString(text).handler();
  await loaded.configure({ config: { get: () => undefined } });
  return { text, methods: Object.keys(loaded), loaded };
}

async function main() {
  const feature = await serialise(featureProvider());
  const inline = await serialise(inlinePoolsProvider());
  const removal = await serialise(bootstrapRemovalProvider());
  const inputs = { resourceGroupName: "g", clusterName: "c", createOnlyHash: "a", updateHash: "b", profile: "[]" };
  const { outs } = await inline.loaded.create(inputs);
  // Reaches through every layer down to the choice of a cloud, which this environment names wrongly.
  const failure = await feature.loaded
    .create({ providerNamespace: "n", feature: "f", timeoutSeconds: 1, unregisterOnDelete: false })
    .catch((error) => error.message);
  const plain = ({ text, methods }) => ({ text, methods });
  const result = { feature: plain(feature), inline: plain(inline), removal: plain(removal), outs, failure };
  process.stdout.write(JSON.stringify(result));
}

void main();
