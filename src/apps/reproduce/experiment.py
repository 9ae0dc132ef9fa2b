"""One recipe from captures to reports: stores, splits, pre-training, every model, every control."""
import json
from dataclasses import dataclass, field
from pathlib import Path

from . import tables


@dataclass
class Grade:
    """One graded run."""
    model: str
    masking: str
    share: str
    fold: int
    seed: int
    report: dict
    run: Path = None
    store: Path = None
    steps: list = field(default_factory=list)  # of the runner, that made it

    def valid_score(self):
        """macro-F1 on the valid fold: what a model may be chosen by."""
        return float(self.report["provenance"]["model: valid_macro_f1"] or 0)


def comparable(grades):
    """Those of flows: what a model scores on single packets of the valid fold says nothing beside
    them. Those of packets where there are no others."""
    grades = list(grades)
    return [grade for grade in grades if grade.report["item"] == "flow"] or grades


def best_on_valid(grades):
    return max(comparable(grades), key=Grade.valid_score, default=None)


def slug(text):
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")


def merged(words):
    """A command line in which each flag stands once: the later one counts."""
    flags = {}
    for word in words:
        if word.startswith("--"):
            name = word
            flags[name] = []
        else:
            flags[name].append(word)
    return [part for name, values in flags.items() for part in (name, *values)]


def kind_of(words):
    """The tokenizer that a model's own store needs: empty for the store that all others read."""
    return "deep-packet" if any(word.startswith("deep-packet") for word in words) else ""


