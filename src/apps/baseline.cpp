// tessera baseline: what look-ups score on a split, before any network is trained.
#include "command.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/baseline/examples.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/evaluate/report.hpp>

namespace {

using namespace tessera;

struct BaselineConfig {
    std::filesystem::path output;
    std::string split = "default";
    std::string label_set;
    baseline::ControlConfig controls;
};

void describe(base::OptionTable& options, BaselineConfig& config) {
    options.section("baseline")
        .add("output", config.output,
             "folder for baselines.json and predictions; empty: print only")
        .add("split", config.split, "split of the store")
        .add("label_set", config.label_set, "label set; empty: the store's first");
    baseline::describe(options, config.controls);
}

std::size_t label_set_of(dataset::Store const& store, std::string const& name) {
    auto const& sets = store.manifest().labels;
    base::validate(!sets.empty(), base::ExitCode::usage,
                   "'{}' has no labels: preprocess it with --labels",
                   base::printable(store.path().string()));
    auto const found = name.empty() ? std::optional<std::size_t>(0) : store.label_set(name);
    base::validate(found.has_value(), base::ExitCode::usage, "the store has no label set '{}'",
                   name);
    return *found;
}

std::vector<evaluate::Graded> grade(dataset::Store const& store, BaselineConfig const& config) {
    auto const split = dataset::load_split(store, config.split);
    auto const set = label_set_of(store, config.label_set);
    auto const packets = static_cast<std::size_t>(config.controls.packets);
    auto const examples = [&](dataset::Fold fold) {
        return baseline::examples(store, set, split.flows(fold), packets);
    };
    std::vector<evaluate::Graded> graded;
    for (auto const& control : baseline::run_controls(
             examples(dataset::Fold::train), examples(dataset::Fold::test), config.controls)) {
        evaluate::BootstrapConfig const bootstrap{
            .cluster = evaluate::fitting_cluster(control.predictions)};
        graded.push_back(
            evaluate::graded(control.name, control.title, control.predictions, bootstrap));
    }
    return graded;
}

nlohmann::json as_json(std::vector<evaluate::Graded> const& graded) {
    nlohmann::json all = nlohmann::json::object();
    for (auto const& control : graded) {
        for (auto const& [name, score] : evaluate::named_scores(control.scores)) {
            all[control.name][name] = score;
        }
    }
    return all;
}

void print(std::vector<evaluate::Graded> const& graded) {
    fmt::print("{:<28} {:>9} {:>9} {:>17}\n", "baseline", "accuracy", "macro-F1", "95 % interval");
    for (auto const& control : graded) {
        auto const& interval = control.intervals.at("macro_f1");
        fmt::print("{:<28} {:>9.4f} {:>9.4f}   {:.4f} - {:.4f}\n", control.title,
                   control.scores.labels.accuracy, control.scores.seen.macro.f1, interval.low,
                   interval.high);
    }
}

void publish(std::vector<evaluate::Graded> const& graded, std::filesystem::path const& folder,
             bool force) {
    base::validate(force || !std::filesystem::exists(folder / "baselines.json"),
                   base::ExitCode::usage, "'{}' holds a report; --force replaces it",
                   base::printable(folder.string()));
    std::filesystem::create_directories(folder);
    auto& files = base::local_files();
    for (auto const& control : graded) {
        base::publish(files, folder / fmt::format("predictions-{}.csv", control.name),
                      evaluate::predictions_csv(control.predictions));
    }
    base::publish(files, folder / "baselines.json", as_json(graded).dump(2) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("baseline", "majority, port, address and nearest-neighbour look-ups");
    BaselineConfig config;
    std::filesystem::path path;
    describe(command.options(), config);
    command.options().section("baseline").add("store", path, "token store");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            auto const graded = grade(dataset::open_store(path), config);
            if (command.common().json) {
                fmt::print("{}\n", as_json(graded).dump(2));
            } else {
                print(graded);
            }
            if (!config.output.empty() && !command.common().dry_run) {
                publish(graded, config.output, command.common().force);
            }
        });
        return base::ExitCode::done;
    });
}
