#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera::doctor {

/// How bad: fine and note say what there is, a warning what may cost time, a fault what would make
/// the job fail.
enum class Level { fine, note, warning, fault };

std::string_view name(Level level);

/// One line of the examination.
struct Finding {
    std::string check;  ///< what was looked at, e.g. "locking"
    Level level = Level::fine;
    std::string cause;   ///< what was found
    std::string remedy;  ///< what to do; empty where there is nothing to do

    bool operator==(Finding const&) const = default;
};

using Findings = std::vector<Finding>;

}  // namespace tessera::doctor
