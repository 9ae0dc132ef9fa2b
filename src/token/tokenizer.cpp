#include <array>
#include <cstring>
#include <span>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/token/tokenizer.hpp>

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

}  // namespace

void append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens) {
    if (bytes.size() < 2) return;
    auto const count = bytes.size() - 1;
    auto const begin = tokens.size();
    tokens.resize(begin + count);
    auto const* const in = bytes.data();
    auto* const out = tokens.data() + begin;
    std::size_t i = 0;
    for (; i + block <= count; i += block) bigram_block(in + i, out + i);
    for (; i < count; ++i) out[i] = bigram(in[i], in[i + 1]);
}

TokenizerIdentity tokenizer_identity(std::string_view name) {
    base::validate(name == "bigram", base::ExitCode::usage,
                   "no tokenizer is called '{}'; there is: bigram", name);
    // The definition itself, so that another one gives another hash.
    constexpr std::string_view definition =
        "bigram: token i of a packet is byte i * 256 + byte i+1, 0 <= i < bytes - 1";
    return {std::string(name), 65'536, base::checksum(std::as_bytes(std::span(definition)))};
}

}  // namespace tessera::token
