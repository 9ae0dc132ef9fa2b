// tessera baseline: what look-ups score on a split, before any network is trained.
#include "command.hpp"

#include <filesystem>

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/evaluate/make_report.hpp>
#include <tessera/evaluate/report.hpp>
#include <tessera/report/table.hpp>

namespace {

using namespace tessera;

struct Config {
    std::filesystem::path store;
    std::filesystem::path output;
    std::string split = "default";
    std::string label_set;
    baseline::ControlConfig controls;
    evaluate::EvaluateConfig grading;
};

void describe(base::OptionTable& options, Config& config) {
    options.section("baseline")
        .add("store", config.store, "token store with labels")
        .add("output", config.output, "folder of the report to make; empty: print only")
        .add("split", config.split, "split of the store")
        .add("label_set", config.label_set, "label set; empty: the first of the store's names");
    baseline::describe(options, config.controls);
    evaluate::describe(options, config.grading);
}

void run(Config const& config, apps::CommonConfig const& common) {
    auto const existing =
        common.force ? evaluate::ExistingFolder::replace : evaluate::ExistingFolder::refuse;
    if (!config.output.empty()) evaluate::require_output(config.output, existing);
    auto const store = dataset::open_store(config.store);
    auto const split = dataset::load_split(store, config.split);
    auto const report = evaluate::control_report(
        {store, split, dataset::label_set_or_first(store, config.label_set)}, config.controls,
        config.grading);
    if (!config.output.empty() && !common.dry_run) {
        evaluate::publish_report(base::local_files(), config.output, report, existing);
    }
    fmt::print("{}\n", common.json ? evaluate::report_json(report)
                                   : report::to_text(evaluate::score_table(report)));
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("baseline", "look-ups, k-NN, logistic regression and trees");
    command.offer({apps::Flag::dry_run, apps::Flag::force, apps::Flag::json});
    Config config;
    describe(command.options(), config);
    command.examples("example: tessera baseline --store store --split by-capture --output report");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (comm.is_root()) run(config, command.common());
        });
        return base::ExitCode::done;
    });
}
