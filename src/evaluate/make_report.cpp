#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/version.hpp>
#include <tessera/evaluate/make_report.hpp>
#include <tessera/evaluate/store_facts.hpp>
#include <tessera/evaluate/votes.hpp>

namespace tessera::evaluate {

namespace {

using base::ExitCode;
using dataset::Fold;

std::vector<baseline::Control> controls_of(TestBed const& bed,
                                           baseline::ControlConfig const& config) {
    auto const packets = static_cast<std::size_t>(config.packets);
    auto const of_fold = [&](Fold fold) {
        return baseline::examples(bed.store, bed.label_set, bed.split.flows(fold), packets);
    };
    return baseline::run_controls(of_fold(Fold::train), of_fold(Fold::test), config);
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
    Report report;
    report.split = split_facts(bed.split);
    report.packets = packet_counts(bed.store.manifest());
    report.provenance = provenance_of(bed);
    return report;
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
        .add("bootstrap_seed", config.seed, "seed of the bootstrap");
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
    report.title = fmt::format("{} on {}", answers.title, bed.store.path().filename().string());
    report.item = answers.item;
    report.bootstrap = bootstrap_config(config, answers.predictions);
    report.controls = graded(controls_of(bed, controls), answers.predictions, report.bootstrap);
    if (answers.item == "packet") {
        report.votes.push_back(graded("votes_per_flow", answers.title + ", votes per flow",
                                      votes(answers.predictions), report.bootstrap));
    }
    report.model =
        graded("model", std::move(answers.title), std::move(answers.predictions), report.bootstrap);
    return report;
}

Report control_report(TestBed const& bed, baseline::ControlConfig const& controls,
                      EvaluateConfig const& config) {
    auto report = blank_report(bed);
    auto const all = controls_of(bed, controls);
    auto const& items = all.front().predictions;
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
    return report;
}

}  // namespace tessera::evaluate
