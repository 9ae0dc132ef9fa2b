"""Recipes: datasets/NAME/*.ini, one experiment each, with the files that the experiment wants."""
import configparser
import fnmatch
import hashlib
from dataclasses import dataclass, field
from pathlib import Path


GIVEN = {"name", "folder", "where", "settings", "models"}  # no keys of [recipe]
COMMANDS = {"preprocess", "split", "pretrain", "finetune", "baseline", "evaluate"}


class Refused(Exception):
    """What the user asked for cannot be done; `code` as in the README."""

    def __init__(self, text, code=2):
        super().__init__(text)
        self.code = code


@dataclass
class Recipe:
    """One experiment: a label set of a corpus, a split, and the models to put beside the controls."""
    name: str  # "iscx-vpn/service"
    folder: Path
    title: str
    label_set: str = "label"
    labels: str = "labels.toml"  # in `folder`; "folders": a folder a class; "tables": see tables.py
    by: str = "capture"
    cap: str = ""  # "tables": flows a class, and flows a class and file
    where: dict = field(default_factory=dict)  # "tables": which rows make the task
    masking: list = field(default_factory=lambda: ["default"])
    label_shares: list = field(default_factory=lambda: ["1"])
    studied: str = ""  # the one model to put through other maskings and fewer labels; empty: all
    compare: str = ""  # two models, parted by " | ", for a paired test at each label share
    published: str = ""
    settings: dict = field(default_factory=dict)  # command: its flags
    models: dict = field(default_factory=dict)  # name: flags of finetune


def layered(*paths):
    """Files of settings, each over those before it; "Key" and "key" differ."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str
    parser.read([path for path in paths if path.exists()], encoding="utf-8")
    return parser


def read(path, folder, name, small, shipped):
    """Refused names the file that cannot be a recipe, and why."""
    try:
        return parsed(path, folder, name, small, shipped)
    except (configparser.Error, UnicodeDecodeError) as fault:
        raise Refused(f"{path}: {' '.join(str(fault).split())}") from fault


def require_flags(path, title, section):
    for key, words in section.items():
        if words and not words[0].startswith("--"):
            raise Refused(f"{path}: '{key}' in [{title}] begins with '{words[0]}': it holds flags, "
                          "so begin it with --")


def small_models(folder, shipped):
    """The file of models for a first look: beside the recipe's folder, else that of the shipped recipes."""
    beside = folder.parent / "small.cfg"
    return beside if beside.exists() else shipped / "small.cfg"


def parsed(path, folder, name, small, shipped):
    own = folder / "common.cfg", path
    parser = layered(*own)
    if small:
        parser.remove_section("models")
        parser.read_dict(layered(small_models(folder, shipped)))
    elif parser.get("recipe", "size", fallback="") == "small":
        own_models = parser.has_section("models")
        below = layered(small_models(folder, shipped))
        if own_models:
            below.remove_section("models")
        below.read_dict(parser)
        parser = below
    if not parser.get("recipe", "title", fallback=""):
        raise Refused(f"{path}: there is no title in [recipe]: give it one")
    values = dict(parser["recipe"])
    values.pop("size", None)
    unknown = set(values) - (set(Recipe.__dataclass_fields__) - GIVEN)
    if unknown:
        raise Refused(f"{path}: unknown key '{sorted(unknown)[0]}' in [recipe]")
    other = set(parser["settings"] if parser.has_section("settings") else ()) - COMMANDS
    if other:
        raise Refused(f"{path}: unknown key '{sorted(other)[0]}' in [settings]; it holds flags of "
                      f"{', '.join(sorted(COMMANDS))}")
    for key in ("masking", "label_shares"):
        if key in values:
            values[key] = values[key].split()
    section = lambda title: {key: value.split() for key, value in
                             (parser[title].items() if parser.has_section(title) else ())}
    where = dict(parser["where"]) if parser.has_section("where") else {}
    settings, models = section("settings"), section("models")
    require_flags(path, "settings", settings)
    require_flags(path, "models", models)
    if not models:
        raise Refused(f"{path}: there are no models: name some in [models], or write size = small in "
                      "[recipe]")
    return Recipe(name=name, folder=folder, where=where, settings=settings, models=models, **values)


def find(datasets, name, small=False, shipped=None):
    """The recipes that `name` stands for: a corpus, or one experiment of it as CORPUS/EXPERIMENT.
    `shipped`: the folder of recipes that came with the program, where `datasets` is another one."""
    corpus, _, experiment = name.partition("/")
    folder = datasets / corpus
    paths = sorted(folder.glob(f"{experiment or '*'}.ini")) if folder.is_dir() else []
    if not paths:
        raise Refused(f"no recipe '{name}'; there are: {', '.join(names(datasets))}")
    return [read(path, folder, f"{corpus}/{path.stem}", small, shipped or datasets) for path in paths]


def names(datasets):
    return sorted(f"{path.parent.name}/{path.stem}" for path in datasets.glob("*/*.ini"))


def expected_files(folder):
    """Lines of files.txt: a glob, and "?" before it when the name is not certain."""
    path = folder / "files.txt"
    if not path.exists():
        return []
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [(line.lstrip("? "), not line.startswith("?")) for line in lines if line]


def check_files(folder, root):
    """What is missing or changed below `root`, a line each, and how many files were found.

    A name is looked for anywhere below the root and without regard to case: archives of these
    corpora were repacked in many ways."""
    if not root.is_dir():
        return [f"{root} is no folder"], 0
    found = {path.relative_to(root).as_posix().lower(): path
             for path in root.rglob("*") if path.is_file()}
    lines = []
    for pattern, certain in expected_files(folder):
        wanted = pattern.lower()
        if any(fnmatch.fnmatch(name, wanted) or fnmatch.fnmatch(name, "*/" + wanted)
               for name in found):
            continue
        lines.append(f"missing: {pattern}" if certain else
                     f"missing: {pattern} (this name is not certain; see {folder.name}/README.md)")
    lines += changed_files(folder, found)
    return lines, len(found)


def changed_files(folder, found):
    sums = folder / "SHA256SUMS"
    if not sums.exists():
        return []
    lines = []
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = found.get(name.lower())
        if path and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            lines.append(f"changed: {name} has another sha256 than when the recipe was written")
    return lines
