#include "plain_words.hpp"

#include <array>
#include <limits>
#include <span>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/token/word_pieces.hpp>

namespace tessera::token {

namespace {

constexpr std::size_t bigrams = 65'536;
constexpr std::size_t most_pieces = bigrams;  // what a TokenId can say
constexpr std::size_t most_characters = 200;  // of a word, as in the reference

std::string text_of(std::filesystem::path const& file) {
    base::validate(!file.empty(), base::ExitCode::usage,
                   "tokenizer wordpiece needs a vocabulary: give --vocabulary FILE");
    return base::read_text(file);
}

// Bytes of the character that begins with this one.
std::size_t character_size(char lead) {
    auto const byte = static_cast<unsigned char>(lead);
    if (byte < 0x80) return 1;
    if (byte < 0xe0) return 2;
    return byte < 0xf0 ? 3 : 4;
}

std::size_t characters(std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < word.size(); at += character_size(word[at])) ++count;
    return count;
}

bool starts_character(std::string_view word, std::size_t at) {
    return at == word.size() || (static_cast<unsigned char>(word[at]) & 0xc0U) != 0x80;
}

}  // namespace

WordPieces::WordPieces(std::filesystem::path const& file) {
    auto const text = text_of(file);
    auto const name = base::printable(file.string());
    checksum_ = base::checksum(std::as_bytes(std::span(text)));
    std::string_view rest = text;
    while (!rest.empty()) {
        auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        base::validate(size_ < most_pieces, base::ExitCode::bad_input,
                       "vocabulary '{}' has more than {} pieces", name, most_pieces);
        bool const is_new = ids_.emplace(line, static_cast<TokenId>(size_)).second;
        base::validate(is_new, base::ExitCode::bad_input,
                       "vocabulary '{}', line {}: the piece stands there twice", name, size_ + 1);
        ++size_;
    }
    auto const unknown = ids_.find("[UNK]");
    base::validate(unknown != ids_.end(), base::ExitCode::bad_input,
                   "vocabulary '{}' has no line [UNK]", name);
    unknown_ = unknown->second;
    pair_ends_.push_back(0);
    for (std::size_t bigram = 0; bigram < bigrams; ++bigram) {
        append_word(fmt::format("{:04x}", bigram), pairs_);
        pair_ends_.push_back(static_cast<std::uint32_t>(pairs_.size()));
    }
}

void WordPieces::append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens) const {
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
        auto const bigram = base::load_big_endian<std::uint16_t>(bytes, i);
        tokens.insert(tokens.end(), pairs_.begin() + pair_ends_[bigram],
                      pairs_.begin() + pair_ends_[bigram + std::size_t{1}]);
    }
}

// The longest piece that the word begins with, then the longest "##" piece of the rest, and so on.
void WordPieces::append_word(std::string_view word, std::vector<TokenId>& tokens) const {
    auto const before = tokens.size();
    bool known = characters(word) <= most_characters;
    std::string piece;
    for (std::size_t at = 0; known && at < word.size();) {
        known = false;
        for (auto end = word.size(); end > at; --end) {
            if (!starts_character(word, end)) continue;
            piece.assign(at == 0 ? "" : "##").append(word.substr(at, end - at));
            auto const found = ids_.find(piece);
            if (found == ids_.end()) continue;
            tokens.push_back(found->second);
            at = end;
            known = true;
            break;
        }
    }
    if (known) return;
    tokens.resize(before);
    tokens.push_back(unknown_);
}

std::vector<TokenId> WordPieces::encode(std::string_view text) const {
    std::vector<TokenId> tokens;
    for (auto const& word : plain_words(text)) append_word(word, tokens);
    return tokens;
}

}  // namespace tessera::token
