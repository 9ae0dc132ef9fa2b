#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/dataset/identity.hpp>
#include <tessera/model/classifier.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::test {

inline std::string toml_of(auto& config) {
    base::OptionTable options;
    describe(options, config);
    return options.as_toml(false);
}

struct TinyBundle {
    std::string level = "flow";
    std::vector<std::string> classes{"mail", "shell", "web"};
    std::uint64_t seed = 1;
};

/// A small classifier with random weights that differ enough to give different classes.
inline void write_tiny_bundle(std::filesystem::path const& folder, TinyBundle const& wanted = {}) {
    model::ClassifierConfig size;
    size.bert.layers = 1;
    size.bert.hidden = 16;
    size.bert.heads = 2;
    size.bert.feed_forward = 32;
    size.bert.positions = 64;
    size.packets.width = 8;
    batch::ClassifierDataConfig data;
    data.level = wanted.level;
    data.inputs = "tokens";  // so random a net over sizes says the same about everything
    data.sequence_length = 64;
    auto const classifier =
        model::make_classifier(size, data, static_cast<std::int64_t>(wanted.classes.size()));
    model::initialise(*classifier, wanted.seed, 0.5);
    std::vector<checkpoint::NamedTensor> weights;
    for (auto const& item : classifier->named_parameters()) {
        weights.push_back({item.key(), item.value().detach()});
    }

    preprocess::PreprocessConfig reading;
    checkpoint::BundleInfo info;
    info.task = wanted.level;
    info.label_set = "service";
    info.classes = wanted.classes;
    info.tokenizer = reading.token.tokenizer;
    info.masking = reading.token.masking;
    info.token_settings = dataset::token_identity(reading.token).settings;
    info.sequence_length = data.sequence_length;
    info.preprocess_toml = preprocess::content_settings(reading);
    info.model_toml = toml_of(size);
    info.data_toml = toml_of(data);
    checkpoint::write_bundle(base::local_files(), folder, info, weights);
}

}  // namespace tessera::test