class Experiment:
    def __init__(self, recipe, runner, captures, folds, seeds):
        self.recipe = recipe
        self.runner = runner
        self.captures = captures
        self.folds = range(1, folds + 1)
        self.seeds = range(1, seeds + 1)
        self.work = runner.work

    def flags(self, command):
        return self.recipe.settings.get(command, [])

    def inputs(self):
        if self.recipe.labels == "tables":
            return tables.lay_out(self.captures, self.recipe, self.work / "inputs")
        if self.recipe.labels == "folders":
            return self.captures, "folders"
        return self.captures, self.recipe.folder / self.recipe.labels

    def run(self):
        """All grades: controls once a fold, models for each masking, fold and seed. The store that
        comes first is the one that the splits of all others follow."""
        captures, labels = self.inputs()
        self.preprocess(captures, labels, self.recipe.masking[0], "")
        self.fields = [self.audit(captures, labels, fold) for fold in self.folds]
        grades = []
        for masking in self.recipe.masking:
            for kind in sorted({"", *(kind_of(words) for words in self.recipe.models.values())}):
                self.preprocess(captures, labels, masking, kind)
            for fold in self.folds:
                grades += self.run_fold(masking, fold)
        self.tests = self.paired_tests(grades)
        self.page(grades)
        return grades

    def preprocess(self, captures, labels, masking, kind):
        store = self.store(masking, kind)
        tokens = ["--tokenizer", kind, "--bytes-per-packet", "0"] if kind else []
        self.runner.step(preprocess_step(store), store / "manifest.json",
                         "preprocess", "--input", captures, "--labels", labels, "--store", store,
                         "--force", *merged([*self.flags("preprocess"), "--masking", masking, *tokens]),
                         files=[Path(labels)])
        for fold in self.folds:
            for share in self.recipe.label_shares:
                self.split(store, fold, share)

    def split(self, store, fold, share):
        name = split_name(fold, share)
        first = self.store(self.recipe.masking[0])
        follows = store != first and self.recipe.by != "leaky-legacy"  # which has no groups
        like = ["--like", first] if follows else []
        self.runner.step(split_step(store, name), store / "splits" / f"{name}.json", "split", store, "--by", self.recipe.by,
                         "--name", name, "--seed", fold, "--label-set", self.recipe.label_set,
                         "--label-share", share, "--force", *self.flags("split"), *like,
                         after=[preprocess_step(store), *([split_step(first, name)] if like else [])])

    def store(self, masking, kind=""):
        """Packets as ET-BERT reads them, or as Deep Packet does."""
        return self.work / f"store-{masking}{'-' + kind if kind else ''}"

    def page(self, grades):
        """The page to read: the chosen model beside every control and every other run, with the label
        budget and a column a masking profile."""
        first = [grade for grade in grades if grade.model and grade.fold == self.folds[0] and
                 grade.seed == self.seeds[0]]
        chosen = best_on_valid(grade for grade in first if grade.share == "1" and
                               grade.masking == self.recipe.masking[0])
        if chosen is None:
            return
        others = [f"{grade.model}={grade.report['folder']}" for grade in first if grade is not chosen]
        page = self.work / "page"
        self.runner.step("page", page, "evaluate", "--model", chosen.run, "--store", chosen.store,
                         "--output", page, "--force", "--name", chosen.model, *self.flags("evaluate"),
                         *(["--beside", *others] if others else []),
                         after=[step for grade in first for step in grade.steps])
        self.runner.say(f"  page {page / 'report.html'}")

    def paired_tests(self, grades):
        """{label share: result of `tessera compare`} of the two models of `compare`, first fold and
        seed, first masking."""
        names = self.recipe.compare.split(" | ") if self.recipe.compare else []
        folders = {(grade.model, grade.share): grade.report["folder"] for grade in grades
                   if grade.model and grade.masking == self.recipe.masking[0] and
                   grade.fold == self.folds[0] and grade.seed == self.seeds[0]}
        return {share: self.runner.ask(f"compare-{slug(share)}", "compare",
                                       *(folders[name, share] for name in names))
                for share in self.recipe.label_shares
                if names and all((name, share) in folders for name in names)}

    def run_fold(self, masking, fold):
        grades = []
        if masking == self.recipe.masking[0]:
            grades.append(self.controls(self.store(masking), masking, fold))
        for model, words in self.recipe.models.items():
            if masking != self.recipe.masking[0] and not self.is_studied(model):
                continue
            store = self.store(masking, kind_of(words))
            for seed in self.seeds:
                grades += self.model(store, masking, fold, seed, model, list(words))
        return grades

    def audit(self, captures, labels, fold):
        """What each header field alone scores, on a store that shows all of them."""
        store = self.work / "store-audit"
        self.runner.step("preprocess-audit", store / "manifest.json", "preprocess", "--input",
                         captures, "--labels", labels, "--store", store, "--force",
                         *merged([*self.flags("preprocess"), "--masking", "none",
                                  "--bytes-per-packet", "600"]), files=[Path(labels)])
        name = split_name(fold, "1")
        self.split(store, fold, "1")
        output = self.work / f"audit-{fold}.json"
        self.runner.step(f"audit-{fold}", output, "audit", store, "--split", name, "--label-set",
                         self.recipe.label_set, "--output", output, after=[f"split-audit-{name}"])
        fields = json.loads(output.read_text(encoding="utf-8"))["fields"]
        return {field["field"]: field["macro_f1"] for field in fields}

    def controls(self, store, masking, fold):
        report = self.work / f"controls-{fold}"
        self.runner.step(f"controls-{fold}", report, "baseline", "--store", store, "--split",
                         split_name(fold, "1"), "--label-set", self.recipe.label_set, "--output",
                         report, "--force", *self.flags("baseline"),
                         after=[split_step(store, split_name(fold, "1"))])
        return Grade("", masking, "1", fold, 0, load(report))

    def model(self, store, masking, fold, seed, model, words):
        """Grades of one model: all labels under every masking, fewer labels under the first."""
        wanted = masking == self.recipe.masking[0] and self.is_studied(model)
        shares = self.recipe.label_shares if wanted else ["1"]
        place = f"{masking}-{fold}-{seed}"
        if self.runner.is_late() and not list(self.work.glob(f"report-{slug(model)}-{place}-*")):
            return []
        origin = []
        if "pretrained" in words:
            words[words.index("pretrained")] = str(self.pretrain(store, place, fold, seed))
            origin = [f"pretrain-{place}"]
        grades = []
        for share in shares:
            name = f"{slug(model)}-{place}-{slug(share)}"
            run, report = self.work / f"run-{name}", self.work / f"report-{name}"
            if self.runner.is_late() and not report.exists():
                continue
            self.runner.step(f"finetune-{name}", run / "bundle", "finetune", "--store", store,
                             "--split", split_name(fold, share), "--labels", self.recipe.label_set,
                             "--run", run, "--seed", seed, "--progress", "none",
                             *merged([*self.flags("finetune"), *words]), folder=run,
                             after=[split_step(store, split_name(fold, share)), *origin])
            self.runner.step(f"evaluate-{name}", report, "evaluate", "--model", run, "--store",
                             store, "--output", report, "--force", "--name", model, "--controls", "look-ups",
                             *self.beside(grades), *self.flags("evaluate"),
                             after=[f"finetune-{name}", *(grade.steps[-1] for grade in grades)])
            self.runner.say(f"  bundle {run / 'bundle'}, page {report / 'report.html'}")
            grades.append(Grade(model, masking, share, fold, seed, load(report), run, store,
                                [f"finetune-{name}", f"evaluate-{name}"]))
            grades[-1].report["folder"] = str(report)
        return grades

    def is_studied(self, model):
        return not self.recipe.studied or model in self.recipe.studied.split(" | ")

    @staticmethod
    def beside(grades):
        """Reports of the same model with fewer labels, so that the page draws its label budget."""
        named = [f"{grade.model}={grade.report['folder']}" for grade in grades]
        return ["--beside", *named] if named else []

    def pretrain(self, store, place, fold, seed):
        run = self.work / f"pretrained-{place}"
        self.runner.step(f"pretrain-{place}", run / "checkpoints", "pretrain", "--store", store,
                         "--split", split_name(fold, "1"), "--run", run, "--seed", seed,
                         "--progress", "none", *self.flags("pretrain"), folder=run,
                         after=[split_step(store, split_name(fold, "1"))])
        return run


def preprocess_step(store):
    return f"pre{store.name.replace('store', 'process')}"


def split_step(store, name):
    return f"split-{store.name.removeprefix('store-')}-{name}"


def split_name(fold, share):
    return f"fold{fold}" if share == "1" else f"fold{fold}-labels-{slug(share)}"


def load(report):
    return json.loads((report / "report.json").read_text(encoding="utf-8"))
