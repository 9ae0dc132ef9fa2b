// tessera evaluate: grades a classifier on the held-back flows of a split, beside its controls.
#include "command.hpp"
#include "network_controls.hpp"

#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/version.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/classify/fold_predictions.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/device/threads.hpp>
#include <tessera/evaluate/make_report.hpp>
#include <tessera/evaluate/report.hpp>
#include <tessera/loader/flow_input.hpp>
#include <tessera/report/metrics.hpp>
#include <tessera/report/table.hpp>
#include <tessera/train/shared_split.hpp>

namespace {

using namespace tessera;

struct Config {
    std::filesystem::path model;
    std::filesystem::path store;
    std::filesystem::path output;
    std::string split;  ///< empty: the one that the model was trained on
    std::string name;   ///< of the model in the report; empty: its kind
    std::int64_t batch_size = 64;
    std::int64_t threads = 0;
    baseline::ControlConfig controls;
    apps::NetworkControlConfig networks;
    evaluate::EvaluateConfig grading;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("evaluate")
        .add("model", config.model, "bundle, or fine-tuning run, to grade")
        .add("store", config.store, "token store with labels")
        .add("output", config.output, "folder of the report to make")
        .add("split", config.split, "split of the store; empty: the model's own")
        .add("name", config.name,
             "what the report calls the model, beside runs that --beside names; empty: its kind")
        .add("batch_size", config.batch_size, "sequences a model call")
        .add("threads", config.threads, "threads a rank; 0: this node's processors, shared out");
    baseline::describe(options, config.controls);
    apps::describe(options, config.networks);
    evaluate::describe(options, config.grading);
}

/// What the ranks grade together.
class Grading {
  public:
    explicit Grading(Config const& config)
        : config_(config), model_(config.model), store_(dataset::open_store(config.store)) {
        auto const& wanted = model_.info().label_set;
        auto const set = store_.label_set(wanted);
        base::validate(set.has_value(), base::ExitCode::bad_input,
                       "the model tells classes of label set '{}', which the store does not have",
                       base::printable(wanted));
        label_set_ = *set;
    }

    /// Collective; AgreedError when the split is absent, damaged or not the trained one.
    void open_split(comm::Communicator const& comm) {
        split_ = train::shared_split(comm, [&] {
            auto split = dataset::load_split(store_, split_name());
            check(split);
            return split;
        });
    }

    evaluate::Report run(comm::Communicator const& comm) {
        auto predictions = answers_of(comm, model_);
        auto report = evaluate::make_report({store_, split_, label_set_},
                                            {.title = title(),
                                             .item = model_.info().task,
                                             .predictions = std::move(predictions),
                                             .networks = networks(comm),
                                             .input = input_hash()},
                                            config_.controls, config_.grading);
        for (auto& doubt : doubts()) {
            if (comm.is_root()) base::log_warning("{}", doubt);
            report.notes.push_back(std::move(doubt));
        }
        add_missing_controls(report);
        for (auto const& [key, value] : model_.info().provenance) {
            report.provenance.emplace_back("model: " + key, value);
        }
        report.metrics = training_record();
        return report;
    }

  private:
    // Flows of another split's test fold may be among those that the model learned from.
    void check(dataset::Split const& split) const {
        if (learned_elsewhere()) return;
        base::validate(of_model("split_checksum") == split.checksum, base::ExitCode::bad_input,
                       "the model was trained on split '{}' of this store, and split '{}' is not "
                       "or no longer that one: it would be graded on flows that it learned from",
                       base::printable(of_model("split")), base::printable(split_name()));
    }

    void add_missing_controls(evaluate::Report& report) const {
        if (config_.networks.which != "none") return;
        report.notes.emplace_back(
            "Not run beside this grade: the same network from random weights, with a frozen "
            "encoder, and on shuffled labels; --network-controls all trains them.");
    }

    bool learned_elsewhere() const {
        return of_model("store_checksum") != store_.manifest().checksum;
    }

    /// Why the grade may be of flows that the model learned from.
    std::vector<std::string> doubts() const {
        std::vector<std::string> doubts;
        if (learned_elsewhere()) {
            doubts.emplace_back(
                "It is not known whether the model learned from test flows: it was trained on "
                "another store, or on this one before it was made anew; `tessera audit --corpus` "
                "counts what two stores share.");
        }
        auto const seen = of_model("init_saw_test_flows");
        if (seen == "unknown") {
            doubts.emplace_back(
                "It is not known whether the encoder learned from test flows: it was pre-trained "
                "on another store, or its store or split is gone or was made anew.");
        } else if (!seen.empty() && seen != "0") {
            doubts.push_back(fmt::format(
                "LEAKY PRE-TRAINING: {} test flows were among those that the weights it began with "
                "had learned from; pre-train on the split that is graded.",
                seen));
        }
        return doubts;
    }

