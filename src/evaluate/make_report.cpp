#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/version.hpp>
#include <tessera/baseline/trees.hpp>
#include <tessera/evaluate/make_report.hpp>
#include <tessera/evaluate/store_facts.hpp>
#include <tessera/evaluate/votes.hpp>

namespace tessera::evaluate {

namespace {

using base::ExitCode;
using dataset::Fold;

/// A control that learnt from less than the model does not show what the model adds.
void tell_of_draw(Report& report, std::size_t flows, baseline::ControlConfig const& config) {
    auto const most = static_cast<std::size_t>(config.references);
    if (flows <= most) return;
    report.notes.push_back(
        fmt::format("k-NN, logistic regression and trees learnt from {} of the {} labelled flows "
                    "of the train fold (--references); look-ups and networks from all.",
                    most, flows));
}

std::vector<baseline::Control> controls_of(Report& report, TestBed const& bed,
                                           baseline::ControlConfig const& config) {
    auto const packets = static_cast<std::size_t>(config.packets);
    auto const of_fold = [&](Fold fold) {
        return baseline::examples(bed.store, bed.label_set, bed.split.flows(fold), packets);
    };
    auto const train = of_fold(Fold::train);
    tell_of_draw(report, train.items.size(), config);
    return baseline::run_controls(train, of_fold(Fold::test), config);
}

std::vector<std::pair<std::string, std::string>> provenance_of(TestBed const& bed) {
    auto const& manifest = bed.store.manifest();
    auto const& build = base::build_info();
    return {{"store", base::printable(bed.store.path().string())},
            {"store_checksum", manifest.checksum},
            {"label_set", manifest.labels[bed.label_set].name},
            {"split", bed.split.config.name},
            {"split_checksum", bed.split.checksum},
            {"tokenizer", manifest.identity.tokenizer.name},
            {"masking", manifest.identity.masking},
            {"tessera_version", build.version},
            {"tessera_revision", build.revision}};
}

Report blank_report(TestBed const& bed) {
    dataset::require_held_out_of(bed.split, bed.store, bed.label_set);
    Report report;
    report.split = split_facts(bed.split);
    report.packets = packet_counts(bed.store.manifest());
    report.provenance = provenance_of(bed);
    return report;
}

/// Items of which `wanted` is true, in order.
template <class Wanted>
baseline::Predictions chosen(baseline::Predictions const& all, Wanted const& wanted) {
    baseline::Predictions result;
    result.classes = all.classes;
    result.captures = all.captures;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (wanted(i)) result.add(all.capture[i], all.flow[i], all.labels[i], all.row(i));
    }
    return result;
}

/// Answers on classes that training saw, and on those that the split held out of it.
struct Parted {
    baseline::Predictions known;
    baseline::Predictions unknown;
};

Parted parted(dataset::Split const& split, baseline::Predictions const& answers) {
    auto const& held_out = split.config.hold_out;
    auto const is_unknown = [&](std::size_t item) {
        auto const& name = answers.classes[static_cast<std::size_t>(answers.labels[item])];
        return std::find(held_out.begin(), held_out.end(), name) != held_out.end();
    };
    return {chosen(answers, [&](std::size_t item) { return !is_unknown(item); }),
            chosen(answers, is_unknown)};
}

/// Takes items of held-out classes out of the answers, and sets them against the others.
void part_unknown(Report& report, dataset::Split const& split, baseline::Predictions& answers) {
    if (split.config.hold_out.empty()) return;
    auto parts = parted(split, answers);
    report.unknown = unknown_classes(split.config.hold_out, parts.known, parts.unknown);
    report.notes.push_back(
        fmt::format("{} items of classes held out of training are not part of the scores; see "
                    "\"Rejection\".",
                    parts.unknown.size()));
    answers = std::move(parts.known);
}

/// Networks trained as controls, on the items that the model is graded on.
void grade_networks(Report& report, dataset::Split const& split, ModelAnswers& answers) {
    for (auto& network : answers.networks) {
        auto known = parted(split, network.predictions).known;
        base::validate(known.flow == answers.predictions.flow, ExitCode::failed,
                       "control '{}' was asked about other {}s than the model: a fault of the "
                       "program",
                       network.name, answers.item);
        report.controls.push_back(
            graded(network.name, network.title, std::move(known), report.bootstrap));
    }
}

/// The model on what it has not read in training word for word.
void grade_unseen(Report& report) {
    auto const& known = report.duplicates->known;
    auto const& all = report.model.predictions;
    auto rest = chosen(all, [&](std::size_t item) { return !known.contains(all.flow[item]); });
    if (rest.size() == 0 || rest.size() == all.size()) return;
    auto const* name = report.duplicates->input ? "without_equal_input" : "without_equal_tokens";
    report.unseen.push_back(
        graded(name, report.model.title + ", unseen flows", std::move(rest), report.bootstrap));
}

void tell_of_rare_classes(Report& report) {
    constexpr std::uint64_t few = 5;
    auto const support = report.model.scores.confusion.support();
    auto const rare = std::ranges::count_if(support, [](auto n) { return n > 0 && n < few; });
    if (rare == 0) return;
    report.notes.push_back(
        fmt::format("{} of the graded classes have fewer than {} items: the interval of the "
                    "macro-F1 is then narrower than it says.",
                    rare, few));
}

/// What follows from the graded model alone.
void add_trust(Report& report, TestBed const& bed, InputHash const& input) {
    tell_of_rare_classes(report);
    report.rejection = rejection(report.model.predictions);
    report.duplicates = duplicates(bed.store, bed.split, bed.label_set, input);
    grade_unseen(report);
    if (!baseline::has_trees()) {
        report.notes.emplace_back(
            "This build has no XGBoost: random forest and boosted trees are missing among the "
            "controls.");
    }
}

}  // namespace

