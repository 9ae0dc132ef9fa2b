#include "tokenizer_table.hpp"

#include <array>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include <tessera/base/hash.hpp>
#include <tessera/token/tokenizer.hpp>
#include <tessera/token/word_pieces.hpp>

namespace tessera::token {

namespace {

constexpr std::size_t block = 16;

TokenId bigram(std::byte first, std::byte second) {
    return static_cast<TokenId>(std::to_integer<unsigned>(first) << 8U |
                                std::to_integer<unsigned>(second));
}

// A constant number of rounds over arrays that cannot overlap: compilers make vector code of it.
void bigram_block(std::byte const* in, TokenId* out) {
    std::array<std::byte, block> first;
    std::array<std::byte, block> second;
    std::array<TokenId, block> tokens;
    std::memcpy(first.data(), in, block);
    std::memcpy(second.data(), in + 1, block);
    for (std::size_t i = 0; i < block; ++i) tokens[i] = bigram(first[i], second[i]);
    std::memcpy(out, tokens.data(), sizeof tokens);
}

// Room for `count` tokens more; where they begin.
TokenId* grow(std::vector<TokenId>& tokens, std::size_t count) {
    auto const begin = tokens.size();
    tokens.resize(begin + count);
    return tokens.data() + begin;
}

}  // namespace

void append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens) {
    if (bytes.size() < 2) return;
    auto const count = bytes.size() - 1;
    auto const* const in = bytes.data();
    auto* const out = grow(tokens, count);
    std::size_t i = 0;
    for (; i + block <= count; i += block) bigram_block(in + i, out + i);
    if (i > 0) return bigram_block(in + count - block, out + count - block);  // some once more
    for (; i < count; ++i) out[i] = bigram(in[i], in[i + 1]);
}

void append_bigram_pairs(base::ByteSpan bytes, std::vector<TokenId>& tokens) {
    auto const count = bytes.size() / 2;
    auto* const out = grow(tokens, count);
    for (std::size_t i = 0; i < count; ++i) out[i] = bigram(bytes[2 * i], bytes[2 * i + 1]);
}

void append_bytes(base::ByteSpan bytes, std::vector<TokenId>& tokens) {
    auto* const out = grow(tokens, bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = std::to_integer<TokenId>(bytes[i]);
}

Tokenizer::Tokenizer(TokenConfig const& config) {
    auto const& entry = tokenizer_entry(config.tokenizer);
    append_ = entry.append;
    auto definition = std::string(entry.definition);
    identity_ = {std::string(entry.name), entry.vocabulary, {}, {}};
    if (append_ == nullptr) {
        pieces_ = std::make_shared<WordPieces const>(config.vocabulary);
        identity_.vocabulary = static_cast<std::uint32_t>(pieces_->size());
        identity_.pieces = pieces_->checksum();
        definition += "\nvocabulary " + identity_.pieces;
    }
    identity_.hash = base::checksum(std::as_bytes(std::span(definition)));
}

void Tokenizer::append(base::ByteSpan bytes, std::vector<TokenId>& tokens) const {
    append_ != nullptr ? append_(bytes, tokens) : pieces_->append_bigrams(bytes, tokens);
}

TokenizerIdentity tokenizer_identity(TokenConfig const& config) {
    return Tokenizer(config).identity();
}

}  // namespace tessera::token
