#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// Tables as ET-BERT fine-tunes on: tab-separated, a header that names `label` and `text_a`, then a
/// row a sample; its text is overlapping byte bigrams, four hex digits a word.
struct LabelledTextConfig {
    std::vector<std::filesystem::path> input;
    std::filesystem::path store;
    token::TokenConfig token;  ///< what the text was made by, as far as it can be said: tokenizer
                               ///< bigram; the masking profile is taken on trust
};

struct LabelledTextResult {
    dataset::Manifest manifest;
    std::uint64_t refused = 0;  ///< rows that are no bigrams or have no label
    std::string first_refusal;  ///< file, row and reason
};

/// Rows in, token store out, in one process. A row becomes a flow: words that overlap are a packet,
/// a word that does not begin with the byte that the one before ends with begins the next. The text
/// holds no addresses, sizes or times: the 5-tuple of a flow is the number of its row, packets are
/// as long as their bytes. Label set `label`, classes by name. Files named after train, valid or
/// dev, and test stand in the folders 1-train, 2-valid, 3-test, so that `split --by folder` gives
/// their split back. Error(bad_input) for a file that is no such table; Error(usage) when the store
/// exists.
LabelledTextResult import_labelled_text(base::FileSystem& files, LabelledTextConfig const& config);

}  // namespace tessera::preprocess
