#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tessera/evaluate/bootstrap.hpp>

namespace tessera::evaluate {

/// Another graded run that a report shows beside its own: the same model with fewer labels, under
/// another masking, from random weights, ..
struct Companion {
    std::string name;
    std::string masking;
    double label_share = 1;  ///< of the training labels
    double macro_f1 = 0;
    Interval interval;
};

/// Reads the report.json of a folder that `publish_report` made. Error(bad_input) names the file.
Companion read_companion(std::string name, std::filesystem::path const& report);

/// From "NAME=FOLDER" each; Error(usage) for another form.
std::vector<Companion> read_companions(std::vector<std::string> const& named_reports);

}  // namespace tessera::evaluate
