#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/token/token_config.hpp>

namespace tessera::token {

/// A token as the store holds it. For bigrams: first byte * 256 + second byte.
using TokenId = std::uint16_t;

/// Appends the overlapping bigrams of `bytes`: n bytes give n - 1 tokens, one byte gives none.
/// Called per packet, so no token spans two packets.
void append_bigrams(base::ByteSpan bytes, std::vector<TokenId>& tokens);

/// The bigrams that share no byte: n bytes give n / 2 tokens, an odd last byte none.
void append_bigram_pairs(base::ByteSpan bytes, std::vector<TokenId>& tokens);

/// One token a byte.
void append_bytes(base::ByteSpan bytes, std::vector<TokenId>& tokens);

/// Identity of a tokenizer in manifests and bundles: name and a hash of all that changes tokens.
struct TokenizerIdentity {
    std::string name;  ///< "bigram"
    std::uint32_t vocabulary = 65'536;
    std::string hash;
    std::string pieces;  ///< XXH3-128 of its vocabulary file; empty where it needs none
};

class WordPieces;

/// How the bytes kept of a packet become tokens, by name:
/// - bigram: overlapping byte bigrams; - bigram-pairs: bigrams without overlap; - byte: bytes;
/// - wordpiece: overlapping bigrams, each a word of four hex digits, by a vocabulary file;
/// - deep-packet, deep-packet-as-coded: bytes of a packet laid out as for Deep Packet (see
///   PacketCutter).
class Tokenizer {
  public:
    /// Error(usage) lists the known names; Error(bad_input) for a vocabulary that cannot be used.
    explicit Tokenizer(TokenConfig const& config);

    /// Appends the tokens of one packet's bytes.
    void append(base::ByteSpan bytes, std::vector<TokenId>& tokens) const;

    TokenizerIdentity const& identity() const { return identity_; }

  private:
    using Append = void (*)(base::ByteSpan, std::vector<TokenId>&);

    Append append_ = nullptr;  // null: by the pieces
    std::shared_ptr<WordPieces const> pieces_;
    TokenizerIdentity identity_;
};

/// What `Tokenizer(config).identity()` says.
TokenizerIdentity tokenizer_identity(TokenConfig const& config);

}  // namespace tessera::token
