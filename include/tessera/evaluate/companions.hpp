#pragma once

#include <cstdint>
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
    std::vector<std::string> classes = {};  ///< that it tells apart
    std::string split_by = {};              ///< what the split keeps together
    std::uint64_t test_flows = 0;           ///< of the split
};

/// Reads the report.json of a folder that `publish_report` made; a model of packets counts by its
/// votes per flow, as others do. Error(bad_input) names the file.
Companion read_companion(std::string name, std::filesystem::path const& report);

/// Error(usage) names the first run that was graded on other classes or another kind of split than
/// `own`: a picture of both would say nothing. Otherwise a line for each with another number of
/// test flows (equal flows may have been left out by what another masking shows).
std::vector<std::string> other_tests(Companion const& own, std::vector<Companion> const& others);

/// From "NAME=FOLDER" each; Error(usage) for another form.
std::vector<Companion> read_companions(std::vector<std::string> const& named_reports);

}  // namespace tessera::evaluate
