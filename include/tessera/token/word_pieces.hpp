#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::token {

/// A BERT vocabulary and its greedy longest-match tokenizer (Wu et al. 2016, as in Devlin et al.'s
/// BERT and UER-py). Ids are line numbers from 0; pieces that continue a word begin with "##".
class WordPieces {
  public:
    /// A text of one piece a line. Error(usage) when no file is named; Error(bad_input) when it
    /// holds no "[UNK]", a piece twice, or more than 65,536.
    explicit WordPieces(std::filesystem::path const& file);

    std::size_t size() const { return size_; }

    /// XXH3-128 of the file.
    std::string const& checksum() const { return checksum_; }

    /// Appends the ids of each overlapping bigram of `bytes`, written as four hex digits.
    void append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens) const;

    /// Ids of a text (UTF-8) as BERT's uncased tokenizer gives them: control characters go,
    /// letters become small and lose their accents (Latin-1 and Latin Extended-A), punctuation and
    /// CJK characters stand alone, a word of more than 200 characters or without pieces is [UNK].
    std::vector<TokenId> encode(std::string_view text) const;

  private:
    void append_word(std::string_view word, std::vector<TokenId>& tokens) const;

    std::unordered_map<std::string, TokenId> ids_;
    std::size_t size_ = 0;
    TokenId unknown_ = 0;
    std::string checksum_;
    std::vector<TokenId> pairs_;            // ids of all bigrams, one after another
    std::vector<std::uint32_t> pair_ends_;  // [65,536 + 1]: those of bigram i end at [i + 1]
};

}  // namespace tessera::token
