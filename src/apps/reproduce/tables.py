"""Experiments whose labels stand in tables beside the captures: flows with labels, and captures
with the cluster of those that share packets."""
import csv
import gzip
import os
import shutil

from .recipe import Refused

FLOWS = "flows_public.csv.gz"
CAPTURES = "manifest_public.csv"
ENDS = ("proto", "a_ip", "a_port", "b_ip", "b_port")


def rows_of(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8") as table:
        yield from csv.DictReader(table)


def allowed_labels(root, task):
    path = root / f"task_{task}.csv"
    if not path.exists():
        raise Refused(f"{path} is missing: it lists the labels of the task", 3)
    return {row["label"] for row in rows_of(path)}


def fits(row, where):
    """True when the row is one of the task's: keys are columns, values words that are allowed;
    `dpi = yes` keeps flows whose application was found in their content."""
    for column, words in where.items():
        if column in ("task", "label"):
            continue
        if column == "dpi":
            weak = row["confidence"].startswith(("Match by", "DPI (partial"))
            if row["app"] in ("", "Unknown") or weak:
                return False
        elif row[column] not in words.split():
            return False
    return int(row["packets"]) >= 3


def chosen_rows(root, recipe):
    """Rows of the task in file order, at most so many a label, and a label and file."""
    most, most_of_file = (int(word) for word in recipe.cap.split())
    labels = allowed_labels(root, recipe.where["task"])
    of_label, of_file = {}, {}
    for row in rows_of(root / FLOWS):
        label = row[recipe.where["label"]]
        if label not in labels or not fits(row, recipe.where):
            continue
        place = (label, row["path"])
        if of_label.get(label, 0) >= most or of_file.get(place, 0) >= most_of_file:
            continue
        of_label[label] = of_label.get(label, 0) + 1
        of_file[place] = of_file.get(place, 0) + 1
        yield row, label


def lay_out(root, recipe, folder):
    """Writes `folder`/captures (links, a folder a cluster, so that a split by site keeps captures
    that share packets together) and `folder`/labels.csv."""
    if not (root / FLOWS).exists():
        raise Refused(f"{root / FLOWS} is missing: give the folder of the collection by --input", 3)
    cluster = {row["path"]: row["cluster"] or f"alone{number}"
               for number, row in enumerate(rows_of(root / CAPTURES))}
    shutil.rmtree(folder, ignore_errors=True)
    names = {}
    lines = ["path,protocol,a_ip,a_port,b_ip,b_port,label"]
    for row, label in chosen_rows(root, recipe):
        path = row["path"]
        if path not in names:
            names[path] = f"cluster-{cluster[path]}/capture-{len(names):04d}"
            link = folder / "captures" / names[path]
            link.parent.mkdir(parents=True, exist_ok=True)
            os.symlink((root / "public" / path).resolve(), link)
        fields = [names[path], *(row[end] for end in ENDS), '"' + label.replace('"', '""') + '"']
        lines.append(",".join(fields))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "captures", folder / "labels.csv"
