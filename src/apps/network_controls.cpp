#include "network_controls.hpp"

#include <optional>

#include <tessera/base/log.hpp>
#include <tessera/train/control_runs.hpp>

namespace tessera::apps {

void describe(base::OptionTable& options, NetworkControlConfig& config) {
    options.section("evaluate")
        .add("network_controls", config.which,
             "train the same network from random weights, with its encoder frozen, and on shuffled "
             "labels: each costs as much as the model did",
             {"none", "all"})
        .add("control_iters", config.iters,
             "steps of each of these trainings; 0: as many as the model's");
}

std::vector<baseline::Control> network_controls(comm::Communicator const& comm,
                                                NetworkControlConfig const& config,
                                                NetworkTraining const& training) {
    std::vector<baseline::Control> controls;
    if (config.which == "none") return controls;
    std::vector<train::ControlRun> runs;
    comm::agreed(comm, [&] {
        runs = train::control_runs(train::read_finetune_config(training.run), training.folder,
                                   config.iters);
    });
    for (auto& run : runs) {
        if (comm.is_root()) base::log_info("control: {}", run.title);
        run.config.loop.store = training.store;
        run.config.split = training.split;
        train::finetune(comm, run.config, {.progress = training.progress});
        std::optional<classify::TrainedModel> model;
        comm::agreed(comm, [&] { model.emplace(run.config.loop.run); });
        controls.push_back({run.name, run.title, training.answers(*model)});
    }
    return controls;
}

}  // namespace tessera::apps
