"""tessera reproduce: from raw captures to a table of models beside controls, by one command."""
import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path

from .experiment import Experiment
from .recipe import Recipe, Refused, check_files, find, names
from .results import Results
from .runner import Runner

HEAD = """# Results

Written by `{command}`, version {version}; not by hand. macro-F1 on the test
fold with its 95 % bootstrap interval; with several folds or seeds mean ± standard deviation. Models and steps
are those of the recipes ([models] and [settings]; datasets/small.cfg where they say so: small models, trained for
minutes on a CPU): the rows say what these recipes reach, not what the methods can. "Strict" is the masking profile
`default`: addresses, ports, ids, checksums, sequence numbers and time stamps hidden. ET-BERT alone reads the first
bytes of a flow's first packets, "packet sizes" sizes, directions, times and flags of more of them; Deep Packet reads
1,500 bytes of single packets and is graded by the votes of a flow's packets.
Controls read the flow table, which no masking touches. A dash: not trained, as only some models go through all maskings
and label shares, or as --minutes had passed.

"""


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return number


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Refused(f"{message} (see tessera reproduce --help)")


def arguments(argv):
    parser = Parser(
        prog="tessera reproduce", description="recipes: captures -> stores, splits, models, controls "
        "-> a table beside the published figures; steps that are done are kept",
        epilog="example: tessera reproduce iscx-vpn/service --input ISCX-VPN-2016 --work runs/iscx")
    parser.add_argument("names", nargs="*", metavar="name",
                        help="corpus, or corpus/experiment; see --list")
    parser.add_argument("--input", type=Path, help="folder with the corpus as it was downloaded")
    parser.add_argument("--work", type=Path, default=Path("reproduce"),
                        help="folder for stores, runs and reports [reproduce]")
    parser.add_argument("--results", type=Path, help="write the tables to this file too")
    parser.add_argument("--folds", type=positive, default=1, help="splits, each by its own seed [1]")
    parser.add_argument("--seeds", type=positive, default=1, help="trainings of each model a split [1]")
    parser.add_argument("--launch", default="", help="words before each program, e.g. 'mpirun -n 4'")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no training after "
                        "this time; tables have dashes where a model was not trained [no limit]")
    parser.add_argument("--small", action="store_true",
                        help="models and steps of datasets/small.cfg, for a first look on a CPU")
    parser.add_argument("--controls-only", action="store_true", help="train no network")
    parser.add_argument("--check", action="store_true", help="say what is missing or changed, and end")
    parser.add_argument("--recipes", type=Path, help="folder of recipes [those of this program]")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--list", action="store_true", help="list the recipes")
    return parser.parse_args(argv)


def missing_files(recipe, root):
    """Error(3) lists what is missing; names that are not certain only warn."""
    lines, count = check_files(recipe.folder, root)
    for line in lines:
        print(f"tessera reproduce: {line}", file=sys.stderr)
    certain = [line for line in lines if "not certain" not in line]
    if certain:
        raise Refused(f"{root} is not what {recipe.name} wants: {len(certain)} of its files are "
                      f"missing or changed ({count} files found); {recipe.folder}/README.md says "
                      "where to get them", 3)


def require_several_splits(recipe, folds):
    """Splits by folder or time do not go by the seed: each fold would be the first once more."""
    if folds > 1 and recipe.by in ("folder", "time"):
        raise Refused(f"--folds {folds}: {recipe.name} splits by {recipe.by}, which has one split "
                      "whatever the seed; give --folds 1, and --seeds for more trainings")


def reproduce(recipe: Recipe, options, programs):
    require_several_splits(recipe, options.folds)
    if recipe.labels != "tables":
        missing_files(recipe, options.input)
    if options.check:
        return None
    if options.controls_only:
        recipe.models = {}
    runner = Runner(programs, options.work / recipe.name, options.launch, options.last)
    runner.say(f"{recipe.name}: {recipe.title}")
    experiment = Experiment(recipe, runner, options.input, options.folds, options.seeds)
    return Results(recipe, experiment.run(), experiment.fields, experiment.tests)


def publish(path, text):
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(aside, 0o644)
    os.replace(aside, path)


def command_of(options):
    """What somebody else has to type for the same tables; paths are theirs."""
    words = ["tessera reproduce", *options.names, f"--folds {options.folds}", f"--seeds {options.seeds}"]
    words += [f"--{name.replace('_', '-')}" for name in ("small", "controls_only") if getattr(options, name)]
    if options.recipes:
        words.append("--recipes FOLDER")
    if options.minutes < math.inf:
        words.append(f"--minutes {options.minutes:g}")
    return " ".join(words)


def run(argv, datasets, programs, version):
    options = arguments(argv)
    shipped, datasets = datasets, options.recipes or datasets
    if options.list or not options.names:
        print("\n".join(names(datasets)))
        return
    recipes = [recipe for name in options.names for recipe in find(datasets, name, options.small, shipped)]
    if options.input is None:
        raise Refused(f"--input: the folder with the corpus; {recipes[0].folder}/README.md says "
                      "where to get it")
    options.work = options.work.resolve()
    options.last = time.monotonic() + 60 * options.minutes
    shown = command_of(options)
    results = []
    for recipe in recipes:
        results.append(reproduce(recipe, options, programs))
        if options.results and not options.check:
            publish(options.results, HEAD.format(command=shown, version=version) +
                    "\n".join(result.markdown() for result in results))
    if options.json and not options.check:
        print(json.dumps([result.as_json() for result in results], indent=2))
    elif not options.check:
        print("\n".join(result.markdown() for result in results))


def main(argv, datasets, programs, version):
    """The command; its exit code."""
    try:
        run(argv, Path(datasets), programs, version)
    except Refused as fault:
        print(f"tessera reproduce: {fault}", file=sys.stderr)
        return fault.code
    except OSError as fault:
        print(f"tessera reproduce: {fault}", file=sys.stderr)
        return 4
    return 0
