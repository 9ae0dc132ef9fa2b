#pragma once

#include <filesystem>

#include <tessera/base/files.hpp>
#include <tessera/interchange/bert_weights.hpp>

namespace tessera::interchange {

/// Writes model.safetensors, config.json and vocab.txt in the names of Hugging Face's
/// BertForPreTraining or, with classes, BertForSequenceClassification; BertModel loads either.
/// Error(usage) for the unbiased layer norm of ET-BERT, which Hugging Face does not compute.
void export_hugging_face(base::FileSystem& files, std::filesystem::path const& folder,
                         BertWeights const& weights);

/// Reads such a folder. Error(bad_input) names what is missing or of another shape, or a setting of
/// config.json that this program does not compute.
BertWeights import_hugging_face(std::filesystem::path const& folder);

}  // namespace tessera::interchange
