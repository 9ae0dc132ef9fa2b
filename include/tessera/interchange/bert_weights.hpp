#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/checkpoint/safetensors.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::interchange {

/// A BERT with its heads, on the way from one program to another: tensors under the names of this
/// one (encoder.., masked.., same_origin.., head..), rows of the vocabulary padded as in
/// BertConfig.
struct BertWeights {
    model::BertConfig size;
    std::vector<checkpoint::NamedTensor> tensors;
    std::vector<std::string> classes;  ///< of the head; empty: it has none
    std::string token_settings;        ///< hash of all that changes tokens (dataset::TokenIdentity)
    std::string tokenizer = "bigram";  ///< name of what made them
    std::string vocabulary;  ///< text of the tokenizer's vocabulary file; empty: none, or not known

    /// Null when there is none of that name.
    checkpoint::NamedTensor const* find(std::string const& name) const;
};

/// The weights of a bundle, or of a run: its best checkpoint, else its newest. Error(bad_input)
/// when it is neither, or when it reads more than tokens and so is no BERT alone.
BertWeights read_weights(std::filesystem::path const& folder);

/// Publishes the weights as a run that `finetune --init` and `pretrain --init-from` begin with.
/// Error(usage) when there is something at `folder`.
void write_run(base::FileSystem& files, std::filesystem::path const& folder,
               BertWeights const& weights, std::string const& source);

}  // namespace tessera::interchange
