#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tessera::apps {

struct StageTime {
    std::string name;
    double seconds = 0;  ///< what the stage adds to those before it
};

/// Passes over a capture, each with one stage more than the last: reading, decoding, cutting,
/// flows, tokens. In this process, on one thread, nothing written.
std::vector<StageTime> stage_times(std::filesystem::path const& capture);

}  // namespace tessera::apps
