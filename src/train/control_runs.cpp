#include <algorithm>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/train/control_runs.hpp>

namespace tessera::train {

namespace {

/// A head alone wants larger steps than a whole network ("Sugar", SIGCOMM 2025: 2e-3 for frozen
/// encoders, 2e-5 for others).
constexpr double probe_lr = 2e-3;

bool has_pretrained_encoder(FinetuneConfig const& config) {
    return config.init != "none" && !config.init.empty();
}

}  // namespace

FinetuneConfig read_finetune_config(std::filesystem::path const& run) {
    auto const file = run / "config.toml";
    base::validate(std::filesystem::exists(file), base::ExitCode::bad_input,
                   "'{}' is not there: the settings of the graded run, which its controls train "
                   "with, lie in it; start where the model was trained, or leave out "
                   "--network-controls",
                   base::printable(file.string()));
    FinetuneConfig config;
    base::OptionTable options;
    describe(options, config);
    base::read_config_file(options, file);
    return config;
}

std::vector<ControlRun> control_runs(FinetuneConfig const& graded,
                                     std::filesystem::path const& folder, std::int64_t iters) {
    std::vector<ControlRun> runs;
    auto const add = [&](std::string const& name, std::string title) -> FinetuneConfig& {
        auto& run = runs.emplace_back(ControlRun{name, std::move(title), graded});
        run.config.loop.run = folder / name;
        run.config.bundle.clear();
        if (iters > 0) {
            run.config.epochs = 0;
            run.config.loop.train_iters = iters;
            run.title += fmt::format(" ({} steps; the model: {})", iters, graded.loop.train_iters);
        }
        return run.config;
    };
    if (has_pretrained_encoder(graded)) {
        add("random_weights", "same network, random weights").init = "none";
        auto& probe = add("frozen_encoder", "frozen encoder, head alone");
        probe.freeze_encoder = true;
        probe.data.inputs = "tokens";
        probe.loop.lr = std::max(graded.loop.lr, probe_lr);
    }
    add("network_shuffled_labels", "same network, shuffled labels").shuffle_labels = true;
    return runs;
}

}  // namespace tessera::train
