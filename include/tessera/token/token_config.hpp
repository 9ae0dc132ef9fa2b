#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::token {

struct TokenConfig {
    std::string tokenizer = "bigram";   ///< how bytes become tokens, see Tokenizer
    std::filesystem::path vocabulary;   ///< of `wordpiece`: one piece a line, as BERT's are written
    std::string masking = "default";    ///< masking profile, by name
    std::string mask_values = "zero";   ///< what hidden fields become: zero, or random by flow
    std::uint64_t mask_seed = 0;        ///< of the random values
    std::string checksums = "profile";  ///< zero where the masking profile hides them, or else as
                                        ///< captured; zero; recompute: right for the masked packet
    std::string start = "network";      ///< first byte kept: link, network, transport, payload, or
                                        ///< byte-38, the fixed cut of ET-BERT's code
    std::string tunnels = "inner";      ///< packets inside VXLAN, GENEVE, GTP-U and Teredo, or the
                                        ///< UDP around them: inner or outer
    std::int64_t bytes_per_packet = 0;  ///< bytes kept from there, 1 to 65,535; 0: the tokenizer's
                                        ///< own (64 as the reference; Deep Packet 1,500)
};

void describe(base::OptionTable& options, TokenConfig& config);

/// Names of the tokenizers.
std::vector<std::string> tokenizers();

/// What `config.tunnels` means; Error(usage) for an unknown word.
packet::Tunnels tunnels_of(TokenConfig const& config);

/// The masking profile, and the checksums where `config.checksums` says that they are not to stay.
/// Error(usage) for a word that is unknown.
MaskingProfile masking_of(TokenConfig const& config);

/// Whether bytes past the datagram (padding of the link) are kept: where ET-BERT's code is
/// followed, from `link` or `byte-38` on with nothing hidden. Anywhere else no field says what they
/// are.
bool keeps_trailer(TokenConfig const& config);

/// What a person calls the masking: "default"; "D1, random, checksums recomputed".
std::string masking_title(TokenConfig const& config);

/// Bytes kept of a packet; Error(usage) when out of range.
std::size_t kept_bytes(TokenConfig const& config);

/// All that decides which tokens a packet gives, as text: tokenizer, hidden fields (whatever the
/// profile is called) and what they become, first byte, bytes a packet, tunnels. The seed of random
/// values is no part of it: which were drawn must not matter to a model. Error(usage) for a name
/// that is unknown.
std::string token_settings(TokenConfig const& config);

/// XXH3-128 of `token_settings`, 32 hex digits. Stores, runs and models speak the same tokens when
/// it is equal.
std::string token_settings_hash(TokenConfig const& config);

}  // namespace tessera::token
