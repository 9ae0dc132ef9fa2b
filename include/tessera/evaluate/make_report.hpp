#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {

struct EvaluateConfig {
    std::int64_t resamples = 1000;    ///< of the bootstrap
    std::string cluster = "auto";     ///< what is drawn whole: flow, capture, or what fits the fold
    double level = 0.95;              ///< of the intervals
    std::uint64_t seed = 1;           ///< of the bootstrap
    std::vector<std::string> beside;  ///< NAME=REPORT of other runs to show beside this one
};

void describe(base::OptionTable& options, EvaluateConfig& config);

/// Error(usage) for settings without sense.
BootstrapConfig bootstrap_config(EvaluateConfig const& config,
                                 baseline::Predictions const& predictions);

/// The fold that a model is graded on.
struct TestBed {
    dataset::Store const& store;
    dataset::Split const& split;
    std::size_t label_set = 0;  ///< position in the manifest
};

/// What a model said about the test fold; its classes are those of the store, in their order.
struct ModelAnswers {
    std::string title;          ///< e.g. "ET-BERT, flow level"
    std::string item = "flow";  ///< what a row is: flow or packet
    baseline::Predictions predictions;
    std::vector<baseline::Control> networks = {};  ///< trained again as controls, on the same items
    InputHash input = {};  ///< what the model reads of a flow; empty: not known, all its tokens
};

/// Grades the model beside every control, fitted on the train fold and asked about the same items.
/// Items of classes that the split held out of training are not graded but set against the known
/// ones. Fills all of the report but `metrics`; provenance names store, split, tokens and build,
/// the caller adds the run's.
Report make_report(TestBed const& bed, ModelAnswers answers,
                   baseline::ControlConfig const& controls, EvaluateConfig const& config);

/// The same for the controls alone: the strongest of them stands in the model's place.
Report control_report(TestBed const& bed, baseline::ControlConfig const& controls,
                      EvaluateConfig const& config);

}  // namespace tessera::evaluate
