#pragma once

#include "objective.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tessera::train {

/// A run's metrics.jsonl: one JSON object a line.
/// One record over all starts of a run: what a start wrote past the checkpoint that the next one
/// goes on from is cut away, so no step stands in it twice.
class MetricsLog {
  public:
    /// What stays of the step that the run goes on from.
    enum class LastStep {
        whole,
        training,  ///< its validation will be recorded anew
    };

    /// Keeps lines up to step `kept`, drops later ones and a last line cut by a crash.
    MetricsLog(std::filesystem::path path, std::int64_t kept, LastStep last = LastStep::whole);

    /// `split` is "train" or "valid".
    void add(std::int64_t step, std::string_view split, Metrics const& metrics);

    /// The same rows as a table: columns in the order in which they first appear.
    std::string csv() const;

    std::string text() const;

  private:
    std::filesystem::path path_;
    std::ofstream file_;
};

}  // namespace tessera::train
