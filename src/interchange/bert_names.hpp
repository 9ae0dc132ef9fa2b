#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include <tessera/interchange/bert_weights.hpp>

namespace tessera::interchange {

/// BERT's names of our special ids, from 0 on.
inline constexpr std::array special_tokens{"[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"};

/// One tensor here and what it is elsewhere: one tensor, or several that stand on each other here.
struct NamePair {
    std::string ours;
    std::vector<std::string> theirs;
    bool vocabulary_rows = false;  ///< as many rows as ids; padded here
};

/// Tensors of an encoder with `layers` layers, of the pre-training heads, of the class head.
std::vector<NamePair> hugging_face_encoder(std::int64_t layers);
std::vector<NamePair> hugging_face_pretraining(bool tied);
std::vector<NamePair> hugging_face_classifier();
std::vector<NamePair> uer_encoder(std::int64_t layers);
std::vector<NamePair> uer_pretraining();

/// `rows` [V, ..] with zero rows up to `padded`.
torch::Tensor padded_rows(torch::Tensor const& rows, std::int64_t padded);

}  // namespace tessera::interchange
