#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tessera::evaluate {

/// Values found in two folds at once, e.g. servers of train and test.
struct SharedValues {
    std::string folds;  ///< "train-test"
    std::string what;   ///< "server"
    std::uint64_t shared = 0;
    std::uint64_t first = 0;   ///< distinct values in the first fold
    std::uint64_t second = 0;  ///< .. and in the second
};

/// Flows before and after a stage of cleaning.
struct CleaningFacts {
    std::string stage;
    std::uint64_t flows_in = 0;
    std::uint64_t flows_out = 0;
};

/// Flows of the store that equal others, e.g. by their tokens.
struct EqualFlowFacts {
    std::string by;  ///< bytes, input, sequence
    std::uint64_t flows = 0;
    std::uint64_t duplicates = 0;
    double conflict_rate = 0;  ///< share of labelled flows that equal one of another class
    double ceiling = 1;        ///< best accuracy of what sees only this much
};

/// What a report says about the split that it was graded on.
struct SplitFacts {
    std::string name;
    std::string by;                        ///< what stays together: flow, capture, ..
    std::array<std::uint64_t, 3> flows{};  ///< train, valid, test
    std::vector<SharedValues> audit;
    std::vector<std::string> warnings;  ///< e.g. a class that a fold lacks
    double label_share = 1;             ///< of the training labels that were kept
    std::vector<CleaningFacts> cleaning;
    std::vector<EqualFlowFacts> equal_flows;
    bool is_leaky = false;  ///< flows stand on both sides on purpose
};

}  // namespace tessera::evaluate
