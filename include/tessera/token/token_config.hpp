#pragma once

#include <cstdint>
#include <string>

#include <tessera/base/options.hpp>

namespace tessera::token {

struct TokenConfig {
    std::string tokenizer = "bigram";    ///< overlapping byte bigrams
    std::string masking = "default";     ///< masking profile, by name
    std::string start = "network";       ///< first byte kept: link, network, transport or payload
    std::int64_t bytes_per_packet = 64;  ///< bytes kept from there, 1 to 65,535 (the reference: 64)
};

void describe(base::OptionTable& options, TokenConfig& config);

/// All that decides which tokens a packet gives, as text: tokenizer, hidden fields (whatever the
/// profile is called), first byte, bytes a packet. Error(usage) for a name that is unknown.
std::string token_settings(TokenConfig const& config);

/// XXH3-128 of `token_settings`, 32 hex digits. Stores, runs and models speak the same tokens when
/// it is equal.
std::string token_settings_hash(TokenConfig const& config);

}  // namespace tessera::token
