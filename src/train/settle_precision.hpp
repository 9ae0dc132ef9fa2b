#pragma once

#include "precision.hpp"

#include <filesystem>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/comm/communicator.hpp>

namespace tessera::train {

/// The precision of the run that is begun in the folder of `config` already; empty: none is.
template <class Config>
std::string begun_precision(Config config) {
    auto const path = config.loop.run / "config.toml";
    if (!std::filesystem::exists(path)) return {};
    base::OptionTable options;
    describe(options, config);
    base::read_config_file(options, path);
    return config.loop.precision;
}

/// Settles a precision of `auto`: a run that goes on keeps its own, a new one has it measured.
/// Collective.
template <class Config>
void settle_precision(comm::Communicator const& comm, Config& config, torch::Device device) {
    if (config.loop.precision != "auto") return;
    std::string begun;
    comm::agreed(comm, [&] {
        if (comm.is_root()) begun = begun_precision(config);
    });
    comm::broadcast(comm, begun, 0);
    config.loop.precision = begun.empty() ? measured_precision(comm, device) : begun;
}

}  // namespace tessera::train
