#!/bin/sh
# Pulumi's language host for Node.js. The newest one that Go can build as a module is older than the engine: it has TypeScript
# compiled by the host unless a flag forbids it, where today's reads `runtime.options` in the Pulumi.yaml of the directory that
# the engine starts it in. This does the latter, with the former.
if grep -qs '^ *typescript: *false' Pulumi.yaml; then
  exec "$0-host" -typescript=false "$@"
fi
exec "$0-host" "$@"
