#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>

#include <tessera/batch/batch.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/model/classifier_config.hpp>

namespace tessera::model {

/// A net that tells classes: all of them are trained, saved, graded and asked in one way. What it
/// computes for a sample does not depend on the samples beside it in evaluation mode; dropout is a
/// pure function of the seed and the keys of the batch.
class Classifier : public torch::nn::Module {
  public:
    /// [B, classes], before softmax.
    virtual torch::Tensor logits(batch::ClassifierBatch const& batch) = 0;

    /// Random weights as a pure function of the seed; it seeds dropout too.
    virtual void initialise(std::uint64_t seed) = 0;

    /// Frozen parts get no gradient. Error(usage) when the model has no encoder.
    virtual void freeze_encoder() = 0;
};

/// The classifier that the settings describe, its weights not yet filled. Error(usage) names the
/// first setting that makes no model for such samples.
std::shared_ptr<Classifier> make_classifier(ClassifierConfig const& config,
                                            batch::ClassifierDataConfig const& data,
                                            std::int64_t classes);

}  // namespace tessera::model