void describe(base::OptionTable& options, EvaluateConfig& config) {
    options.section("evaluate")
        .add("resamples", config.resamples, "resamples of the bootstrap behind each interval")
        .add("cluster", config.cluster,
             "what the bootstrap draws whole; auto: captures where the test fold has enough, "
             "else flows",
             {"auto", "flow", "capture"})
        .add("level", config.level, "probability that an interval is to cover, below 1")
        .add("bootstrap_seed", config.seed, "seed of the bootstrap")
        .add("beside", config.beside,
             "other reports to show beside this one, NAME=REPORT: fewer labels, other masking");
}

BootstrapConfig bootstrap_config(EvaluateConfig const& config,
                                 baseline::Predictions const& predictions) {
    base::validate(config.resamples > 0 && config.level > 0 && config.level < 1, ExitCode::usage,
                   "evaluate.resamples = {} and evaluate.level = {}: give at least one resample "
                   "and a level between 0 and 1",
                   config.resamples, config.level);
    auto const cluster = config.cluster == "auto"   ? fitting_cluster(predictions)
                         : config.cluster == "flow" ? Cluster::flow
                                                    : Cluster::capture;
    return {static_cast<std::size_t>(config.resamples), config.seed, config.level, cluster};
}

Report make_report(TestBed const& bed, ModelAnswers answers,
                   baseline::ControlConfig const& controls, EvaluateConfig const& config) {
    auto const& classes = bed.store.manifest().labels.at(bed.label_set).classes;
    base::validate(answers.predictions.classes == classes, ExitCode::bad_input,
                   "the model knows other classes than label set '{}' of the store; grade it on a "
                   "store with the labels that it was trained on",
                   bed.store.manifest().labels[bed.label_set].name);
    base::validate(answers.predictions.size() > 0, ExitCode::bad_input,
                   "the test fold of split '{}' has no labelled {}, so there is nothing to grade",
                   bed.split.config.name, answers.item);
    auto report = blank_report(bed);
    part_unknown(report, bed.split, answers.predictions);
    base::validate(answers.predictions.size() > 0, ExitCode::bad_input,
                   "all classes of the test fold were held out of training");
    report.companions = read_companions(config.beside);
    Companion const own{
        .classes = classes, .split_by = report.split.by, .test_flows = report.split.flows[2]};
    for (auto& line : other_tests(own, report.companions)) report.notes.push_back(std::move(line));
    report.title = fmt::format("{} on {}", answers.title, bed.store.path().filename().string());
    report.item = answers.item;
    report.bootstrap = bootstrap_config(config, answers.predictions);
    report.controls =
        graded(controls_of(report, bed, controls), answers.predictions, report.bootstrap);
    grade_networks(report, bed.split, answers);
    if (answers.item == "packet") {
        report.votes.push_back(graded("votes_per_flow", answers.title + ", votes per flow",
                                      votes(answers.predictions), report.bootstrap));
    }
    report.model =
        graded("model", std::move(answers.title), std::move(answers.predictions), report.bootstrap);
    add_trust(report, bed, answers.input);
    return report;
}

Report control_report(TestBed const& bed, baseline::ControlConfig const& controls,
                      EvaluateConfig const& config) {
    auto report = blank_report(bed);
    auto const all = controls_of(report, bed, controls);
    auto const items = parted(bed.split, all.front().predictions).known;
    base::validate(items.size() > 0, ExitCode::bad_input,
                   "the test fold of split '{}' has no labelled flow, so there is nothing to grade",
                   bed.split.config.name);
    report.subject = Subject::controls;
    report.title = fmt::format("Controls on {}", bed.store.path().filename().string());
    report.bootstrap = bootstrap_config(config, items);
    report.controls = graded(all, items, report.bootstrap);
    auto const best = std::max_element(report.controls.begin(), report.controls.end(),
                                       [](Graded const& a, Graded const& b) {
                                           return a.scores.seen.macro.f1 < b.scores.seen.macro.f1;
                                       });
    report.model = *best;
    report.controls.erase(best);
    auto const same = [&](auto const& control) { return control.name == report.model.name; };
    auto of_best = std::find_if(all.begin(), all.end(), same)->predictions;
    part_unknown(report, bed.split, of_best);
    add_trust(report, bed, {});
    return report;
}

}  // namespace tessera::evaluate
