#pragma once

#include "hidden_fields.hpp"
#include "window.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include <tessera/base/bytes.hpp>

namespace tessera::token {

/// For each kind of option, how many of its bytes (kind and length included) stay visible;
/// `all_visible` where nothing in it is hidden.
using OptionRules = std::array<std::uint8_t, 256>;
inline constexpr std::uint8_t all_visible = 255;

OptionRules ipv4_option_rules(HiddenFields hidden);
OptionRules tcp_option_rules(HiddenFields hidden);

/// Hides in the options at [first, last) of the packet. IPv4 (RFC 791) and TCP (RFC 9293) code them
/// alike: 0 ends the list, 1 is one byte of padding, others carry their length. An option whose
/// length is wrong takes the rest. Needs last <= packet.size().
void hide_in_options(base::ByteSpan packet, std::size_t first, std::size_t last,
                     OptionRules const& rules, Window& window);

}  // namespace tessera::token
