#include <span>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::token {

void append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens) {
    if (bytes.size() < 2) return;
    auto const count = bytes.size() - 1;
    auto const begin = tokens.size();
    tokens.resize(begin + count);
    auto* const out = tokens.data() + begin;
    auto const* const in = bytes.data();
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<TokenId>(std::to_integer<unsigned>(in[i]) << 8U |
                                      std::to_integer<unsigned>(in[i + 1]));
    }
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
