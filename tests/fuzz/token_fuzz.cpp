// Input: link type, tokenizer, masking profile, start (1 byte each, an index), bytes kept (2
// bytes), frame. Whatever the frame and the settings, tokens are of the vocabulary and no more than
// asked.
#include "link_types.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <tessera/packet/decode.hpp>
#include <tessera/token/masking.hpp>
#include <tessera/token/packet_cutter.hpp>
#include <tessera/token/tokenizer.hpp>

namespace {

using namespace tessera;

template <class Choices>
auto const& chosen(Choices const& choices, unsigned index) {
    return choices[index % choices.size()];
}

// None where the settings do not go together.
std::optional<token::TokenConfig> settings(std::uint8_t const* data) {
    static std::vector<std::string> const starts{"link", "network", "transport", "payload",
                                                 "byte-38"};
    token::TokenConfig config{.tokenizer = chosen(token::tokenizers(), data[1] & 0x3fU),
                              .masking = chosen(token::masking_profiles(), data[2]),
                              .mask_values = (data[1] & 0x40U) != 0 ? "random" : "zero",
                              .checksums = (data[1] & 0x80U) != 0 ? "recompute" : "profile",
                              .start = chosen(starts, data[3]),
                              .bytes_per_packet = data[4] << 8U | data[5]};
    if (config.tokenizer == "wordpiece") return std::nullopt;  // needs a file
    if (config.tokenizer == "deep-packet-as-coded") {
        config.masking = "none";
        config.checksums = "profile";
        config.start = "network";
    }
    return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    constexpr std::size_t head = 6;
    if (size < head) return 0;
    auto const config = settings(data);
    if (!config) return 0;
    base::ByteSpan const bytes(reinterpret_cast<std::byte const*>(data) + head, size - head);
    packet::Packet packet;
    if (packet::decode(
            {bytes, static_cast<std::uint32_t>(bytes.size()), chosen(fuzz::link_types, data[0]), 0},
            packet)) {
        return 0;
    }
    token::PacketCutter cutter(*config);
    auto const kept = cutter.cut(packet);
    if (kept.size() > token::kept_bytes(*config)) std::abort();
    token::Tokenizer const tokenizer(*config);
    std::vector<token::TokenId> tokens;
    tokenizer.append(kept, tokens);
    if (tokens.size() > kept.size()) std::abort();
    for (auto const token : tokens) {
        if (token >= tokenizer.identity().vocabulary) std::abort();
    }
    return 0;
}
