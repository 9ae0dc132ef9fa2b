#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <torch/nn/module.h>

#include <tessera/checkpoint/safetensors.hpp>
#include <tessera/checkpoint/training_state.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::train {

/// Trained weights to begin another run with.
struct Origin {
    std::filesystem::path folder;
    std::string checksum;                                        ///< of the weights
    std::shared_ptr<checkpoint::SafetensorsFile const> weights;  ///< null: the run has its own
    std::string token_settings;  ///< hash of all that changes tokens (dataset::TokenIdentity)
    std::string store;           ///< checksum of the store it learned from
    std::string split;           ///< name of the split whose train and valid flows it saw
    std::string split_checksum;
    std::string saw_before;  ///< of a bundle: test flows that what it began with saw, or "unknown"
    std::shared_ptr<Origin const> before{};  ///< of a run: what it began with; null: nothing
    model::BertConfig model;
    std::int64_t positions = 0;  ///< first positions of the model that were trained
};

/// Opens a bundle, or a run: its best checkpoint by held-out score if it has one, else its newest.
/// Error(bad_input) when it is neither, or holds no whole checkpoint.
Origin open_origin(std::filesystem::path const& folder);

/// What a run began with is looked at once: by its checkpoints it knows all but the weights, which
/// it has its own of, so that it goes on though the folder is gone or was trained further. Nothing
/// where it has no checkpoint, or began with nothing. Collective; the root reads.
std::optional<Origin> begun_with(comm::Communicator const& comm, std::filesystem::path const& run);

/// `begun` where that came from `folder`, else what lies there now.
Origin origin_in(std::filesystem::path const& folder, std::optional<Origin> const& begun);

/// All but the weights, for the checkpoints of the run; empty without an origin.
checkpoint::Identity facts_of(std::optional<Origin> const& origin);

/// Error(usage) when the tokens the weights were trained on differ from those of a store.
void require_same_tokens(Origin const& origin, std::string const& token_settings);

/// Hash of the weights that a run begins with, for its identity; "none" without an origin.
std::string initial_weights(std::optional<Origin> const& origin);

/// Flows of the test fold of `split` that the origin learned from, or that what it began with had
/// seen before it, back to the first weights (the largest number of all: they may be the same
/// flows). Nothing where nobody can tell of one of them: it learned from another store, or from
/// this one before that was made anew, or its split of this store is gone or was made anew.
std::optional<std::uint64_t> test_flows_seen(Origin const& origin, dataset::Store const& store,
                                             dataset::Split const& split);

/// The size of a pre-trained model is its own: warns of each setting in `asked` that says otherwise
/// and is not the default.
void warn_of_ignored_sizes(Origin const& origin, model::BertConfig asked);

/// Copies every parameter whose name begins with `prefix`; Error(bad_input) when one is missing or
/// of another shape. Nothing where the run has its own weights.
void load_weights(Origin const& origin, torch::nn::Module& module, std::string const& prefix);

/// The same for the encoder of a classifier. Positions that were never trained, which are noise,
/// become copies of those that were, over and over (Beltagy 2020, Longformer, 5).
void load_encoder(Origin const& origin, torch::nn::Module& classifier);

}  // namespace tessera::train
