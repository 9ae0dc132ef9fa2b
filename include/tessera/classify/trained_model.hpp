#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <torch/types.h>

#include <tessera/batch/classifier_sample.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/model/classifier.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::classify {

/// A classifier as its bundle describes it, ready to be asked: weights, classes, how captures are
/// read and how a sequence is made. Nothing else is needed.
class TrainedModel {
  public:
    /// `path`: a bundle, or a run that holds one under RUN/bundle. Error(bad_input) when it is
    /// neither, is damaged, or means other tokens than this program makes.
    explicit TrainedModel(std::filesystem::path const& path, torch::Device device = torch::kCPU);

    /// Probabilities of each sequence, row by row. [B, C]
    std::vector<float> probabilities(batch::ClassifierBatch const& batch);

    checkpoint::BundleInfo const& info() const { return info_; }
    std::vector<std::string> const& classes() const { return info_.classes; }

    /// For a person: "ET-BERT with packet sizes, flow level".
    std::string const& title() const { return title_; }
    /// How captures are read: the settings of the store that the training read.
    preprocess::PreprocessConfig const& reading() const { return reading_; }
    batch::ClassifierDataConfig const& data() const { return data_; }

  private:
    void load(checkpoint::Bundle const& bundle);

    torch::Device device_;
    checkpoint::BundleInfo info_;
    std::string title_;
    preprocess::PreprocessConfig reading_;
    batch::ClassifierDataConfig data_;
    std::shared_ptr<model::Classifier> model_;
};

}  // namespace tessera::classify
