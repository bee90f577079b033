#!/usr/bin/python3
"""Run the chaos suite: meshes of real processes that are killed, stopped, cut apart and starved.

    run.py                 everything, a test at a time; some minutes
    run.py -k partition    tests whose id contains the word
    run.py --list          what there is

Options, RON_BIN_DIR and RON_TIME_SCALE are those of test/integration/run.py, whose runner this is.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration"), HERE]

import run as runner  # noqa: E402  (test/integration/run.py: its folder comes first)

runner.HERE = HERE
runner.TEST_SECONDS, runner.CLASS_SECONDS = 240, 1200
runner.__doc__ = __doc__

if __name__ == "__main__":
    sys.argv[1:1] = ["--jobs", "1"]     # meshes beside each other would starve one another
    sys.exit(runner.main())
