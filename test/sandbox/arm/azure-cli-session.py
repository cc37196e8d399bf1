"""Runs azure-cli commands in one process: a JSON array of words per line of input, a JSON object {code, output, errors} per line of output.

azure-cli takes a second or more to start; after that, a command takes as long as its requests.
"""

import io
import json
import logging
import sys

from azure.cli.core import get_default_cli

answers = sys.stdout


def run(words):
    output = io.StringIO()
    errors = io.StringIO()
    # azure-cli writes refusals through its log, and its log handlers keep the stream of the moment when they were made.
    sys.stdout, sys.stderr = output, errors
    logging.getLogger("cli").handlers.clear()
    logging.getLogger("az").handlers.clear()
    try:
        # A new one each time: the --query of a command that failed would go on filtering.
        code = get_default_cli().invoke(words, out_file=output)
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout, sys.stderr = answers, sys.__stderr__
    return {"code": code or 0, "output": output.getvalue(), "errors": errors.getvalue()}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), file=answers, flush=True)
