#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::test {

/// A model of two layers, for tests that run in milliseconds.
inline model::BertConfig tiny_config() {
    model::BertConfig config;
    config.layers = 2;
    config.hidden = 32;
    config.heads = 4;
    config.feed_forward = 64;
    config.vocabulary = 90;  // padded to 128
    config.positions = 24;
    return config;
}

inline void fill_sequences(batch::Sequences& batch, std::vector<std::int64_t> const& lengths) {
    auto const size = static_cast<std::int64_t>(lengths.size());
    constexpr std::int64_t width = 16;
    batch.tokens = torch::zeros({size, width}, torch::kInt64);
    batch.segments = torch::zeros({size, width}, torch::kInt64);
    batch.lengths = lengths;
    for (std::int64_t b = 0; b < size; ++b) {
        for (std::int64_t s = 0; s < lengths[static_cast<std::size_t>(b)]; ++s) {
            batch.tokens[b][s] = 5 + (b * 31 + s * 17) % 85;
            batch.segments[b][s] = 2 * s < lengths[static_cast<std::size_t>(b)] ? 0 : 1;
        }
        batch.keys.push_back(static_cast<std::uint64_t>(100 + b));
        batch.samples.push_back(static_cast<std::uint64_t>(b));
    }
}

/// Two masked places a sequence, of three slots.
inline batch::PretrainBatch tiny_pretrain_batch(std::vector<std::int64_t> const& lengths) {
    batch::PretrainBatch batch;
    fill_sequences(batch, lengths);
    auto const size = batch.size();
    batch.masked_positions = torch::zeros({3 * size}, torch::kInt64);
    batch.masked_targets = torch::zeros({3 * size}, torch::kInt64);
    batch.masked_weights = torch::zeros({3 * size});
    batch.masked_count = 2 * size;
    batch.same_origin = torch::arange(size).remainder(2);
    for (std::int64_t b = 0; b < size; ++b) {
        for (std::int64_t k = 0; k < 2; ++k) {
            auto const place = b * batch.width() + 1 + k;
            batch.masked_positions[2 * b + k] = place;
            batch.masked_targets[2 * b + k] = batch.tokens.view({-1})[place];
            batch.masked_weights[2 * b + k] = 1.0F;
            batch.tokens.view({-1})[place] = 3;
        }
    }
    return batch;
}

inline batch::ClassifierBatch tiny_classifier_batch(std::vector<std::int64_t> const& lengths,
                                                    std::vector<std::int64_t> const& labels) {
    batch::ClassifierBatch batch;
    fill_sequences(batch, lengths);
    batch.labels = torch::tensor(labels, torch::kInt64);
    batch.labelled = batch.labels.ge(0).sum().item<std::int64_t>();
    return batch;
}

/// Sequences [begin, begin + count) of a batch of tiny_pretrain_batch.
inline batch::PretrainBatch part_of(batch::PretrainBatch const& batch, std::int64_t begin,
                                    std::int64_t count) {
    batch::PretrainBatch part;
    part.tokens = batch.tokens.narrow(0, begin, count);
    part.segments = batch.segments.narrow(0, begin, count);
    part.lengths.assign(batch.lengths.begin() + begin, batch.lengths.begin() + begin + count);
    part.keys.assign(batch.keys.begin() + begin, batch.keys.begin() + begin + count);
    part.masked_positions =
        batch.masked_positions.narrow(0, 2 * begin, 2 * count) - begin * batch.width();
    part.masked_targets = batch.masked_targets.narrow(0, 2 * begin, 2 * count);
    part.masked_weights = batch.masked_weights.narrow(0, 2 * begin, 2 * count);
    part.masked_count = 2 * count;
    part.same_origin = batch.same_origin.narrow(0, begin, count);
    return part;
}

}  // namespace tessera::test