    baseline::Predictions answers_of(comm::Communicator const& comm,
                                     classify::TrainedModel& model) const {
        return classify::fold_predictions(comm, model, store_, label_set_,
                                          split_.flows(dataset::Fold::test), config_.batch_size,
                                          split_.packets_in(dataset::Fold::test));
    }

    evaluate::InputHash input_hash() const {
        return [this](std::uint64_t flow) {
            return loader::flow_input_hash(store_, flow, model_.data());
        };
    }

    std::vector<baseline::Control> networks(comm::Communicator const& comm) const {
        return apps::network_controls(
            comm, config_.networks,
            {.run = run_folder(),
             .store = config_.store,
             .split = split_name(),
             .folder = std::filesystem::path(config_.output).concat(".controls") / trained_as(),
             .answers = [&](classify::TrainedModel& model) { return answers_of(comm, model); }});
    }

    /// Tells this model's controls from those of another one that had a report of this name.
    std::string trained_as() const {
        auto const& build = base::build_info();  // another one does not go on with what this began
        auto text =
            fmt::format("{} {} {} {} {} {}", config_.networks.iters, store_.manifest().checksum,
                        split_.checksum, build.revision, build.compiler, build.flags);
        for (auto const& [key, value] : model_.info().provenance) text += ' ' + key + '=' + value;
        return base::checksum(std::as_bytes(std::span(text))).substr(0, 8);
    }

    /// Where the run that made the model lies, as it was named, or around the bundle.
    std::filesystem::path run_folder() const {
        std::filesystem::path named = of_model("run");
        auto const around = std::filesystem::absolute(config_.model).lexically_normal() / "..";
        for (auto const& folder : {named, config_.model, around.lexically_normal()}) {
            if (std::filesystem::exists(folder / "config.toml")) return folder;
        }
        return named;
    }

    std::string of_model(std::string const& key) const {
        auto const found = model_.info().provenance.find(key);
        return found == model_.info().provenance.end() ? "" : found->second;
    }

    std::string title() const { return config_.name.empty() ? model_.title() : config_.name; }

    std::string split_name() const {
        return config_.split.empty() ? of_model("split") : config_.split;
    }

    // The curves of the run that made the model, where that run still lies.
    std::vector<report::MetricRow> training_record() const {
        auto const record = run_folder() / "metrics.jsonl";
        if (!std::filesystem::exists(record)) return {};
        return report::read_metrics(base::read_text(record));
    }

    Config const& config_;
    classify::TrainedModel model_;
    dataset::Store store_;
    dataset::Split split_;
    std::size_t label_set_ = 0;
};

void require_paths(Config const& config) {
    base::validate(!config.model.empty(), base::ExitCode::usage,
                   "no model named: give --model BUNDLE");
    base::validate(!config.store.empty(), base::ExitCode::usage,
                   "no store named: give --store STORE");
    base::validate(!config.output.empty(), base::ExitCode::usage,
                   "no place for the report named: give --output FOLDER");
}

void tell(evaluate::Report const& report, Config const& config, bool json) {
    if (json) {
        fmt::print("{}\n", evaluate::report_json(report));
        return;
    }
    fmt::print("{}\n\n{}", evaluate::headline(report).text,
               report::to_text(evaluate::score_table(report)));
    fmt::print("\nreport: {}\n", base::printable((config.output / "report.html").string()));
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("evaluate", "grade a classifier on held-back flows");
    command.offer({apps::Flag::dry_run, apps::Flag::force, apps::Flag::json}).heed_stop_signals();
    Config config;
    describe(command.options(), config);
    command.examples("example: tessera evaluate --model bundle --store store --output report");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        require_paths(config);
        device::set_threads(comm, config.threads);
        device::keep_freed_memory();
        auto const existing = command.common().force ? evaluate::ExistingFolder::replace
                                                     : evaluate::ExistingFolder::refuse;
        std::optional<Grading> grading;
        comm::agreed(comm, [&] {
            evaluate::require_output(config.output, existing);
            grading.emplace(config);
        });
        grading->open_split(comm);
        if (command.common().dry_run) return base::ExitCode::done;
        auto const report = grading->run(comm);
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            evaluate::publish_report(base::local_files(), config.output, report, existing);
            tell(report, config, command.common().json);
        });
        return base::ExitCode::done;
    });
}
