#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <tessera/token/tokenizer.hpp>

namespace tessera::token {

/// How the bytes of a packet are laid out before they are cut.
enum class Layout : std::uint8_t {
    plain,
    deep_packet,           ///< UDP headers filled up to the 20 bytes of a TCP header
    deep_packet_as_coded,  ///< what the public re-implementation makes of a frame
};

/// One tokenizer by name.
struct TokenizerEntry {
    std::string_view name;
    std::string_view definition;  ///< in words; its hash is the tokenizer's identity
    std::uint32_t vocabulary;     ///< ids are below; 0: as many as the vocabulary file has
    std::int64_t bytes;           ///< kept of a packet unless said otherwise
    Layout layout;
    void (*append)(base::ByteSpan, std::vector<TokenId>&);  ///< null: by a vocabulary file
};

/// Error(usage) lists the known names.
TokenizerEntry const& tokenizer_entry(std::string_view name);

}  // namespace tessera::token
