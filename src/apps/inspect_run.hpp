#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tessera/report/rank_states.hpp>

namespace tessera::apps {

/// How a training run stands, read from its folder alone: nothing asks the ranks.
struct RunState {
    std::int64_t step = 0;
    std::int64_t steps = 0;  ///< of the whole run; 0: unknown
    bool done = false;
    std::optional<double> loss;              ///< of the newest line of metrics
    std::optional<double> rate;              ///< sequences a second
    std::optional<double> seconds_left;      ///< at the pace of the last lines
    std::optional<double> age;               ///< s since the last line was written
    std::optional<std::int64_t> checkpoint;  ///< step of the newest one
    std::string held_by;  ///< who works in the folder, as its lock says; may be past
    std::vector<report::RankState> ranks;  ///< at the newest line of metrics
};

/// True for a folder that pretrain or finetune made.
bool is_run(std::filesystem::path const& folder);

RunState read_run(std::filesystem::path const& folder);

std::string to_json(RunState const& state);

/// The run in a line, then a line a rank.
std::string to_table(RunState const& state);

}  // namespace tessera::apps
