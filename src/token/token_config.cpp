#include <algorithm>
#include <span>

#include <fmt/format.h>

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
        .add("tokenizer", config.tokenizer, "how bytes become tokens", {"bigram"})
        .add("masking", config.masking, "which header fields are hidden", masking_profiles())
        .add("start", config.start, "where the bytes kept of a packet begin",
             {"link", "network", "transport", "payload"})
        .add("bytes_per_packet", config.bytes_per_packet,
             "bytes kept of a packet, 1 to 65535 (the reference keeps 64)");
}

std::string token_settings(TokenConfig const& config) {
    auto hidden = masking_profile(config.masking).hidden;
    std::sort(hidden.begin(), hidden.end());
    auto text = fmt::format("tokenizer {}\nmasking {}\n", tokenizer_identity(config.tokenizer).hash,
                            masking_version);
    for (auto const field : hidden) text += fmt::format("hide {}\n", name(field));
    return text + fmt::format("start {}\nbytes {}\n", config.start, config.bytes_per_packet);
}

std::string token_settings_hash(TokenConfig const& config) {
    auto const text = token_settings(config);
    return base::checksum(std::as_bytes(std::span(text)));
}

}  // namespace tessera::token
