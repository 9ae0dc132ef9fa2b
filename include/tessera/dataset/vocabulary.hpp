#pragma once

#include <filesystem>
#include <string>

#include <tessera/base/files.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::dataset {

/// File of a store that holds the vocabulary its tokens were made by, where its tokenizer needs
/// one: the store is whole without the file that was named when it was made.
inline constexpr char const* vocabulary_name = "vocabulary.txt";

/// Writes a copy of `vocabulary` into the folder of a store; nothing for a tokenizer without one.
/// Error(environment) when the file is no longer what the tokens were made by.
void publish_vocabulary(base::FileSystem& files, std::filesystem::path const& store,
                        std::filesystem::path const& vocabulary,
                        token::TokenizerIdentity const& tokenizer);

/// The text of that copy, empty for a tokenizer without one. Error(bad_input) when it is missing or
/// damaged.
std::string read_vocabulary(std::filesystem::path const& store,
                            token::TokenizerIdentity const& tokenizer);

}  // namespace tessera::dataset
