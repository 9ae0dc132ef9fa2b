#include "tokenizer_table.hpp"

#include <array>

#include <fmt/ranges.h>

#include <tessera/base/error.hpp>

namespace tessera::token {

namespace {

constexpr std::uint32_t byte_values = 256;
constexpr std::uint32_t bigram_values = 65'536;
constexpr std::int64_t reference_bytes = 64;       // ET-BERT's bursts
constexpr std::int64_t deep_packet_bytes = 1'500;  // arXiv 1709.02656, 4.2

// The definitions are hashed: another meaning must come with another text.
constexpr std::array table{
    TokenizerEntry{"bigram",
                   "bigram: token i of a packet is byte i * 256 + byte i+1, 0 <= i < bytes - 1",
                   bigram_values, reference_bytes, Layout::plain, append_bigrams},
    TokenizerEntry{"bigram-pairs",
                   "bigram-pairs: token i of a packet is byte 2i * 256 + byte 2i+1, 2i+1 < bytes",
                   bigram_values, reference_bytes, Layout::plain, append_bigram_pairs},
    TokenizerEntry{"byte", "byte: token i of a packet is byte i", byte_values, reference_bytes,
                   Layout::plain, append_bytes},
    TokenizerEntry{
        "wordpiece",
        "wordpiece: overlapping bigrams as four lower-case hex digits, cut greedily into "
        "the longest pieces of a vocabulary; token = line of the piece",
        0, reference_bytes, Layout::plain, nullptr},
    TokenizerEntry{"deep-packet",
                   "deep-packet: bytes; 12 zero bytes after the header of UDP (arXiv 1709.02656)",
                   byte_values, deep_packet_bytes, Layout::deep_packet, append_bytes},
    TokenizerEntry{"deep-packet-as-coded",
                   "deep-packet-as-coded: bytes of the frame after Ethernet, outer IPv4 addresses "
                   "zero, 12 zero bytes between a UDP datagram and what trails it",
                   byte_values, deep_packet_bytes, Layout::deep_packet_as_coded, append_bytes},
};

}  // namespace

TokenizerEntry const& tokenizer_entry(std::string_view name) {
    for (auto const& entry : table) {
        if (entry.name == name) return entry;
    }
    base::fail(base::ExitCode::usage, "no tokenizer is called '{}'; there are: {}", name,
               fmt::join(tokenizers(), ", "));
}

std::vector<std::string> tokenizers() {
    std::vector<std::string> names;
    for (auto const& entry : table) names.emplace_back(entry.name);
    return names;
}

}  // namespace tessera::token
