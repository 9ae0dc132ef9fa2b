#pragma once

#include <cstdint>
#include <filesystem>

#include <tessera/interchange/bert_weights.hpp>

namespace tessera::interchange {

/// A pre-trained model of UER or ET-BERT (a .bin file that PyTorch wrote) with its vocabulary (a
/// token a line). Rows are moved from its ids to those of byte bigrams: [PAD], [CLS], [SEP],
/// [MASK], [UNK], then 0000 .. ffff. A bigram that the vocabulary does not hold whole gets the mean
/// of its word pieces (longest first, as ET-BERT's tokenizer cuts it). Of the three rows of the
/// segment table the first stands for padding, which has no row here. `heads`: attention heads,
/// which no shape tells; 0: one for 64 columns, as in BERT. Error(bad_input) names the fault.
BertWeights import_uer(std::filesystem::path const& file, std::filesystem::path const& vocabulary,
                       std::int64_t heads = 0);

}  // namespace tessera::interchange
