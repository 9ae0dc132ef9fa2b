#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/baseline/examples.hpp>
#include <tessera/baseline/predictions.hpp>

namespace tessera::baseline {

struct ControlConfig {
    std::int64_t neighbours = 5;       ///< k of k-NN
    std::int64_t packets = 10;         ///< first packets of a flow that are looked at one by one
    std::int64_t references = 10'000;  ///< most training flows that are learnt from, by the seed
    std::int64_t trees = 100;          ///< trees a class in forest and boosting
    std::string controls = "all";      ///< or look-ups: those that cost nothing, and k-NN
    std::uint64_t seed = 1;
};

void describe(base::OptionTable& options, ControlConfig& config);

/// A simple rule fitted on the train fold, and what it says about the test fold.
struct Control {
    std::string name;   ///< key in report.json, e.g. "port_lookup"
    std::string title;  ///< for people, e.g. "port look-up"
    Predictions predictions;
};

/// The controls that stand beside every grade. Look-ups: majority class; protocol and responder
/// port; responder address. Learned from `Examples`: k-NN on sizes and directions of the first
/// packets; logistic regression; random forest and boosted trees, without and with addresses and
/// ports; the strongest of these on shuffled labels, which must fall to chance. They see what
/// masking hides from the model, so they show what the split alone gives away. A build without
/// XGBoost has no trees (`has_trees`).
std::vector<Control> run_controls(Examples const& train, Examples const& test,
                                  ControlConfig const& config);

/// `flows` said again for each item of `items` (packets, or flows in another order), so that both
/// are graded on the same items. Error(failed) when an item's flow has no prediction.
Predictions for_items(Predictions const& flows, Predictions const& items);

}  // namespace tessera::baseline
