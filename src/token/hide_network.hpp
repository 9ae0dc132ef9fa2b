#pragma once

#include "hidden_fields.hpp"
#include "option_rules.hpp"
#include "window.hpp"

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Hides in the IP header, its options (`rules`) and extension headers.
void hide_in_network(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                     Window& window);

}  // namespace tessera::token
