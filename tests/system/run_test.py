#!/usr/bin/python3
"""Runs the system tests of one file: run_test.py --bin DIRECTORY [-k PATTERN] FILE

The directory holds the programs under test. Exit status 77 says that nothing could be run: no root, or a tool that the
file needs (its REQUIRED_TOOLS) is not installed.
"""

import argparse
import importlib
import os
import shutil
import sys
import unittest

sys.dont_write_bytecode = True

SKIPPED = 77
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)

from harness import network, switch  # noqa: E402  (the path comes first)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="where weft-vswitchd and the tools are")
    parser.add_argument("-k", metavar="PATTERN", action="append", help="only tests whose name holds this")
    parser.add_argument("file", help="such as local_test.py")
    arguments = parser.parse_args()

    if os.geteuid() != 0:
        skip("needs root: it makes network namespaces")
    switch.bin_directory = os.path.abspath(arguments.bin)
    module = importlib.import_module(os.path.basename(arguments.file).removesuffix(".py"))
    missing = [tool for tool in getattr(module, "REQUIRED_TOOLS", []) if shutil.which(tool) is None]
    if missing:
        skip(f"not installed: {', '.join(missing)}")
    network.remove_leftovers()

    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in arguments.k] if arguments.k else None
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(loader.loadTestsFromModule(module))
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        skip("every test was skipped")


main()
