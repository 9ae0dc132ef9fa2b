#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tessera/token/packet_cutter.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::dataset {

/// What the tokens of a store mean. Two stores, or a store and a model, speak the same tokens when
/// their `settings` are equal.
struct TokenIdentity {
    token::TokenizerIdentity tokenizer;
    std::string masking;                ///< token::masking_title
    std::string profile;                ///< of masking, by name
    std::vector<std::string> hidden;    ///< fields that it hides
    std::string values = "zero";        ///< what they become, TokenConfig::mask_values
    std::uint64_t seed = 0;             ///< of random values
    std::string checksums = "profile";  ///< TokenConfig::checksums
    std::string tunnels = "inner";      ///< TokenConfig::tunnels
    std::string settings;               ///< hash of tokenizer, masking, start and bytes per packet

    bool operator==(TokenIdentity const& other) const { return settings == other.settings; }
};

TokenIdentity token_identity(token::TokenConfig const& config);

}  // namespace tessera::dataset
