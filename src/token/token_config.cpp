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
        .add("masking", config.masking,
             "which header fields are hidden (table in datasets/FORMAT.md)", masking_profiles())
        .add("mask_values", config.mask_values,
             "what hidden fields become: zero, or random by flow, with the differences of sequence "
             "numbers, time stamps and IP ids kept",
             {"zero", "random"})
        .add("mask_seed", config.mask_seed, "seed of the random values")
        .add("checksums", config.checksums,
             "checksums of IP, TCP and UDP: as the masking profile says (zero or as captured), "
             "zero, or right for the masked packet",
             {"profile", "zero", "recompute"})
        .add("start", config.start,
             "where the bytes kept of a packet begin (ET-BERT as coded, but for bigrams across "
             "packets: link for pre-training, byte-38 for fine-tuning, both with masking none, "
             "which keeps the padding of frames too)",
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

MaskingProfile masking_of(TokenConfig const& config) {
    base::validate(config.mask_values == "zero" || config.mask_values == "random",
                   base::ExitCode::usage, "token.mask_values is '{}': give zero or random",
                   config.mask_values);
    base::validate(config.checksums == "profile" || config.checksums == "zero" ||
                       config.checksums == "recompute",
                   base::ExitCode::usage,
                   "token.checksums is '{}': give profile, zero or recompute", config.checksums);
    auto profile = masking_profile(config.masking);
    bool const stay = config.checksums == "profile" || profile.hides(Field::checksums);
    if (!stay) profile.hidden.push_back(Field::checksums);
    return profile;
}

bool keeps_trailer(TokenConfig const& config) {
    bool const as_captured = config.start == "link" || config.start == "byte-38";
    return as_captured && tokenizer_entry(config.tokenizer).layout == Layout::plain &&
           masking_of(config).hidden.empty();
}

std::string masking_title(TokenConfig const& config) {
    auto title = config.masking;
    if (config.mask_values == "random") title += ", random";
    if (config.checksums == "zero") title += ", checksums zero";
    if (config.checksums == "recompute") title += ", checksums recomputed";
    return title;
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
    auto hidden = masking_of(config).hidden;
    std::sort(hidden.begin(), hidden.end());
    auto text =
        fmt::format("tokenizer {}\nmasking {}\n", tokenizer_identity(config).hash, masking_version);
    for (auto const field : hidden) text += fmt::format("hide {}\n", name(field));
    if (!hidden.empty() && config.mask_values == "random") text += "values random 1\n";
    if (config.checksums == "recompute") text += "checksums recompute 1\n";
    if (keeps_trailer(config)) text += "trailer 1\n";
    tunnels_of(config);  // a word without a meaning has no settings
    return text + fmt::format("start {}\nbytes {}\ntunnels {}\n", config.start, kept_bytes(config),
                              config.tunnels);
}

std::string token_settings_hash(TokenConfig const& config) {
    auto const text = token_settings(config);
    return base::checksum(std::as_bytes(std::span(text)));
}

}  // namespace tessera::token
