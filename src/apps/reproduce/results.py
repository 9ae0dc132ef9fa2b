"""Tables of results: models beside controls, a column a masking profile, and the label budget."""
import statistics

from .experiment import comparable

LOOK_UPS = ("majority", "port_lookup", "server_lookup")
TITLES = {"majority": "majority class", "port_lookup": "port look-up",
          "server_lookup": "server look-up", "knn_sizes": "k-NN on packet sizes",
          "logistic_regression": "logistic regression", "random_forest": "random forest",
          "random_forest_addresses": "random forest + addresses",
          "boosted_trees": "boosted trees", "boosted_trees_addresses": "boosted trees + addresses",
          "shuffled_labels": "shuffled labels"}
COLUMNS = {"default": "strict", "D1": "as published (D1)", "none": "all headers"}


def cell(scores):
    """One run: score and interval; several: mean, deviation, number."""
    if not scores:
        return "–"
    if len(scores) == 1:
        value, (low, high) = scores[0]
        return f"{value:.3f} ({low:.3f} - {high:.3f})"
    values = [value for value, _ in scores]
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f} (n = {len(values)})"


def mean(scores):
    return statistics.mean(value for value, _ in scores)


def score_of(report):
    """Of flows: a model of packets is graded by the votes of a flow's packets, as the others are."""
    graded = report.get("votes_per_flow", report)
    return graded["macro_f1"], graded["intervals"]["macro_f1"]


class Results:
    """What the runs of one recipe came to."""

    def __init__(self, recipe, grades, fields, tests):
        self.recipe = recipe
        self.tests = tests  # {label share: paired test of the two models of `compare`}
        self.fields = fields  # of each fold: {header field: macro-F1}
        self.models = [grade for grade in grades if grade.model]
        self.controls = [grade.report for grade in grades if not grade.model]

    def of(self, model, masking, share="1"):
        return [score_of(grade.report) for grade in self.models
                if (grade.model, grade.masking, grade.share) == (model, masking, share)]

    def control_scores(self):
        """{control: [(macro-F1, interval) of each fold]}; a controls' report has its strongest on top."""
        scores = {}
        for report in self.controls:
            for name, values in report["baselines"].items():
                scores.setdefault(name, []).append(
                    (values["macro_f1"], report["baseline_intervals"][name]["macro_f1"]))
            scores.setdefault(report["strongest_control"], []).append(score_of(report))
        return {name: scores[name] for name in TITLES if name in scores}

    def strongest_fields(self, count=3):
        """[(macro-F1, field)], the strongest header fields by themselves."""
        known = self.fields[0]
        means = [(statistics.mean(fold[name] for fold in self.fields), name) for name in known]
        return sorted(means, reverse=True)[:count]

    def best_model(self):
        """(macro-F1 on test, name) of the model that did best on the valid folds."""
        strict = self.recipe.masking[0]
        grades = [grade for grade in self.models if (grade.masking, grade.share) == (strict, "1")]
        valid = {}
        for grade in comparable(grades):
            valid.setdefault(grade.model, []).append(grade.valid_score())
        if not valid:
            return None
        model = max(valid, key=lambda name: statistics.mean(valid[name]))
        return mean(self.of(model, strict)), model

    def how_chosen(self):
        if any(grade.report["provenance"]["model: valid_macro_f1"] for grade in self.models):
            return "Best model on the valid fold"
        return "No model has a score on the valid fold to be chosen by; the first of the recipe"

    def verdict(self):
        controls = {name: mean(scores) for name, scores in self.control_scores().items()}
        look_up = max((controls[name], TITLES[name]) for name in LOOK_UPS)
        lines = []
        if self.best_model():
            score, model = self.best_model()
            word = "above" if score > look_up[0] else "NOT above"
            lines.append(f"{self.how_chosen()}: {model}, {score:.3f} in test; {word} every look-up "
                         f"(best: {look_up[1]}, {look_up[0]:.3f})")
            if "boosted_trees" in controls:
                word = "at or above" if score >= controls["boosted_trees"] else "BELOW"
                lines[-1] += (f"; {word} boosted trees without addresses and ports "
                              f"({controls['boosted_trees']:.3f})")
            lines[-1] += "."
        best = max((value, TITLES[name]) for name, value in controls.items())
        lines.append(f"Strongest control: {best[1]}, {best[0]:.3f}.")
        alone = ", ".join(f"{name} {value:.3f}" for value, name in self.strongest_fields())
        lines.append(f"Header fields alone, the strongest: {alone}.")
        return lines

    def comparison(self):
        """A line on the two models of `compare`, from paired tests on the same test flows. They are of
        the first fold and seed, and whole flows or captures are drawn, as the test fold allows."""
        if not self.tests:
            return []
        first, second = self.recipe.compare.split(" | ")
        parts = []
        for share, test in self.tests.items():
            low, high = test["interval"]
            word = "better" if low > 0 else "worse" if high < 0 else "no clear difference"
            parts.append(f"{100 * float(share):g} % of the labels {test['difference']:+.3f} "
                         f"({low:+.3f} - {high:+.3f}; whole {test['cluster']}s of {test['captures']} "
                         f"captures drawn), {word}")
        return [f"{first} against {second}, paired difference in macro-F1 on fold 1, seed 1: "
                f"{'; '.join(parts)}."]

    def facts(self):
        report = self.controls[0]
        flows = report["split"]["flows"]
        text = (f"{len(report['classes'])} classes; {flows['train']} / {flows['valid']} / "
                f"{flows['test']} flows by {self.recipe.by} (train / valid / test, labelled or "
                f"not), {report['items']} labelled in test.")
        missing = [line for line in report["split"]["warnings"] if line.startswith("The test")]
        lines = [text]
        if missing:
            lines.append(f"Classes without a flow in the test fold, since too few captures hold "
                         f"them: {len(missing)}.")
        if self.recipe.published:
            lines.append(f"Published: {self.recipe.published}")
        return lines

    def table(self):
        maskings = self.recipe.masking
        head = ["macro-F1", *(COLUMNS.get(name, name) for name in maskings)]
        rows = [head, ["---"] * len(head)]
        for model in self.recipe.models:
            rows.append([model, *(cell(self.of(model, masking)) for masking in maskings)])
        for name, scores in self.control_scores().items():
            rows.append([TITLES[name], cell(scores), *[""] * (len(maskings) - 1)])
        return lines_of(rows)

    def label_table(self):
        shares = self.recipe.label_shares
        if len(shares) < 2 or not self.recipe.models:
            return []
        head = ["labels in training", *(f"{100 * float(share):g} %" for share in shares)]
        rows = [head, ["---"] * len(head)]
        for model in self.recipe.models:
            rows.append([model, *(cell(self.of(model, self.recipe.masking[0], share))
                                  for share in shares)])
        return ["", *lines_of(rows)]

    def as_json(self):
        return {"paired_tests": self.tests, "header_fields": self.fields, "recipe": self.recipe.name, "facts": self.facts(), "verdict": self.verdict(),
                "controls": self.control_scores(),
                "models": [{"model": grade.model, "masking": grade.masking,
                            "label_share": float(grade.share), "fold": grade.fold,
                            "seed": grade.seed, "macro_f1": macro_f1, "interval": interval}
                           for grade in self.models
                           for macro_f1, interval in [score_of(grade.report)]]}

    def markdown(self):
        return "\n".join([f"## {self.recipe.name}: {self.recipe.title}", "", *self.facts(), "",
                          *self.verdict(), *self.comparison(), "", *self.table(), *self.label_table(), ""])


def lines_of(rows):
    return ["| " + " | ".join(row) + " |" for row in rows]
