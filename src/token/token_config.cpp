#include "tokenizer_table.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/token/masking.hpp>
#include <tessera/token/token_config.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::token {

namespace {

// Raised when the same settings come to give other bytes, so that old stores and models are told
// apart from new ones.
constexpr int masking_version = 1;

}  // namespace

void describe(base::OptionTable& options, TokenConfig& config) {
    options.section("token")
        .add("tokenizer", config.tokenizer, "how bytes become tokens", tokenizers())
        .add("vocabulary", config.vocabulary,
             "vocabulary of the tokenizer wordpiece, one piece a line (BERT, ET-BERT)")
        .add("masking", config.masking, "which header fields are hidden", masking_profiles())
        .add("start", config.start,
             "where the bytes kept of a packet begin (ET-BERT as coded: link for pre-training, "
             "byte-38 "
             "for fine-tuning, both with masking none)",
             {"link", "network", "transport", "payload", "byte-38"})
        .add("tunnels", config.tunnels,
             "packet used where UDP carries others (VXLAN, GENEVE, GTP-U, Teredo)",
             {"inner", "outer"})
        .add("bytes_per_packet", config.bytes_per_packet,
             "bytes kept of a packet, 1 to 65535; 0: as the tokenizer's reference (64; deep-packet "
             "1500)");
}

packet::Tunnels tunnels_of(TokenConfig const& config) {
    base::validate(config.tunnels == "inner" || config.tunnels == "outer", base::ExitCode::usage,
                   "token.tunnels is '{}': give inner or outer", config.tunnels);
    return config.tunnels == "inner" ? packet::Tunnels::inner : packet::Tunnels::outer;
}

std::size_t kept_bytes(TokenConfig const& config) {
    constexpr std::int64_t most = 65'535;  // of an IPv4 datagram
    auto const bytes = config.bytes_per_packet;
    base::validate(bytes >= 0 && bytes <= most, base::ExitCode::usage,
                   "token.bytes_per_packet is {}: give 1 to {}, or 0 for the tokenizer's own",
                   bytes, most);
    return static_cast<std::size_t>(bytes == 0 ? tokenizer_entry(config.tokenizer).bytes : bytes);
}

std::string token_settings(TokenConfig const& config) {
    auto hidden = masking_profile(config.masking).hidden;
    std::sort(hidden.begin(), hidden.end());
    auto text =
        fmt::format("tokenizer {}\nmasking {}\n", tokenizer_identity(config).hash, masking_version);
    for (auto const field : hidden) text += fmt::format("hide {}\n", name(field));
    tunnels_of(config);  // a word without a meaning has no settings
    return text + fmt::format("start {}\nbytes {}\ntunnels {}\n", config.start, kept_bytes(config),
                              config.tunnels);
}

std::string token_settings_hash(TokenConfig const& config) {
    auto const text = token_settings(config);
    return base::checksum(std::as_bytes(std::span(text)));
}

}  // namespace tessera::token
