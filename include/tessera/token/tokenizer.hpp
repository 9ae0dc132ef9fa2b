#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/bytes.hpp>

namespace tessera::token {

/// A token as the store holds it. For bigrams: first byte * 256 + second byte.
using TokenId = std::uint16_t;

/// Appends the overlapping bigrams of `bytes`: n bytes give n - 1 tokens, one byte gives none.
/// Called per packet, so no token spans two packets.
void append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens);

/// Identity of a tokenizer in manifests and bundles: name and a hash of all that changes tokens.
struct TokenizerIdentity {
    std::string name;  ///< "bigram"
    std::uint32_t vocabulary = 65'536;
    std::string hash;
};

/// Error(usage) lists the known names.
TokenizerIdentity tokenizer_identity(std::string_view name);

}  // namespace tessera::token
