#!/bin/sh
# Pulumi's provider of dynamic resources. The engine starts it in the program's directory; the provider itself is part of the
# @pulumi/pulumi package that the program uses, found as node finds it. Walking up here instead of asking node saves one start of node.
# The engine holds the other end of standard input for as long as it lives: a provider whose engine was killed ends with it.
with_engine='data:text/javascript,process.stdin.resume().on("end",()=>process.exit())'
directory=$PWD
while :; do
  provider=$directory/node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js
  if [ -f "$provider" ]; then
    exec node --import "$with_engine" --require "$0.cjs" "$provider" "$@"
  fi
  [ -n "$directory" ] || break
  directory=${directory%/*}
done
echo "No @pulumi/pulumi package in $PWD or above it: run 'npm ci' in the program's directory." >&2
exit 1
