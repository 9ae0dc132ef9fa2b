#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/base/version.hpp>
#include <tessera/checkpoint/safetensors.hpp>

namespace tessera::checkpoint {

/// What a trained classifier is, beside its weights: all that is needed to go from captures to
/// class names, on its own.
struct BundleInfo {
    std::string task;                  ///< "flow" or "packet": what one prediction is about
    std::string label_set;             ///< of the store, e.g. "service"
    std::vector<std::string> classes;  ///< by output of the model
    std::string tokenizer;             ///< name, e.g. "bigram"
    std::string masking;               ///< profile name
    std::string token_settings;        ///< hash of all that changes tokens (dataset::TokenIdentity)
    std::int64_t sequence_length = 0;  ///< ids, special ones included
    double temperature = 1;            ///< logits are divided by it before the softmax; above 0
    double unknown_below = 0;          ///< answers less probable than this are called unknown
    std::map<std::string, std::string> provenance;  ///< run, store, split, seed, step, scores, ..
    base::BuildInfo build;                          ///< of the program that wrote it

    /// Settings as TOML, for base::read_config_file: preprocess.toml says how captures became
    /// tokens (sections preprocess, capture, token, flow, burst: the store's config), model.toml
    /// how large the model is (section model), data.toml what makes a sequence (section data).
    std::string preprocess_toml;
    std::string model_toml;
    std::string data_toml;

    std::string vocabulary;  ///< text of the tokenizer's vocabulary file; empty: it needs none
};

/// A bundle is a folder: model.safetensors, bundle.json, preprocess.toml, model.toml, data.toml
/// and, where the tokenizer needs one, vocabulary.txt. bundle.json holds a hash of each of the
/// others and of itself.
struct Bundle {
    std::filesystem::path folder;
    BundleInfo info;
    SafetensorsFile weights;

    std::filesystem::path preprocess_file() const { return folder / "preprocess.toml"; }
    std::filesystem::path model_file() const { return folder / "model.toml"; }
    std::filesystem::path data_file() const { return folder / "data.toml"; }
    std::filesystem::path vocabulary_file() const { return folder / "vocabulary.txt"; }
};

/// Error(usage) where a bundle would take the place of something else: a folder that holds anything
/// but a bundle.
void require_bundle_place(std::filesystem::path const& folder);

/// Publishes a bundle whole; an earlier one in its place is replaced, nothing else
/// (`require_bundle_place`). Error(environment) names the
/// path.
void write_bundle(base::FileSystem& files, std::filesystem::path const& folder,
                  BundleInfo const& info, std::span<NamedTensor const> weights);

/// Error(bad_input) names the file that is missing, damaged or of another version.
Bundle open_bundle(std::filesystem::path const& folder);

/// True when the folder holds a bundle.json.
bool is_bundle(std::filesystem::path const& folder);

}  // namespace tessera::checkpoint
