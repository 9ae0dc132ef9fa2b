#pragma once

#include <nlohmann/json.hpp>

#include <tessera/checkpoint/training_state.hpp>

namespace tessera::checkpoint {

nlohmann::ordered_json to_json(TrainingState const& state);

/// Throws nlohmann::json::exception when a field is missing or of another kind.
TrainingState state_from_json(nlohmann::ordered_json const& json);

nlohmann::ordered_json to_json(base::BuildInfo const& build);
base::BuildInfo build_from_json(nlohmann::ordered_json const& json);

}  // namespace tessera::checkpoint
